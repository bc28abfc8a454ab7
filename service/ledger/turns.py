"""Whose turn it is among the events of one order: pure.

An event waits behind what is parked or dead of its order. These pass:
- a cancellation of the order waits behind nothing, and holds nobody up while it waits itself;
- what came too early holds nothing up that could end its wait: no event of an earlier stage, and
  a withdrawal no event at all, since any pick may be the one that it waits for;
- a dead letter of a consignment holds only its consignment;
- what waits for a step that is switched off here holds nobody.
What waits behind a head itself, tried before or not, holds nobody up whom that head does not hold.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from service.events.topics import EventType
from service.ledger.tables import ParkedState

BEHIND = "behind"
"""The error class of an event that only waits for its turn."""
TOO_EARLY = "too_early"
"""The error class of an event whose order or consignment is not there yet."""
STEP_OFF = "step_off"
"""The error class of an event whose step is switched off here."""
REPLAYED = "replayed"
"""The error class of a dead letter that a person has had tried again."""

_STAGES: dict[str, int] = {
    EventType.ORDER_PLACED: 0,
    EventType.CONSIGNMENT_REQUESTED: 0,
    EventType.ORDER_AMENDED: 1,
    EventType.STOCK_PICKED: 1,
    EventType.PICK_WITHDRAWN: 1,
    EventType.CONSIGNMENT_CREATED: 2,
    EventType.CONSIGNMENT_REALLOCATION_STARTED: 2,
    EventType.CONSIGNMENT_ALLOCATED: 3,
    EventType.CONSIGNMENT_REALLOCATION_REQUESTED: 4,
}


@dataclass(frozen=True)
class InLine:
    """What of an event decides about turns."""

    event_type: str
    consignment_reference: str | None

    @property
    def stage(self) -> int:
        """How far along an order's life the event comes."""
        return _STAGES.get(self.event_type, 0)


@dataclass(frozen=True)
class Place:
    """An event's place in the line of its order."""

    sequence: int
    event: InLine
    state: ParkedState
    error_class: str
    holds: bool

    @property
    def is_behind(self) -> bool:
        """Whether it only waits for its turn."""
        return self.state is ParkedState.PARKED and self.error_class == BEHIND


def ahead_of(event: InLine, line: Sequence[Place]) -> Place | None:
    """Give the first place in the line that an event must wait behind; None when it may run.

    `line`: the places before it, by sequence.
    """
    heads: list[Place] = []
    for place in line:
        waits = place.state is ParkedState.PARKED
        if not (waits and any(_holds_up(head, place.event) for head in heads)):
            heads.append(place)
    return next((head for head in heads if _holds_up(head, event)), None)


def may_run(place: Place, line: Sequence[Place]) -> bool:
    """Tell whether it is the turn of an event in the line of its order, given by sequence."""
    return ahead_of(place.event, [one for one in line if one.sequence < place.sequence]) is None


def _holds_up(place: Place, event: InLine) -> bool:
    if place.state is ParkedState.DISCARDED or event.event_type == EventType.ORDER_CANCELLED:
        return False
    if place.state is ParkedState.PARKED and place.event.event_type == EventType.ORDER_CANCELLED:
        return False
    if place.state is ParkedState.DEAD:
        mine = place.event.consignment_reference
        if not place.holds or (mine is not None and mine != event.consignment_reference):
            return False
    elif place.error_class == STEP_OFF:
        return False
    if place.error_class == TOO_EARLY:
        withdrawal = place.event.event_type == EventType.PICK_WITHDRAWN
        return not withdrawal and place.event.stage <= event.stage
    return True
