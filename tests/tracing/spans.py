"""Spans as a test looks at them, wherever they were caught."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from service.tracing.export import ExportPolicy, tracer_with
from service.tracing.tracer import Sampling, Tracer

TRACE, SENDER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{SENDER}-01"
NOT_RECORDED = f"00-{TRACE}-{SENDER}-00"


@dataclass(frozen=True)
class Seen:
    """One span. Ids are hex, as they travel; `parent` is empty for a root."""

    name: str
    kind: str
    trace: str
    id: str
    parent: str
    links: Sequence[tuple[str, str]]
    attributes: Mapping[str, Any]
    events: Sequence[tuple[str, Mapping[str, Any]]]
    is_error: bool
    resource: Mapping[str, Any] = field(default_factory=dict)

    @property
    def moments(self) -> list[str]:
        """The names of its events, in order."""
        return [name for name, _ in self.events]


class Caught:
    """What a tracer recorded, in order of its ends."""

    def __init__(self, sampling: Sampling | None = None, *, tells_pro: bool = False) -> None:
        self._exporter = InMemorySpanExporter()
        self.tracer: Tracer = tracer_with(
            SimpleSpanProcessor(self._exporter),
            ExportPolicy("http://nowhere", group="orderflex", resource={"service.name": "test"}),
            sampling or Sampling(),
            lambda: None,
            tells_pro=tells_pro,
        )

    def all(self) -> list[Seen]:
        return [_seen(span) for span in self._exporter.get_finished_spans()]

    def named(self, name: str) -> list[Seen]:
        return [span for span in self.all() if span.name == name]

    def only(self, name: str) -> Seen:
        found = self.named(name)
        assert len(found) == 1, (name, [span.name for span in self.all()])
        return found[0]


def _seen(span: ReadableSpan) -> Seen:
    context = span.get_span_context()
    assert context is not None
    return Seen(
        name=span.name,
        kind=span.kind.name,
        trace=f"{context.trace_id:032x}",
        id=f"{context.span_id:016x}",
        parent=f"{span.parent.span_id:016x}" if span.parent else "",
        links=[(f"{o.context.trace_id:032x}", f"{o.context.span_id:016x}") for o in span.links],
        attributes=dict(span.attributes or {}),
        events=[(event.name, dict(event.attributes or {})) for event in span.events],
        is_error=span.status.status_code.name == "ERROR",
        resource=dict(span.resource.attributes),
    )
