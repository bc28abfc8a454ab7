"""Why an event waits, in plain words. Pure."""

from service.ledger.parked_rows import ParkedEvent
from service.ledger.tables import ParkedState
from service.ledger.turns import BEHIND, REPLAYED, STEP_OFF, TOO_EARLY

_BECAUSE = {
    TOO_EARLY: "what it builds on is not there yet",
    "throttled": "PRO is busy",
    "retryable": "PRO could not be reached, or a read failed",
    "unknown": "an answer of PRO was lost; PRO is looked at before it is asked again",
    "awaiting_lookup": "an answer of PRO was lost; it is not time yet to look in PRO",
    "busy": "another event of the order is being worked on",
    STEP_OFF: "its step is switched off here",
    "forbidden": "PRO refuses the operation to our key",
    BEHIND: "another event of its order comes first",
    REPLAYED: "a person has it tried again",
    "bug": "an error of ours",
    "conflict": "its reference came before with other content",
}


def why_it_waits(event: ParkedEvent) -> str:
    """Say why an event waits, and what happens next."""
    because = _BECAUSE.get(event.reason.error_class, event.reason.error_class)
    match event.state:
        case ParkedState.DEAD:
            return f"It was given up ({because}) and waits for a person to replay or discard it."
        case ParkedState.DISCARDED:
            return f"A person gave it up for good: {event.remark or 'no reason given'}."
        case ParkedState.PARKED:
            if event.place.is_behind:
                return f"It waits for its turn: {because}."
            return f"It waits, because {because}; tried again in {_seconds(event)} s."


def _seconds(event: ParkedEvent) -> int:
    return round(max(0.0, event.seconds_until_due))
