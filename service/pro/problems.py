"""What PRO's answer, or its silence, means for us: one small tree of verdicts.

    ProVerdict
    ├── Retryable      nothing happened for certain, or a read failed: ask again
    │   └── Untrusted  who answers can't show that it is PRO: asking again is pointless for now
    ├── Throttled      PRO is busy (429): ask again after `retry_after` seconds
    ├── Unauthorised   the key is not accepted: for everything (401) or this operation (403)
    ├── Refused        PRO understood and said no, with its reasons: asking again is pointless
    └── Ambiguous      PRO may have acted: look before asking again

They are made here and nowhere else, by `judged`, which wraps every call; callers never see a
status code or an exception of the HTTP client. For a call that changes something only a failed
connect or a 429 proves that nothing happened, and only an answer in PRO's own form settles it.

A cancelled call stays an `asyncio.CancelledError`: for a change it means the same as Ambiguous.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import ClassVar

import httpx
from pydantic import ValidationError

from service.clock import utc_now
from service.events import exact_json
from service.pro.answers import ApiError
from service.pro.transport import NeverSent, WrongCertificate

MAX_RETRY_AFTER = 86_400.0
"""Seconds; a longer Retry-After is taken as a day."""
MAX_MESSAGE = 1_000
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
MAX_DETAILS = 20


class Verdict(StrEnum):
    """How a call ended, for metrics."""

    OK = "ok"
    """Answered and read."""
    RETRYABLE = "retryable"
    """Nothing happened for certain, or a read failed."""
    THROTTLED = "throttled"
    """PRO answered 429."""
    UNAUTHORISED = "unauthorised"
    """PRO answered 401 or 403."""
    REFUSED = "refused"
    """PRO said no, with reasons."""
    AMBIGUOUS = "ambiguous"
    """PRO may have acted."""
    CANCELLED = "cancelled"
    """We stopped waiting; a change may have been made."""


@dataclass(frozen=True, slots=True)
class ProblemDetail:
    """One of PRO's reasons; `target` is a path in the request, in PRO's words."""

    code: str | None
    target: str | None
    message: str | None


@dataclass(frozen=True, slots=True)
class Problem:
    """PRO's reasons for a refusal.

    `status` is the HTTP status of the call or of one item of a bulk call, for logs only.
    `in_pros_words` tells that PRO's own error body said so: False for an empty body, and for one
    that holds only a Message, as a gateway's or a framework's may.
    """

    status: int
    code: str
    message: str
    details: tuple[ProblemDetail, ...] = ()
    correlation_id: str | None = None
    in_pros_words: bool = False


class Scope(StrEnum):
    """How far an Unauthorised reaches."""

    EVERYTHING = "everything"
    """401: the key is missing or wrong; no call will work."""
    OPERATION = "operation"
    """403: this key may not do this."""


class ProVerdict(Exception):
    """A call that did not simply work. `operation` names it."""

    verdict: ClassVar[Verdict]

    def __init__(self, operation: str, why: str) -> None:
        super().__init__(f"{operation}: {why}")
        self.operation = operation
        self.why = why


class Retryable(ProVerdict):
    """Nothing happened for certain, or a read failed."""

    verdict = Verdict.RETRYABLE


class Untrusted(Retryable):
    """Who answers can't show that it is PRO; nothing was sent."""


class Throttled(ProVerdict):
    """PRO is busy and did nothing. `retry_after` in seconds, None when PRO doesn't say."""

    verdict = Verdict.THROTTLED

    def __init__(self, operation: str, retry_after: float | None) -> None:
        super().__init__(operation, "PRO is busy (429)")
        self.retry_after = retry_after


class Unauthorised(ProVerdict):
    """The key is not accepted; nothing happened."""

    verdict = Verdict.UNAUTHORISED

    def __init__(self, operation: str, scope: Scope) -> None:
        super().__init__(operation, f"PRO does not accept our key for {scope.value}")
        self.scope = scope


class Refused(ProVerdict):
    """PRO said no. The text leaves PRO's message out, which may speak of a customer."""

    verdict = Verdict.REFUSED

    def __init__(self, operation: str, problem: Problem) -> None:
        super().__init__(operation, f"PRO refused it ({problem.status} {problem.code})")
        self.problem = problem


class Ambiguous(ProVerdict):
    """PRO may have acted."""

    verdict = Verdict.AMBIGUOUS


class UnreadableAnswer(Exception):
    """A 2xx whose body doesn't tell what happened."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer as it arrived, decompressed."""

    status: int
    retry_after: str | None
    body: bytes


@contextmanager
def judged(operation: str, *, changes: bool) -> Iterator[None]:
    """Turn whatever goes wrong inside into a verdict. `changes`: the call changes something."""
    try:
        yield
    except ProVerdict:
        raise
    except WrongCertificate as error:
        raise Untrusted(operation, f"{error} (see ORDERFLEX_PRO_CA_FILE)") from error
    except NeverSent as error:
        raise Retryable(operation, f"no connection to PRO ({error})") from error
    except TimeoutError as error:
        raise _unsettled(operation, "no answer before the deadline", changes=changes) from error
    except (UnreadableAnswer, ValidationError, exact_json.BadJson) as error:
        why = f"PRO's answer can't be read ({type(error).__name__})"
        raise _unsettled(operation, why, changes=changes) from error
    except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError) as error:
        why = f"the exchange broke off ({type(error).__name__}: {error})"
        raise _unsettled(operation, why, changes=changes) from error
    except Exception as error:
        if changes:  # a fault of ours, but the request may have left already
            raise Ambiguous(operation, f"unexpected {type(error).__name__}") from error
        raise


def _unsettled(operation: str, why: str, *, changes: bool) -> ProVerdict:
    return Ambiguous(operation, why) if changes else Retryable(operation, why)


def verdict_of(operation: str, answer: Answer, *, changes: bool) -> ProVerdict | None:
    """The verdict of an answer by its status and body; None for a 2xx."""
    status = answer.status
    if 200 <= status < 300:
        return None
    if status == 401:
        return Unauthorised(operation, Scope.EVERYTHING)
    if status == 403:
        return Unauthorised(operation, Scope.OPERATION)
    if status == 429:
        return Throttled(operation, retry_after_seconds(answer.retry_after, utc_now()))
    if 400 <= status < 500 and status not in (407, 408, 425, 499):
        problem = problem_in(status, answer.body)
        # A gateway's page is no verdict on a change: only a 400, or PRO's own words.
        if problem is not None and (not changes or status == 400 or problem.in_pros_words):
            return Refused(operation, problem)
        return _unsettled(operation, f"a {status} that isn't PRO's own", changes=changes)
    return _unsettled(operation, f"PRO answered {status}", changes=changes)


def problem_in(status: int, body: bytes) -> Problem | None:
    """PRO's reasons in a 4xx body; None when the body isn't PRO's (a proxy's page, say).

    An empty body may be PRO's (RULES 9); `{}` or other words may not.
    """
    if not body.strip():
        return Problem(status, f"http_{status}", "PRO gave no reason.")
    try:
        said = exact_json.loads(body)
        error = ApiError.model_validate(said)
    except (exact_json.BadJson, ValidationError):
        return None
    if not isinstance(said, dict) or not (error.code or error.message or error.details):
        return None
    return Problem(
        status=status,
        code=_word(error.code) or f"http_{status}",
        message=_short(error.message) or "PRO gave no reason.",
        details=tuple(
            ProblemDetail(_short(d.code), _short(d.target), _short(d.message))
            for d in error.details[:MAX_DETAILS]
        ),
        correlation_id=_short(error.correlation_id),
        in_pros_words=bool(error.code or error.correlation_id or error.details),
    )


def _word(text: str | None) -> str | None:
    """A code is shown to everybody: what is no single word may be about somebody."""
    return text if text is not None and _CODE.fullmatch(text) else None


def _short(text: str | None) -> str | None:
    return None if text is None else text[:MAX_MESSAGE]


def retry_after_seconds(text: str | None, now: datetime) -> float | None:
    """Seconds to wait, from delta-seconds or an HTTP-date; None when absent or unreadable."""
    if text is None:
        return None
    said = text.strip()
    if said.isascii() and said.isdigit():
        return min(float(said[:9]), MAX_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), MAX_RETRY_AFTER)
