"""What happened to an order, one plain sentence for each line of its history. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.ledger.history import What
from service.ledger.lookups import OperationKind
from service.people.views import Entry
from service.people.words import because


@dataclass(frozen=True)
class Line:
    """A line of a timeline."""

    at: datetime
    says: str
    tone: str
    """plain, good, wait, bad, or person: somebody decided it."""
    because: str
    """Why, in the words of who decided it or of the service; may be empty."""
    details: Sequence[tuple[str, str]]
    """All that is kept of it, by name."""


_DOES: Mapping[str, str] = {
    OperationKind.CREATE_ORDER: "record the order",
    OperationKind.SELECT_OPTION: "make an order of the delivery option",
    OperationKind.UPDATE_ORDER: "amend the order",
    OperationKind.PACK_ORDER: "pack a pick",
    OperationKind.CREATE_CONSIGNMENT: "make the consignment",
    OperationKind.UPDATE_CONSIGNMENT: "correct a consignment",
    OperationKind.CANCEL: "cancel",
    OperationKind.DEALLOCATE: "take the carrier service back",
    OperationKind.ALLOCATE: "allocate a consignment",
    OperationKind.GET_LABELS: "give the papers of a consignment",
    OperationKind.SET_READY_TO_SHIP: "set what is ready to ship",
    OperationKind.MANIFEST: "manifest",
    OperationKind.CANCEL_STRAY: "cancel a stray consignment",
    OperationKind.CONFIRM_MANIFEST: "say how the manifest ended",
}
"""What PRO is asked to do."""
_TONES: Mapping[str, str] = {
    What.SETTLED: "good",
    What.FOUND: "good",
    What.REFUSED: "bad",
    What.DEAD_LETTER: "bad",
    What.STRAY_FOUND: "bad",
    What.RETURN_MISSING: "bad",
    What.UNKNOWN: "wait",
    What.NOTHING_HAPPENED: "wait",
    What.PARKED: "wait",
    What.POSSIBLE_ORPHAN: "wait",
    What.REPLAYED: "person",
    What.DISCARDED: "person",
    What.SEEN_TO: "person",
    What.AGAIN: "person",
    What.ASKED_FOR: "person",
}


def line_of(entry: Entry) -> Line:
    """Say one line of a history in plain words."""
    details = entry.details
    why = details.get("reason", "") if details.get("by") else ""
    if entry.what in (What.PARKED, What.DEAD_LETTER):
        told = (because(str(details.get("reason", ""))), str(details.get("detail", "")))
        why = ". ".join(f"{each[:1].upper()}{each[1:]}" for each in told if each)
    return Line(
        entry.at,
        _says(entry.what, details),
        _TONES.get(entry.what, "plain"),
        str(why).strip(),
        tuple((name.replace("_", " "), _plain(value)) for name, value in _all(entry)),
    )


def _all(entry: Entry) -> list[tuple[str, Any]]:
    named = [("event_id", entry.event_id)] if entry.event_id else []
    return [*entry.details.items(), *named]


_SAYS: Mapping[str, str] = {
    What.ASKED: "PRO was asked to {does}{nth}",
    What.ASKED_AGAIN: "PRO was asked again to {does}{nth}",
    What.SETTLED: "{done}",
    What.REFUSED: "Refused: to {does} ({code})",
    What.NOTHING_HAPPENED: "PRO was not reached to {does}; certainly nothing happened",
    What.UNKNOWN: "PRO’s answer was lost when asked to {does}: PRO is looked at first now",
    What.LOOKED_UP: "Looked in PRO: no trace yet of having been asked to {does}",
    What.FOUND: "Found in PRO: {done}",
    What.LATE_RESULT: "A late answer came, having been asked to {does}",
    What.POSSIBLE_ORPHAN: "PRO may hold an order beside this one that nobody packs",
    What.STRAY_FOUND: "PRO has a consignment of it that the ledger does not know",
    What.LEFT: "Left to another system to allocate",
    What.RETURN_MISSING: "PRO made no return, though one was asked for",
    What.CANCELLED: "The order is cancelled: nothing more is packed",
    What.PARKED: "{event} waits",
    What.DEAD_LETTER: "{event} was given up: it is a dead letter",
    What.REPLAYED: "{by} had {event} replayed",
    What.DISCARDED: "{by} discarded {event}",
    What.SEEN_TO: "{by} marked it as seen to",
    What.AGAIN: "{by} had it done again",
    What.ASKED_FOR: "{by} asked for {event}",
}
_NOT_MANIFESTED = "The carrier was not told of {consignment} ({code})"
"""A manifest's ending is read, not asked for: nothing was refused to us."""


def _says(what: str, details: Mapping[str, Any]) -> str:
    does = _DOES.get(str(details.get("operation")), str(details.get("operation", "act")))
    told = {
        "does": does,
        "nth": _nth(details),
        "done": _done(details, does),
        "code": details.get("code", "no code"),
        "event": details.get("event", "an event"),
        "by": details.get("by", "somebody"),
        "consignment": _one(details),
    }
    if what == What.REFUSED and details.get("operation") == OperationKind.CONFIRM_MANIFEST:
        return _NOT_MANIFESTED.format_map(told)
    return _SAYS[what].format_map(told) if what in _SAYS else what


def _done(details: Mapping[str, Any], does: str) -> str:
    """Say what came of it, as far as the result tells."""
    match details.get("operation"):
        case OperationKind.CREATE_ORDER | OperationKind.SELECT_OPTION:
            return f"PRO recorded the order as {details.get('pro_order_reference', 'its own')}"
        case OperationKind.PACK_ORDER | OperationKind.CREATE_CONSIGNMENT:
            return f"Packed as {_plain(details.get('consignments') or 'a consignment')}"
        case OperationKind.ALLOCATE if details.get("carrier_service"):
            return f"Allocated: {details['carrier_service']} takes {_one(details)}"
        case OperationKind.GET_LABELS:
            return f"The papers of {_one(details)} are stored"
        case OperationKind.CONFIRM_MANIFEST:
            return f"The manifest ended for {_one(details)}: {details.get('state', 'see below')}"
    return f"Done: to {does}"


def _one(details: Mapping[str, Any]) -> str:
    return str(details.get("consignment", "the consignment"))


def _nth(details: Mapping[str, Any]) -> str:
    attempt = details.get("attempt", 1)
    return f", attempt {attempt}" if attempt != 1 else ""


def _plain(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_plain(each) for each in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_plain(each)}" for name, each in value.items())
    return str(value)
