"""What a person may ask for: first what would be done (nothing is), then the doing, with a reason.

Each is one function of the same kind: it looks what would be done, and does it when a form with a
good reason was sent. Only what `service.people` offers is done, as from the command line.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

import structlog
from starlette.responses import Response

from service.ledger.dead_letters import Decision
from service.page.desk import Visit
from service.page.shown import go_to, show

MOST_REASON = 500
"""Characters of a reason."""


@dataclass(frozen=True)
class Done:
    """What was done, and where the browser goes now."""

    tell: str
    address: str


@dataclass(frozen=True)
class Proposal:
    """What would be done."""

    title: str
    what: Sequence[str]
    """What would happen, a sentence each; nothing of it has."""
    verb: str
    """What the button says."""
    back: str
    """Where one goes who thinks better of it."""
    do: Callable[[Decision], Awaitable[Done]]
    warning: str = ""
    fields: str = ""
    """The template of what else the form asks, if anything."""
    faults: Sequence[tuple[str, str]] = ()
    """What is wrong with the rest of the form that was sent: field and sentence."""
    impossible: str = ""
    """Why it can't be done at all, if so."""


Look = Callable[[Visit], Awaitable[Proposal]]


def action(name: str, look: Look) -> Callable[[Visit], Awaitable[Response]]:
    """Make an action of what looks at it."""

    async def act(visit: Visit) -> Response:
        proposal = await look(visit)
        if not visit.is_sent or proposal.impossible:
            return _ask(visit, proposal, [])
        reason = " ".join(visit.fields.get("because", "").split())
        faults = [*_faults_of(reason), *proposal.faults]
        if faults:
            return _ask(visit, proposal, faults)
        done = await proposal.do(visit.decision(reason))
        structlog.get_logger("page").info("asked for", what=name, by=visit.session.who)
        return go_to(visit, done.address, done.tell)

    return act


def _faults_of(reason: str) -> list[tuple[str, str]]:
    if not reason:
        return [("because", "Say why, for those who ask later")]
    if len(reason) > MOST_REASON:
        return [("because", f"Say why in at most {MOST_REASON} characters")]
    if not reason.isprintable():
        return [("because", "Say why in letters that can be printed")]
    return []


def _ask(visit: Visit, proposal: Proposal, faults: Sequence[tuple[str, str]]) -> Response:
    return show(
        visit,
        "act.html",
        HTTPStatus.BAD_REQUEST if faults else HTTPStatus.OK,
        title=f"{'To mend: ' if faults else ''}{proposal.title}",
        proposal=proposal,
        faults=faults,
        fault_of=defaultdict(str, faults),
        sent=defaultdict(str, visit.fields),
        most_reason=MOST_REASON,
    )
