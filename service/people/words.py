"""Why an event waits, in plain words. Pure."""

from service.events.malformed import MalformedReason
from service.ledger.parked_rows import ParkedEvent
from service.ledger.tables import ParkedState
from service.ledger.turns import BEHIND, REPLAYED, STEP_OFF, TOO_EARLY

_BECAUSE = {
    TOO_EARLY: "what it builds on is not there yet",
    "throttled": "PRO is busy",
    "retryable": "PRO or the store of papers could not be reached, or a read failed",
    "unknown": "an answer of PRO was lost; PRO is looked at before it is asked again",
    "awaiting_lookup": "an answer of PRO was lost; it is not time yet to look in PRO",
    "busy": "another event of the order is being worked on",
    STEP_OFF: "its step is switched off here",
    "forbidden": "PRO refuses the operation to our key",
    BEHIND: "another event of its order comes first",
    REPLAYED: "a person has it tried again",
    "bug": "an error of ours",
    "conflict": "its reference came before with other content",
    MalformedReason.EMPTY: "it says nothing",
    MalformedReason.TOO_LARGE: "it is too large",
    MalformedReason.WRONG_ENCODING: "it is not UTF-8 JSON",
    MalformedReason.NOT_JSON: "it is not JSON",
    MalformedReason.TRUNCATED: "it stops in the middle",
    MalformedReason.BAD_ENVELOPE: "its CloudEvents attributes are wrong",
    MalformedReason.UNKNOWN_TYPE: "nobody knows its type",
    MalformedReason.WRONG_TYPE_FOR_TOPIC: "its type belongs on another topic",
    MalformedReason.SCHEMA: "its data do not fit its type",
    MalformedReason.KEY_MISMATCH: "its Kafka key is not the reference in its data",
}


def because(error_class: str) -> str:
    """Say a closed word of why an event waits or was given up."""
    return _BECAUSE.get(error_class, error_class)


def why_it_waits(event: ParkedEvent) -> str:
    """Say why an event waits, and what happens next."""
    why = because(event.reason.error_class)
    match event.state:
        case ParkedState.DEAD:
            return f"It was given up ({why}) and waits for a person to replay or discard it."
        case ParkedState.DISCARDED:
            return f"A person gave it up for good: {event.remark or 'no reason given'}."
        case ParkedState.PARKED:
            if event.place.is_behind:
                return f"It waits for its turn: {why}."
            return f"It waits, because {why}; tried again in {_seconds(event)} s."


def _seconds(event: ParkedEvent) -> int:
    return round(max(0.0, event.seconds_until_due))
