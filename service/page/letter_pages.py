"""Dead letters: a list that can be narrowed down, and one with what waits behind it."""

from starlette.responses import Response

from service.events.topics import EventType
from service.ledger.dead_letters import NoSuchLetter, Which
from service.ledger.tables import ParkedState
from service.page.desk import Visit
from service.page.rendering import link
from service.page.shown import show
from service.page.state_words import PARKED
from service.page.timeline_words import line_of

PAGE_LENGTH = 25
HOLDS = {"yes": True, "no": False}
TYPES = ("unreadable", *(event.value for event in EventType))


async def show_letters(visit: Visit) -> Response:
    """Show dead letters, oldest first, without their content."""
    wanted = {name: visit.asked(name) for name in ("state", "holds", "type", "reason", "order")}
    is_discarded = wanted["state"] == ParkedState.DISCARDED.value
    which = Which(
        order_reference=wanted["order"],
        event_type=wanted["type"],
        error_class=wanted["reason"],
        state=ParkedState.DISCARDED if is_discarded else ParkedState.DEAD,
        holds=HOLDS.get(wanted["holds"] or ""),
    )
    found = await visit.desk.reading.letters(PAGE_LENGTH, which, visit.asked("after"))
    return show(
        visit,
        "letters.html",
        title="Dead letters",
        here="/dead-letters",
        letters=found.items,
        wanted=wanted,
        is_narrowed=any(wanted.values()),
        types=TYPES,
        next=link("/dead-letters", **wanted, after=found.next) if found.next else None,
    )


def number_of(visit: Visit) -> int:
    """Read which dead letter is meant. Raises NoSuchLetter."""
    given = visit.asked("number") or ""
    if not (given.isascii() and given.isdecimal() and len(given) <= 18):
        raise NoSuchLetter(0)
    return int(given)


async def show_letter(visit: Visit) -> Response:
    """Show one, with what waits behind it and its history. Raises NoSuchLetter."""
    number = number_of(visit)
    shown = await visit.desk.reading.letter(number)
    letter = shown.letter
    return show(
        visit,
        "letter.html",
        title=f"Dead letter {number}",
        here="/dead-letters",
        letter=letter,
        chip=PARKED[letter.state],
        behind=shown.behind,
        lines=[line_of(entry) for entry in reversed(shown.timeline)],
        actions=[
            ("Replay", link("/dead-letter/replay", number=number)),
            ("Discard", link("/dead-letter/discard", number=number)),
        ]
        if letter.state is ParkedState.DEAD
        else [],
    )
