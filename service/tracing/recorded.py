"""Recorded work: what it is told becomes spans of the OpenTelemetry SDK.

No exception and no text is ever recorded, only the words of `words.Attribute`.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from urllib.parse import urlsplit

from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from service.tracing.traced import Call, Traced
from service.tracing.traceparent import Place, place_in
from service.tracing.words import SCHEMA, SCOPE, Attribute, Moment, Said

_NOWHERE = Context()
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)

OnBehalf = Callable[[Traced, str | None, str], Traced]


class Ids(RandomIdGenerator):
    """Gives the ids of new spans, those that were asked for first; for one thread."""

    trace = 0
    span = 0

    def generate_trace_id(self) -> int:
        """Give the trace that was asked for, else a random one."""
        trace, self.trace = self.trace, 0
        return trace or super().generate_trace_id()

    def generate_span_id(self) -> int:
        """Give the span that was asked for, else a random one."""
        span, self.span = self.span, 0
        return span or super().generate_span_id()

    def is_trace_id_random(self) -> bool:
        """Some are made of where an event lay."""
        return False


class Spans:
    """Makes spans; all that is asked for is recorded."""

    def __init__(self, provider: TracerProvider, ids: Ids, *, tells_pro: bool) -> None:
        """`ids` are the provider's own. `tells_pro`: PRO is sent our `traceparent`."""
        self._tracer = provider.get_tracer(SCOPE, schema_url=SCHEMA)
        self._ids = ids
        self.tells_pro = tells_pro

    def start(
        self,
        name: str,
        kind: SpanKind,
        said: Said,
        *,
        parent: Place | Span | None = None,
        trace: int = 0,
        span: int = 0,
        links: Iterable[Place] = (),
    ) -> Span:
        """Start a span; `trace` (without a parent) and `span` are its ids, 0: new ones."""
        context = _NOWHERE
        if isinstance(parent, Place):
            context = set_span_in_context(NonRecordingSpan(_context(parent)), _NOWHERE)
        elif parent is not None:
            context = set_span_in_context(parent, _NOWHERE)
        self._ids.trace, self._ids.span = (trace if parent is None else 0), span
        return self._tracer.start_span(
            name,
            context=context,
            kind=kind,
            attributes=_plain(said),
            links=[Link(_context(place)) for place in links],
        )


class Recorded(Traced):
    """A piece of work with a span."""

    is_recorded = True

    def __init__(self, spans: Spans, span: Span, on_behalf_of: OnBehalf) -> None:
        self._spans = spans
        self._span = span
        self._on_behalf_of = on_behalf_of
        self._is_forgotten = False
        self.place: Place = place_of(span)

    def outcome(self, given: str | None) -> str | None:
        """Reserve the place of the span that is going to send an outcome event.

        It stands in the stored outcome: whoever is the first to publish it makes that span.
        """
        return Place(self.place.trace, _new_span_id(), is_sampled=True).traceparent

    def say(self, said: Said) -> None:
        """Add attributes."""
        self._span.set_attributes(_plain(said))

    def note(self, moment: Moment, said: Said | None = None) -> None:
        """Add a span event."""
        self._span.add_event(moment.value, _plain(said) if said else None)

    def failed(self, error_type: str) -> None:
        """Set the span's status to error."""
        self._span.set_attribute(Attribute.ERROR_TYPE.value, error_type)
        self._span.set_status(StatusCode.ERROR)

    def forget(self) -> None:
        """Never export the span."""
        self._is_forgotten = True

    def end(self) -> None:
        """End the span."""
        if not self._is_forgotten:
            self._span.end()

    def calling(
        self, operation: str, method: str, base_url: str, *, others: Sequence[Traced] = ()
    ) -> Call:
        """Start the client span of a call to PRO, linked to the others that it is made for."""
        url = urlsplit(base_url)
        said: dict[Attribute, str | int] = {
            Attribute.PRO_OPERATION: operation,
            Attribute.HTTP_METHOD: method,
            Attribute.SERVER_ADDRESS: url.hostname or "",
            Attribute.SERVER_PORT: url.port or (443 if url.scheme == "https" else 80),
            Attribute.ATTEMPT: self.attempt,
        }
        if self.resends:
            said[Attribute.HTTP_RESEND] = self.resends
        span = self._spans.start(
            f"{method} {operation}",
            SpanKind.CLIENT,
            said,
            parent=self._span,
            links=[other.place for other in others if other.place],
        )
        for other in others:
            if isinstance(other, Recorded):
                other._span.add_link(span.get_span_context())  # noqa: SLF001 - one of its own kind
        return _RecordedCall(span, tells_pro=self._spans.tells_pro)

    def sending(
        self, event_id: str, topic: str, traceparent: str | None, *, is_repeated: bool
    ) -> AbstractContextManager[None]:
        """Publish an outcome within: the first time by the span whose place was reserved for it."""
        return self._sending(event_id, topic, place_in(traceparent), is_repeated=is_repeated)

    @contextmanager
    def _sending(
        self, event_id: str, topic: str, reserved: Place | None, *, is_repeated: bool
    ) -> Iterator[None]:
        said = {
            Attribute.MESSAGING_SYSTEM: "kafka",
            Attribute.MESSAGING_OPERATION: "send",
            Attribute.MESSAGING_OPERATION_TYPE: "send",
            Attribute.DESTINATION: topic,
            Attribute.MESSAGE_ID: event_id,
        }
        name = f"send {topic}"
        if is_repeated or reserved is None or not reserved.is_sampled:
            links = [reserved] if reserved else ()
            span = self._spans.start(name, SpanKind.CLIENT, said, parent=self._span, links=links)
        elif reserved.trace == self.place.trace:
            span = self._spans.start(
                name, SpanKind.PRODUCER, said, parent=self._span, span=reserved.span
            )
        else:  # it was stored by another piece of work, which died before it was published
            span = self._spans.start(
                name,
                SpanKind.PRODUCER,
                said,
                trace=reserved.trace,
                span=reserved.span,
                links=[self.place],
            )
        try:
            yield
        except BaseException as error:
            # The span is not ended, so never exported: its place is for the one that succeeds.
            self.note(
                Moment.NOT_ACKNOWLEDGED,
                {Attribute.DESTINATION: topic, Attribute.ERROR_TYPE: type(error).__name__},
            )
            raise
        span.end()

    def on_behalf_of(self, traceparent: str | None, what: str) -> Traced:
        """Begin a part of this work that belongs to another trace."""
        return self._on_behalf_of(self, traceparent, what)


class _RecordedCall(Call):
    """A call to PRO with a span."""

    def __init__(self, span: Span, *, tells_pro: bool) -> None:
        self._span = span
        if tells_pro:
            self.headers = {"traceparent": place_of(span).traceparent}

    def end(self, verdict: str, *, is_good: bool) -> None:
        """End the span."""
        self._span.set_attribute(Attribute.VERDICT.value, verdict)
        if self.status is not None:
            self._span.set_attribute(Attribute.HTTP_STATUS.value, self.status)
        if not is_good:
            is_error_status = self.status is not None and self.status >= 400
            kind = str(self.status) if is_error_status else verdict
            self._span.set_attribute(Attribute.ERROR_TYPE.value, kind)
            self._span.set_status(StatusCode.ERROR)
        self._span.end()


def place_of(span: Span) -> Place:
    """Tell where a recorded span stands."""
    context = span.get_span_context()
    return Place(context.trace_id, context.span_id, is_sampled=True)


def _context(place: Place) -> SpanContext:
    return SpanContext(place.trace, place.span, is_remote=True, trace_flags=_SAMPLED)


def _plain(said: Said) -> Mapping[str, str | int | float | bool]:
    return {name.value: value for name, value in said.items()}


def _new_span_id() -> int:
    return random.getrandbits(64) or 1
