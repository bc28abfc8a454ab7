"""The service as `orderflex serve`, which dies by SIGKILL at a named point, once for each kind.

    KILL_AT=after_answer KILL_MARKS=/some/folder python killable.py serve --upgrade-ledger

`POINTS` lie between the six steps of an operation (service/operations.py), `PARKING_POINTS` between
those of parking, of giving up and of coming back (service/intake/parking.py), `BATCH_POINTS` in a
call that several operations share.
"""

import functools
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from service.cli import main
from service.intake.announcing import Announcer
from service.intake.parking import Parking
from service.ledger.journal import Journal
from service.ledger.operation import Claim
from service.ledger.parked import ParkedEvents
from service.pro.client import ProClient

POINTS = (
    "before_claim",
    "after_claim",
    "after_answer",
    "after_settle",
    "after_publish",
    "after_mark",
)
PARKING_POINTS = (
    "after_parked_row",
    "after_retry_message",
    "after_dead_row",
    "after_dead_letter",
    "after_row_let_go",
)
BATCH_POINTS = ("after_batch_answer",)
Method = Callable[..., Awaitable[Any]]
Die = Callable[[str], None]
"""Ends the process, or not, when it comes to its point with an operation or event of this kind."""


def die_once(kind: str) -> None:
    """Die at the point, unless this kind has died there before."""
    mark = Path(os.environ["KILL_MARKS"]) / kind
    if not mark.exists():
        mark.write_text(str(os.getpid()), encoding="utf-8")
        os.kill(os.getpid(), signal.SIGKILL)


def dying(
    original: Method, kind_of: Callable[..., str | None], die: Die, *, before: bool
) -> Method:
    """Wrap a method so that the process may die before it, or after it."""

    @functools.wraps(original)
    async def wrapped(self: Any, *arguments: Any, **named: Any) -> Any:
        kind = kind_of(*arguments)
        if before and kind:
            die(kind)
        result = await original(self, *arguments, **named)
        if not before and kind and (kind_of is not _operation or isinstance(result, Claim)):
            die(kind)
        return result

    return wrapped


def _operation(operation: Any, *_: Any) -> str | None:
    return str(operation.kind)


def _claim(claim: Any, *_: Any) -> str | None:
    return str(claim.operation.kind)


def _announcements(announcements: Any, *_: Any) -> str | None:
    return announcements[0].type if announcements else None


def _performed(performed: Any, *_: Any) -> str | None:
    return _announcements(performed.announcements)


def _row(row: Any) -> str | None:
    return str(row.event_type)


def _parked(_record: Any, row: Any, *_: Any) -> str | None:
    return _row(row)


def _letter(origin: Any) -> str | None:
    return str(origin.topic)


def _several(references: Any) -> str | None:
    return f"allocate {len(references)}" if len(references) > 1 else None


def arm(point: str, die: Die = die_once) -> None:
    """Put the death where it belongs."""
    where: dict[str, tuple[type, str, Callable[..., str | None], bool]] = {
        "before_claim": (Journal, "claim", _operation, True),
        "after_claim": (Journal, "claim", _operation, False),
        "after_answer": (Journal, "settle", _claim, True),
        "after_settle": (Journal, "settle", _claim, False),
        "after_publish": (Announcer, "publish", _announcements, False),
        "after_mark": (Announcer, "announce", _performed, False),
        "after_parked_row": (Parking, "wake_later", _parked, True),
        "after_retry_message": (Parking, "wake_later", _parked, False),
        "after_dead_row": (Parking, "send_letter", _parked, True),
        "after_dead_letter": (ParkedEvents, "letter_sent", _letter, True),
        "after_batch_answer": (ProClient, "allocate_default_rules", _several, False),
        "after_row_let_go": (ParkedEvents, "let_go", _row, False),
    }
    owner, name, kind_of, before = where[point]
    setattr(owner, name, dying(getattr(owner, name), kind_of, die, before=before))


if __name__ == "__main__":
    if os.environ.get("KILL_AT"):
        arm(os.environ["KILL_AT"])
    sys.argv[0] = "orderflex"
    main()
