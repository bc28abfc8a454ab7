"""Each action that the page offers: what it would do, and how it is done."""

from dataclasses import replace

from pydantic import TypeAdapter, ValidationError

from service.events.allocation import SaidWays, Ways
from service.ledger.attention import NoSuchItem
from service.ledger.attention_kinds import SAID, Action, Kind
from service.ledger.dead_letters import Decision, NoSuchLetter
from service.ledger.tables import ParkedState
from service.page.consignment_page import named as consignment_named
from service.page.desk import Visit
from service.page.forms import wish_of
from service.page.kind_words import KINDS
from service.page.letter_pages import number_of
from service.page.proposals import Done, Proposal
from service.page.rendering import link
from service.people.asking import NothingRefused, Published
from service.people.reading import Unknown

_NOBODY = Decision("nobody", "a dry run")
_WAYS = TypeAdapter(SaidWays)
_ASKED = "What becomes of it is told in the timeline, in a moment."


def _order_of(visit: Visit) -> str:
    reference = visit.asked("reference")
    if reference is None:
        raise Unknown("no order is named")
    return reference


async def cancel_order(visit: Visit) -> Proposal:
    """Have an order cancelled."""
    reference, asking = _order_of(visit), visit.desk.asking
    said = await asking.cancel_order(reference, _NOBODY, dry_run=True)

    async def do(decision: Decision) -> Done:
        await asking.cancel_order(reference, decision)
        return Done(f"Asked for: {reference} is to be cancelled. {_ASKED}", address)

    address = link("/order", reference=reference)
    return Proposal(
        f"Cancel order {reference}",
        (
            _published(said),
            "Nothing more of it is packed, from then on and for ever.",
            "What is packed and has not left is cancelled in PRO; what has left stays.",
        ),
        "Cancel the order",
        address,
        do,
        warning="A cancelled order can’t be brought back: its reference is used up.",
    )


async def do_again(visit: Visit) -> Proposal:
    """Have what was refused of an order done again."""
    reference, asking = _order_of(visit), visit.desk.asking
    pick = visit.asked("pick")
    address = link("/order", reference=reference)

    async def do(decision: Decision) -> Done:
        await asking.again(reference, decision, pick_reference=pick)
        return Done(f"Asked for: what was refused of {reference} is done again. {_ASKED}", address)

    proposal = Proposal(
        f"Do it again: {f'pick {pick} of ' if pick else ''}{reference}",
        (),
        "Do it again",
        address,
        do,
        warning="Mend the cause first: what is unchanged is refused again.",
    )
    try:
        found = await asking.again(reference, _NOBODY, pick_reference=pick, dry_run=True)
    except NothingRefused:
        nothing = f"Nothing {f'of pick {pick} ' if pick else ''}of {reference} stands refused."
        return replace(proposal, impossible=nothing)
    kept = [each for each in found if each.is_kept]
    what = [f"{each.item.why} {each.event_type} is published again, as it came." for each in kept]
    what += [
        f"{each.item.why} It was not kept and can’t be done again: have it sent anew."
        for each in found
        if not each.is_kept
    ]
    impossible = "" if kept else "The events were not kept: have them sent anew."
    return replace(proposal, what=what, impossible=impossible)


async def cancel_consignment(visit: Visit) -> Proposal:
    """Have a consignment cancelled."""
    reference, asking = consignment_named(visit), visit.desk.asking
    said = await asking.cancel_consignment(reference, _NOBODY, dry_run=True)
    one = await visit.desk.reading.consignment(reference)
    address = link("/consignment", reference=reference)

    async def do(decision: Decision) -> Done:
        await asking.cancel_consignment(reference, decision)
        return Done(f"Asked for: {reference} is to be cancelled. {_ASKED}", address)

    return Proposal(
        f"Cancel consignment {reference}",
        (
            _published(said),
            "It is cancelled in PRO, with the consignment that it is the return of."
            if one.direction == "inbound" and one.pick_reference
            else "It is cancelled in PRO, with the return that belongs to it.",
            "What was picked for it is free to be picked again."
            if one.pick_reference
            else "Its reference is used up: it can’t be requested again under it.",
        ),
        "Cancel the consignment",
        address,
        do,
        warning="Take its label off the parcel.",
    )


async def reallocate(visit: Visit) -> Proposal:
    """Have a consignment allocated again, as before or in another way."""
    reference, asking = consignment_named(visit), visit.desk.asking
    ways, faults = _ways(visit)
    said = await asking.reallocate(reference, _NOBODY, ways=ways, dry_run=True)
    address = link("/consignment", reference=reference)

    async def do(decision: Decision) -> Done:
        wish = wish_of(visit.session, visit.fields)
        await asking.reallocate(reference, decision, ways=ways, wish=wish)
        return Done(f"Asked for: {reference} is to be allocated again. {_ASKED}", address)

    return Proposal(
        f"Allocate {reference} again",
        (
            _published(said),
            "The carrier service that it has is given back, and another allocation is made.",
            "New labels are fetched.",
        ),
        "Allocate it again",
        address,
        do,
        warning="Labels that it has are void then: take them off the parcel.",
        fields="act_ways.html",
        faults=faults,
    )


def _ways(visit: Visit) -> tuple[Ways | None, list[tuple[str, str]]]:
    """Read the way that was chosen; None is as before."""
    way = visit.fields.get("way", "before")
    if way == "before":
        return None, []
    named = visit.fields.get("way_reference", "").strip() or None
    reference = None if way == "default_rules" else named
    try:
        return _WAYS.validate_python([{"way": way, "reference": reference}]), []
    except ValidationError:
        return None, [
            ("way_reference", "Name the service group or the carrier service by PRO’s reference")
        ]


async def replay(visit: Visit) -> Proposal:
    """Have a dead letter tried again."""
    number = number_of(visit)
    shown = await visit.desk.reading.letter(number)
    letter = shown.letter
    if letter.state is not ParkedState.DEAD:
        raise NoSuchLetter(number)
    is_forced = visit.fields.get("force") == "yes"
    is_too_often = letter.replays >= visit.desk.max_replays
    most = None if is_forced else visit.desk.max_replays

    async def do(decision: Decision) -> Done:
        await visit.desk.letters.replay(number, decision, most)
        order = letter.order_reference
        address = link("/order", reference=order) if order else "/dead-letters"
        return Done(f"Dead letter {number} is tried again. {_ASKED}", address)

    return Proposal(
        f"Replay dead letter {number}",
        (
            f"{letter.event_type} is tried again, in its place.",
            _behind(len(shown.behind), "follows it, in order", "follow it, in order"),
            "What PRO has done already is not done twice.",
        ),
        "Replay it",
        link("/dead-letter", number=number),
        do,
        fields="act_force.html" if is_too_often else "",
        faults=[("force", f"It was replayed {letter.replays} times: say that you want it again")]
        if is_too_often and not is_forced
        else [],
    )


async def discard(visit: Visit) -> Proposal:
    """Give a dead letter up for good."""
    number = number_of(visit)
    shown = await visit.desk.reading.letter(number)
    letter = shown.letter
    if letter.state is not ParkedState.DEAD:
        raise NoSuchLetter(number)

    async def do(decision: Decision) -> Done:
        await visit.desk.letters.discard(number, decision)
        return Done(f"Dead letter {number} is discarded.", link("/dead-letter", number=number))

    return Proposal(
        f"Discard dead letter {number}",
        (
            f"{letter.event_type} is never carried out, and its content is deleted.",
            _behind(len(shown.behind), "goes on without it", "go on without it"),
        ),
        "Discard it",
        link("/dead-letter", number=number),
        do,
        warning="This is for good.",
    )


async def mark_seen(visit: Visit) -> Proposal:
    """Mark an item of the list as seen to."""
    name = visit.asked("item") or ""
    kind = next((kind for kind in Kind if name.startswith(f"{kind.value}:")), None)
    if kind is None or Action.SEEN not in SAID[kind].actions:
        raise NoSuchItem(name)
    attention = visit.desk.attention
    found = await attention.find(500, kinds=(kind,), order_reference=visit.asked("order"))
    item = next((item for item in found if item.item == name), None)
    if item is None:
        raise NoSuchItem(name)

    async def do(decision: Decision) -> Done:
        await attention.seen(name, decision)
        return Done(f"{KINDS[kind]}: seen to.", "/")

    about = item.order_reference or item.consignment_reference or ""
    return Proposal(
        f"Mark as seen to: {about}",
        (item.why, "It leaves the list, and nothing else happens."),
        "Mark as seen to",
        "/",
        do,
    )


def _published(said: Published) -> str:
    return f"{said.event.event_type.value} of {said.event.kafka_key} is published."


def _behind(count: int, one: str, many: str) -> str:
    if count == 0:
        return "Nothing waits behind it."
    return (
        f"1 event waits behind it and {one}."
        if count == 1
        else (f"{count} events wait behind it and {many}.")
    )
