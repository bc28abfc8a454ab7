"""What is packed and has not left, by what it waits for, location and carrier."""

from collections.abc import Sequence
from http import HTTPStatus

from starlette.responses import Response

from service.ledger.waiting import Stage
from service.page.desk import Visit
from service.page.problems import Problem
from service.page.rendering import link
from service.page.shown import show
from service.page.state_words import STAGES, of_consignment
from service.people.views import Group

PAGE_LENGTH = 50


async def show_groups(visit: Visit) -> Response:
    """Show how many wait for what, where, and since when."""
    groups = await visit.desk.unshipped.groups()
    return show(
        visit,
        "unshipped.html",
        title="Waiting to leave",
        here="/unshipped",
        stages=[
            (*told, _addressed(stage, groups), sum(g.count for g in groups if g.stage is stage))
            for stage, told in STAGES.items()
        ],
    )


async def show_group(visit: Visit) -> Response:
    """Show those of one group, the longest waiting first."""
    wanted = visit.asked("stage")
    if wanted not in tuple(STAGES):
        raise Problem(HTTPStatus.NOT_FOUND, "There is no such list.")
    stage, location, carrier = Stage(wanted), visit.asked("location"), visit.asked("carrier")
    found = await visit.desk.unshipped.find(
        PAGE_LENGTH, stage, location=location, carrier=carrier, after=visit.asked("after")
    )
    address = _address(stage, location, carrier, found.next) if found.next else None
    return show(
        visit,
        "unshipped_group.html",
        title=STAGES[stage][0],
        here="/unshipped",
        location=location,
        carrier=carrier,
        items=[(each, of_consignment(each.consignment.state)) for each in found.items],
        next=address,
    )


def _addressed(stage: Stage, groups: Sequence[Group]) -> list[tuple[Group, str]]:
    """Say where each group of a stage is listed."""
    return [
        (group, _address(stage, group.location, group.carrier))
        for group in groups
        if group.stage is stage
    ]


def _address(
    stage: Stage, location: str | None, carrier: str | None, after: str | None = None
) -> str:
    return link(
        "/unshipped/group", stage=stage.value, location=location, carrier=carrier, after=after
    )
