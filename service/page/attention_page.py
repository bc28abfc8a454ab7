"""The first page: what needs a person's attention, oldest first."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response

from service.ledger.attention import MOST_COUNTED
from service.ledger.attention_kinds import Kind
from service.page.desk import Visit
from service.page.kind_words import ACTIONS, KINDS, about, address_of
from service.page.rendering import link
from service.page.shown import show
from service.people.views import Item

PAGE_LENGTH = 25


@dataclass(frozen=True)
class Choice:
    """A kind that the list can be narrowed down to."""

    name: str
    count: str
    address: str
    is_chosen: bool


@dataclass(frozen=True)
class Offered:
    """An item, with what it is about and what can be done."""

    item: Item
    kind: str
    tone: str
    about: str
    address: str | None
    """Where that is shown, if anywhere."""
    actions: tuple[tuple[str, str], ...]
    """What is done, and where it begins."""

    @property
    def leads_on(self) -> bool:
        """Whether its address leads somewhere else than to its order."""
        return self.item.dead_letter is not None


async def show_attention(visit: Visit) -> Response:
    """Show the list, or one kind of it."""
    wanted = visit.asked("kind")
    kind = Kind(wanted) if wanted in tuple(Kind) else None
    counts = await visit.desk.attention.counts()
    found = await visit.desk.reading.attention(
        PAGE_LENGTH, kinds=(kind,) if kind else tuple(Kind), after=visit.asked("after")
    )
    return show(
        visit,
        "attention.html",
        title="Needs attention",
        here="/",
        kind=KINDS[kind] if kind else None,
        choices=_choices(counts, kind),
        total=_number(
            sum(counts.values()), is_all=all(each < MOST_COUNTED for each in counts.values())
        ),
        items=[offered(item) for item in found.items],
        next=link("/", kind=wanted, after=found.next) if found.next else None,
        is_first=visit.asked("after") is None,
    )


def _choices(counts: Mapping[Kind, int], chosen: Kind | None) -> list[Choice]:
    there = [kind for kind in Kind if counts[kind] or kind is chosen]
    return [
        Choice(
            KINDS[kind],
            _number(counts[kind], is_all=counts[kind] < MOST_COUNTED),
            link("/", kind=kind.value),
            kind is chosen,
        )
        for kind in there
    ]


def _number(count: int, *, is_all: bool) -> str:
    return str(count) if is_all else f"{count}+"


_WAITS = {Kind.WAITING_LONG, Kind.NOT_CONFIRMED, Kind.UNKNOWN_LONG, Kind.NOT_MANIFESTED}


def offered(item: Item) -> Offered:
    """Say what can be done about an item."""
    named, address = about(item)
    actions = ((ACTIONS[action], address_of(action, item)) for action in item.actions)
    return Offered(
        item,
        KINDS[item.kind],
        "wait" if item.kind in _WAITS else "bad",
        named,
        address,
        tuple((name, where) for name, where in actions if where is not None),
    )
