"""How taking up an event may end."""

from enum import StrEnum


class Ending(StrEnum):
    """What became of an event that was taken up."""

    SETTLED = "settled"
    """Its outcomes are published."""
    PARKED = "parked"
    """It comes back."""
    DEAD_LETTER = "dead_letter"
    """It waits for a person."""
    RESUMED = "resumed"
    """It was delivered again; its row governs it."""
    SKIPPED = "skipped"
    """It is settled, discarded, not due, or not in turn: nothing to do now."""
    POSTPONED = "postponed"
    """It comes back when its step, which is paused, has had time to recover."""
    GIVEN_BACK = "given_back"
    """Its step is paused: it stays on its topic and is read again."""
