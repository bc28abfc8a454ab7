"""Which work is recorded, and where it stands in its trace.

The decision is made once, for the whole trace: it is the platform's where an event carries one, and
is then handed on in every `traceparent`.
"""

import asyncio
import hashlib
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind

from service.tracing.recorded import Recorded, Spans
from service.tracing.traced import UNTRACED, Traced, Tracing
from service.tracing.traceparent import Place, place_in
from service.tracing.words import Attribute, Said

_HALF = 1 << 64


@dataclass(frozen=True)
class Sampling:
    """Which traces are recorded."""

    share: float = 1.0
    """Of the traces that begin here, 0 to 1; of all traces unless `follows`."""
    follows: bool = True
    """Whether the decision of whoever sent the event counts."""


class Unrecorded(Traced):
    """Work whose trace is not recorded, but goes on elsewhere."""

    def __init__(self, tracer: "Tracer", place: Place) -> None:
        self._tracer = tracer
        self.place = place

    def on_behalf_of(self, traceparent: str | None, what: str) -> Traced:
        """A part of this work that belongs to another trace, which may be recorded."""
        return self._tracer.on_behalf_of(self, traceparent, what)


class Tracer(Tracing):
    """Begins pieces of work and decides which are recorded."""

    is_on = True

    def __init__(
        self,
        provider: TracerProvider,
        spans: Spans,
        sampling: Sampling,
        group: str,
        on_late: Callable[[], None],
    ) -> None:
        """`group`: our consumer group; `on_late` is called when closing takes too long."""
        self._provider = provider
        self._spans = spans
        self._sampling = sampling
        self._group = group
        self._on_late = on_late

    def event(self, topic: str, traceparent: str | None, seed: str, said: Said) -> Traced:
        """Begin an attempt at an event, as a child of the span that sent it."""
        parent = place_in(traceparent)
        trace = parent.trace if parent else _trace_of(seed)
        if not self._is_sampled(trace, parent):
            # Whoever does not record hands on what came, as W3C has it.
            return Unrecorded(self, parent or Place(trace, _span_id(), is_sampled=False))
        attributes = {
            Attribute.MESSAGING_SYSTEM: "kafka",
            Attribute.MESSAGING_OPERATION: "process",
            Attribute.MESSAGING_OPERATION_TYPE: "process",
            Attribute.GROUP: self._group,
            Attribute.DESTINATION: topic,
            **said,
        }
        span = self._spans.start(
            f"process {topic}", SpanKind.CONSUMER, attributes, parent=parent, trace=trace
        )
        return Recorded(self._spans, span, self.on_behalf_of)

    def timed(self, kind: str, traceparent: str | None) -> Traced:
        """Begin a round of timed work, in a trace of its own, linked to what it belongs to."""
        belongs_to = place_in(traceparent)
        trace = _span_id() * _HALF + _span_id()
        decides = belongs_to.trace if belongs_to else trace
        if not self._is_sampled(decides, belongs_to):
            return Unrecorded(self, Place(trace, _span_id(), is_sampled=False))
        span = self._spans.start(
            kind,
            SpanKind.INTERNAL,
            {Attribute.TIMED_WORK: kind},
            trace=trace,
            links=[belongs_to] if belongs_to else (),
        )
        return Recorded(self._spans, span, self.on_behalf_of)

    def on_behalf_of(self, work: Traced, traceparent: str | None, what: str) -> Traced:
        """Begin a part of a work that belongs to another trace."""
        parent = place_in(traceparent)
        if parent is None:
            return UNTRACED  # it stays in the work's own
        if not self._is_sampled(parent.trace, parent):
            return Unrecorded(self, parent)
        links = [work.place] if work.is_recorded and work.place else ()
        span = self._spans.start(what, SpanKind.INTERNAL, {}, parent=parent, links=links)
        return Recorded(self._spans, span, self.on_behalf_of)

    async def close(self, seconds: float) -> None:
        """Send what is left, for so many seconds at the most. A collector that hangs is left."""
        closing = threading.Thread(target=self._provider.shutdown, name="last spans", daemon=True)
        closing.start()
        await asyncio.to_thread(closing.join, seconds)
        if closing.is_alive():
            self._on_late()

    def _is_sampled(self, trace: int, parent: Place | None) -> bool:
        if parent is not None and self._sampling.follows:
            return parent.is_sampled
        # The same in every replica and at every attempt: it is the trace's own number.
        return trace % _HALF < self._sampling.share * _HALF


def _trace_of(seed: str) -> int:
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:16]) or 1


def _span_id() -> int:
    return random.getrandbits(64) or 1
