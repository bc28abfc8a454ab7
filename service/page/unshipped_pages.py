"""What is packed and has not left, by what it waits for, location and carrier."""

from http import HTTPStatus

from starlette.responses import Response

from service.ledger.unshipped import Stage
from service.page.desk import Visit
from service.page.problems import Problem
from service.page.rendering import link
from service.page.shown import show
from service.page.state_words import STAGES, of_consignment

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
            (
                *STAGES[stage],
                [(group, _address(group.stage, group.location, group.carrier)) for group in some],
                sum(group.count for group in some),
            )
            for stage in Stage
            for some in [[group for group in groups if group.stage is stage]]
        ],
    )


async def show_group(visit: Visit) -> Response:
    """Show those of one group, the longest waiting first."""
    wanted = visit.asked("stage")
    if wanted not in tuple(Stage):
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


def _address(
    stage: Stage, location: str | None, carrier: str | None, after: str | None = None
) -> str:
    return link(
        "/unshipped/group", stage=stage.value, location=location, carrier=carrier, after=after
    )
