"""What can need a person's attention, why in plain words, and what can be done: pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What a person can do about an item."""

    AGAIN = "again"
    """Have the event that was refused tried again, unchanged, after its cause is mended."""
    REALLOCATE = "reallocate"
    """Have the consignment allocated again."""
    CANCEL = "cancel"
    """Cancel the order, where nothing more is to come of it."""
    REPLAY = "replay"
    """Have the dead letter tried again, those behind it after it."""
    DISCARD = "discard"
    """Give the dead letter up for good; those behind it go on."""
    SEEN = "seen"
    """Mark it as seen to: it leaves the list, and nothing else happens."""


class Kind(StrEnum):
    """Why something needs attention: the closed list."""

    ORDER_REJECTED = "order_rejected"
    ORDER_NOT_RECORDED = "order_not_recorded"
    AMENDMENT_REJECTED = "amendment_rejected"
    CANCELLATION_REJECTED = "cancellation_rejected"
    PICK_REJECTED = "pick_rejected"
    CONSIGNMENT_REJECTED = "consignment_rejected"
    REALLOCATION_REJECTED = "reallocation_rejected"
    ALLOCATION_FAILED = "allocation_failed"
    MANIFEST_FAILED = "manifest_failed"
    NOT_ALLOCATED = "not_allocated"
    NOT_LABELLED = "not_labelled"
    NOT_MANIFESTED = "not_manifested"
    NOT_CONFIRMED = "not_confirmed"
    HELD = "held"
    DEAD_LETTER = "dead_letter"
    WAITING_LONG = "waiting_long"
    UNKNOWN_LONG = "unknown_long"
    RETURN_MISSING = "return_missing"
    STRAY_LEFT = "stray_left"


@dataclass(frozen=True)
class Said:
    """How an item of a kind is told. `{code}`, `{detail}` and `{what}` are the item's own."""

    why: str
    do: str
    actions: tuple[Action, ...] = ()

    def why_of(self, told: Mapping[str, str]) -> str:
        """Say why, of one item."""
        return self.why.format_map(told)


_REFUSED_AGAIN = (Action.AGAIN, Action.CANCEL, Action.SEEN)

SAID: Mapping[Kind, Said] = {
    Kind.ORDER_REJECTED: Said(
        "The order was refused ({code}).",
        "Mend the cause and do it again, send the order with new content, or cancel it.",
        _REFUSED_AGAIN,
    ),
    Kind.ORDER_NOT_RECORDED: Said(
        "The order was placed and PRO has not recorded it.",
        "Look at its timeline; publish its order.placed again.",
        (Action.CANCEL,),
    ),
    Kind.AMENDMENT_REJECTED: Said(
        "A change of the order was refused ({code}).",
        "Send a change that can be made, do this one again, or mark it as seen to.",
        (Action.AGAIN, Action.SEEN),
    ),
    Kind.CANCELLATION_REJECTED: Said(
        "A cancellation was refused ({code}): something may leave that should not.",
        "Stop the parcel at the carrier or by hand, then mark it as seen to.",
        (Action.AGAIN, Action.SEEN),
    ),
    Kind.PICK_REJECTED: Said(
        "A pick was refused ({code}); nothing was packed for it.",
        "Mend the cause and do it again, send the pick with new content, or cancel the order.",
        _REFUSED_AGAIN,
    ),
    Kind.CONSIGNMENT_REJECTED: Said(
        "A consignment that was requested was refused ({code}).",
        "Mend the cause and do it again, or send the request with new content.",
        _REFUSED_AGAIN,
    ),
    Kind.REALLOCATION_REJECTED: Said(
        "PRO would not take the consignment's carrier service away ({code}).",
        "Look at its state in PRO; ask for it again, or mark it as seen to.",
        (Action.AGAIN, Action.SEEN),
    ),
    Kind.ALLOCATION_FAILED: Said(
        "No carrier service took the consignment.",
        "Mend the cause (rules, weight, address) and have it allocated again, or cancel the order.",
        (Action.REALLOCATE, Action.CANCEL),
    ),
    Kind.MANIFEST_FAILED: Said(
        "The carrier could not be told of the consignment.",
        "PRO and the event consignment.manifest_failed say why. Mend the cause: the location's "
        "next manifest takes it again by itself.",
    ),
    Kind.NOT_ALLOCATED: Said(
        "The consignment is {detail} in the ledger and was not allocated.",
        "Look at its timeline; have it allocated again.",
        (Action.REALLOCATE, Action.CANCEL),
    ),
    Kind.NOT_LABELLED: Said(
        "The consignment is allocated and has no papers.",
        "Look at its timeline; publish its consignment.allocated again.",
    ),
    Kind.NOT_MANIFESTED: Said(
        "The consignment has its papers and no manifest took it.",
        "Ask for a manifest of its location, or find out whether the parcel is there.",
    ),
    Kind.NOT_CONFIRMED: Said(
        "The consignment is in the manifest {detail}, and PRO has not said how it ended.",
        "Nothing at once: PRO is asked again and again. Look at the consignment in PRO.",
    ),
    Kind.HELD: Said(
        "{what} became a dead letter ({code}) and holds what comes after it: {detail}",
        "Mend the cause, then replay the dead letter, or discard it.",
        (Action.REPLAY, Action.DISCARD),
    ),
    Kind.DEAD_LETTER: Said(
        "{what} became a dead letter ({code}): {detail}",
        "Have the sender mend and send it anew, then discard it; or replay it.",
        (Action.REPLAY, Action.DISCARD),
    ),
    Kind.WAITING_LONG: Said(
        "{what} has waited for long ({code}): {detail}",
        "Bring about what it waits for; it goes on by itself.",
    ),
    Kind.UNKNOWN_LONG: Said(
        "It is not known whether PRO carried out {what}.",
        "Nothing at once: it is looked up in PRO before PRO is asked again. See why it is not.",
    ),
    Kind.RETURN_MISSING: Said(
        "The pick asked for a return, and PRO made none.",
        "Make the return by hand in PRO, then mark it as seen to.",
        (Action.SEEN,),
    ),
    Kind.STRAY_LEFT: Said(
        "PRO has a consignment of the order that the ledger does not know, and that is {detail}.",
        "Look at it in PRO and cancel it there, then mark it as seen to.",
        (Action.SEEN,),
    ),
}
"""How each kind is told."""


@dataclass(frozen=True)
class AttentionPolicy:
    """From when on what has not moved needs attention; seconds."""

    after: float = 3600.0
    manifest_after: float = 259_200.0
    """For what has its papers: a manifest is asked for, at the location's own times."""
    allocates: bool = True
    """Whether the step that allocates is on; where it is off, another system does it."""
    labels: bool = True
    """As `allocates`, for the papers."""
