"""What stands in the way of an event: every exception of a reaction, and what it means here."""

import hashlib
import random
import time
import traceback
from dataclasses import dataclass
from datetime import datetime

import structlog

from service.clock import utc_now
from service.intake.ladder import Why
from service.ledger.database import Contended
from service.ledger.leases import LeaseHeld
from service.ledger.operation import AwaitingLookup, ContentConflict, Superseded
from service.ledger.parked_rows import Reason
from service.operations import StillMoving, TooEarly
from service.pro.problems import Ambiguous, Refused, Retryable, Throttled

MAX_DETAIL = 500


@dataclass(frozen=True)
class Trouble:
    """Why an event can't be settled now; the text names no person."""

    why: Why
    detail: str
    wait: float | None = None
    """Seconds that whoever refused us asked for."""

    @property
    def reason(self) -> Reason:
        """As the ledger keeps it."""
        return Reason(self.why.value, self.detail[:MAX_DETAIL])


@dataclass(frozen=True)
class PatiencePolicy:
    """How long to try again in place, before an event is parked (seconds)."""

    quick_tries: int = 2
    quick_wait: float = 0.2
    lease_patience: float = 2.0
    lease_wait: float = 0.1


class Patience:
    """How long to try again in place before an event is put aside."""

    def __init__(self, policy: PatiencePolicy) -> None:
        self._policy = policy
        self._quick_tries = 0
        self._since = time.monotonic()

    def wait_for(self, error: Exception) -> float | None:
        """Give the seconds to wait before the next try in place; None to put the event aside."""
        jitter = 0.5 + random.random()  # noqa: S311 - no secret
        match error:
            case Superseded():
                return 0.0
            case Contended():
                return self._policy.lease_wait * jitter
            case LeaseHeld() if time.monotonic() - self._since <= self._policy.lease_patience:
                return self._policy.lease_wait * jitter
            case Retryable() if self._quick_tries < self._policy.quick_tries:
                self._quick_tries += 1
                return self._policy.quick_wait * self._quick_tries * jitter
            case _:
                return None


def trouble_of(error: Exception, moving_wait: float) -> Trouble:
    """Say what an exception means; `moving_wait`: seconds to wait for what PRO is still at."""
    match error:
        case LeaseHeld():
            return Trouble(Why.BUSY, str(error), wait=_seconds_until(error.until))
        case Retryable() | Refused():  # what is refused and no outcome is a read
            return Trouble(Why.RETRYABLE, str(error))
        case TooEarly():
            return Trouble(Why.TOO_EARLY, str(error))
        case ContentConflict():
            return Trouble(Why.CONFLICT, str(error))
        case Throttled():
            return Trouble(Why.THROTTLED, str(error), wait=error.retry_after)
        case Ambiguous():
            return Trouble(Why.UNKNOWN, str(error))
        case StillMoving():
            return Trouble(Why.AWAITING_LOOKUP, str(error), wait=moving_wait)
        case AwaitingLookup():
            return Trouble(Why.AWAITING_LOOKUP, str(error), wait=_seconds_until(error.due_at))
        case _:
            places = [f"{f.name}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)]
            digest = hashlib.sha256("\n".join(places).encode()).hexdigest()[:12]
            # The message may quote a customer's data: the places alone are logged.
            structlog.get_logger("intake").error(
                "a bug", error=type(error).__name__, digest=digest, places=places
            )
            return Trouble(Why.BUG, f"{type(error).__name__}, traceback {digest}")


def _seconds_until(due_at: datetime | None) -> float:
    """Seconds until a time of the ledger; a second when it is not known.

    Our clock and the ledger's may differ a little: coming too early costs one more wait.
    """
    if due_at is None:
        return 1.0
    return max(0.2, (due_at - utc_now()).total_seconds() + 0.05)
