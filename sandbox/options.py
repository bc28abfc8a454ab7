"""How a sandbox is set up."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

DEFAULT_KEY = "sandbox-key"


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """Everything that can be chosen when a sandbox starts; times are in seconds."""

    keys: tuple[str, ...] = (DEFAULT_KEY,)
    """Values of `ocp-apim-subscription-key` that are let in."""
    manifest_seconds: float = 1.0
    """How long a consignment stays Manifesting."""
    allocation_seconds: float = 0.0
    """Above 0, allocate answers 202 and the consignment stays Allocating that long."""
    search_lag_seconds: float = 0.0
    """How long a new consignment is missing from searches (RULES 4.4, freshness)."""
    latency_seconds: float = 0.0
    """Added to every answer; can be changed at run time."""
    seed: int = 0
    """Seed of the dice that faults with a probability and jitter throw."""
    first_reference: int = 0
    """Where references start to count; give a restarted sandbox another start."""
    lenient_cancel: bool = False
    """Cancel also where PRO's pages disagree (RULES 11, 7 and 8): Allocated, Manifested, …"""
    state_file: Path | None = None
    """Keeps what the sandbox holds over a restart; None: it forgets everything when it stops."""
    clock: Callable[[], datetime] = utc_now
    """Dates answers and decides what is due; tests hand in one that they move."""
