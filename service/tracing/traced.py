"""The piece of work under way, as the code speaks to it. Without tracing it is `UNTRACED`.

A piece of work is one attempt at an event, or one round of timed work. It knows where it stands in
its trace; only `recorded.Recorded` makes spans of what it is told.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from types import TracebackType
from typing import Self

from service.tracing.traceparent import Place
from service.tracing.words import Attribute, Moment, Said

LEAST_WAIT = 0.01
"""Seconds; a shorter wait is not told."""


class Call:
    """A call to PRO under way, of which no span is recorded."""

    status: int | None = None
    """PRO's answer; set when there is one."""
    headers: Mapping[str, str] | None = None
    """What is sent with the request."""

    def end(self, verdict: str, *, is_good: bool) -> None:
        """Take note of how the call ended."""


class Traced:
    """Work of which no span is recorded: it only hands its place in the trace on."""

    attempt = 1
    resends = 0
    """How often it was tried again in place."""
    place: Place | None = None
    is_recorded = False

    def __enter__(self) -> Self:
        """Be the work under way; not to be entered twice."""
        self._before = _CURRENT.set(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _CURRENT.reset(self._before)
        if kind is not None:
            self.failed(kind.__name__)
        self.end()

    @property
    def log_fields(self) -> Mapping[str, str]:
        """What every log line of this work carries."""
        if self.place is None:
            return {}
        return {
            "trace_id": f"{self.place.trace:032x}",
            "span_id": f"{self.place.span:016x}",
        }

    def traceparent_or(self, given: str | None) -> str | None:
        """The `traceparent` of this work; the given one where it has no place."""
        return self.place.traceparent if self.place else given

    def outcome(self, given: str | None) -> str | None:
        """Reserve the `traceparent` of an outcome event; the given one where there is no place."""
        return self.traceparent_or(given)

    def say(self, said: Said) -> None:
        """Add attributes."""

    def note(self, moment: Moment, said: Said | None = None) -> None:
        """Take note of a moment."""

    def trying_again(self, error_type: str) -> None:
        """Take note that it is tried again in place."""
        self.resends += 1
        self.note(Moment.TRIED_AGAIN, {Attribute.ERROR_TYPE: error_type})

    def waited(self, seconds: float) -> None:
        """Take note of a wait for the gate or for a turn, unless it was none."""
        if seconds >= LEAST_WAIT:
            self.note(Moment.WAITED, {Attribute.WAITED: round(seconds, 3)})

    def failed(self, error_type: str) -> None:
        """Mark the work as failed; `error_type` is a word of a closed list, or a class's name."""

    def forget(self) -> None:
        """Record nothing of it: nothing was done."""

    def end(self) -> None:
        """Take note that the work is over."""

    def calling(
        self, operation: str, method: str, base_url: str, *, others: Sequence["Traced"] = ()
    ) -> Call:
        """Begin a call to PRO, which is made for others, too."""
        return _UNRECORDED_CALL

    def sending(
        self, event_id: str, topic: str, traceparent: str | None, *, is_repeated: bool
    ) -> AbstractContextManager[None]:
        """Publish an outcome within. `traceparent` is its own; `is_repeated`: it was published."""
        return nullcontext()

    def on_behalf_of(self, traceparent: str | None, what: str) -> "Traced":
        """A part of this work that belongs to another trace; itself where there is none."""
        return UNTRACED


class _Untraced(Traced):
    """No tracing at all: whatever is under way stays so."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class Tracing:
    """Begins pieces of work. This one traces nothing; see tracer.Tracer."""

    is_on = False

    def event(self, topic: str, traceparent: str | None, seed: str, said: Said) -> Traced:
        """Begin an attempt at an event. `traceparent` is its own.

        Without one its trace is made of `seed`, so that all attempts at it make one trace.
        """
        return UNTRACED

    def timed(self, kind: str, traceparent: str | None) -> Traced:
        """Begin a round of timed work, which belongs to whatever has this `traceparent`."""
        return UNTRACED

    async def close(self, seconds: float) -> None:
        """Send what is left, for so many seconds at the most."""


_UNRECORDED_CALL = Call()
UNTRACED = _Untraced()
NO_TRACING = Tracing()
_CURRENT: ContextVar[Traced] = ContextVar("traced", default=UNTRACED)
_OTHERS: ContextVar[Sequence[Traced]] = ContextVar("others", default=())


def current() -> Traced:
    """Give the work under way."""
    return _CURRENT.get()


def calling(operation: str, method: str, base_url: str) -> Call:
    """Begin a call to PRO, for the work under way and for all who share the call."""
    return _CURRENT.get().calling(operation, method, base_url, others=_OTHERS.get())


def exemplar() -> dict[str, str] | None:
    """The labels of an exemplar; None where no span is recorded."""
    work = _CURRENT.get()
    return dict(work.log_fields) if work.is_recorded else None


@contextmanager
def shared(askers: Sequence[Traced]) -> Iterator[None]:
    """Do something within for all of them: in the trace of the first that is recorded."""
    recorded = [asker for asker in askers if asker.is_recorded]
    if not recorded:
        yield
        return
    mine = _CURRENT.set(recorded[0])
    theirs = _OTHERS.set(recorded[1:])
    try:
        yield
    finally:
        _OTHERS.reset(theirs)
        _CURRENT.reset(mine)
