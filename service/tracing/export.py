"""How spans leave: in batches, by a thread of their own, over OTLP/HTTP.

Nothing waits for the collector. What it does not take is dropped, counted and told in the log once
in a while.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import requests
import structlog
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from service.tracing.recorded import Ids, Spans
from service.tracing.tracer import Sampling, Tracer

TRACES_PATH = "/v1/traces"
MAX_WHY = 300
_THEIR_LOG = logging.getLogger(OTLPSpanExporter.__module__)

OnDropped = Callable[[int], None]
"""Told how many spans were dropped; called from any thread."""


@dataclass(frozen=True)
class ExportPolicy:
    """Where spans go, what they say of us, and times in seconds."""

    endpoint: str
    """The collector's address, with or without `/v1/traces`."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    ca_file: Path | None = None
    resource: Mapping[str, str] = field(default_factory=dict)
    """Attributes of this replica."""
    group: str = ""
    """Our consumer group."""
    timeout: float = 5.0
    every: float = 2.0
    most_waiting: int = 4_096
    """Spans that wait to be sent; more are dropped."""
    batch: int = 256
    say_every: float = 60.0
    """How often the log says that spans are dropped."""


def tracer_of(
    policy: ExportPolicy, sampling: Sampling, on_dropped: OnDropped, *, tells_pro: bool
) -> Tracer:
    """Make what traces to a collector; it is not asked for before the first batch."""
    session = requests.Session()
    session.trust_env = False  # else REQUESTS_CA_BUNDLE would be trusted instead of our file
    session.max_redirects = 0  # none is followed, and the exporter would take it for success
    http = OTLPSpanExporter(
        endpoint=_with_path(policy.endpoint),
        headers=dict(policy.headers),
        timeout=policy.timeout,
        compression=Compression.Gzip,
        certificate_file=str(policy.ca_file) if policy.ca_file else None,
        session=session,
    )
    leaving = Leaving(http, policy.say_every, on_dropped)
    waiting = Waiting(leaving, policy)
    return tracer_with(waiting, policy, sampling, leaving.give_up, tells_pro=tells_pro)


def tracer_with(
    processor: SpanProcessor,
    policy: ExportPolicy,
    sampling: Sampling,
    on_late: Callable[[], None],
    *,
    tells_pro: bool,
) -> Tracer:
    """Make what traces, around a processor of spans; `on_late`: closing takes too long."""
    ids = Ids()
    provider = TracerProvider(
        sampler=ALWAYS_ON,  # what is not to be recorded never comes here
        resource=Resource.create(dict(policy.resource)),
        shutdown_on_exit=False,
        id_generator=ids,
        span_limits=SpanLimits(max_attribute_length=1_000),
    )
    provider.add_span_processor(processor)
    spans = Spans(provider, ids, tells_pro=tells_pro)
    return Tracer(provider, spans, sampling, policy.group, on_late)


def _with_path(endpoint: str) -> str:
    address = endpoint.rstrip("/")
    return address if address.endswith(TRACES_PATH) else address + TRACES_PATH


class Leaving(SpanExporter):
    """Sends batches, and accounts for those that were not taken."""

    def __init__(self, inner: SpanExporter, say_every: float, on_dropped: OnDropped) -> None:
        self._inner = inner
        self._say_every = say_every
        self._on_dropped = on_dropped
        self._unsaid = 0
        self._last_said = float("-inf")
        self._is_closed = False
        self._why = _Why()
        _THEIR_LOG.addFilter(self._why)
        self.taken = 0
        """Spans that were handed over to be sent, so far."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send a batch; never raises."""
        self.taken += len(spans)
        try:
            result = self._inner.export(spans)
        except Exception as error:  # noqa: BLE001 - tracing breaks nothing
            self._why.failure = type(error).__name__
            result = SpanExportResult.FAILURE
        if result is not SpanExportResult.SUCCESS:
            self.dropped(len(spans))
        return result

    def dropped(self, spans: int) -> None:
        """Count spans that are not sent, and say so if that was not done lately."""
        self._on_dropped(spans)
        self._unsaid += spans
        now = time.monotonic()
        if now - self._last_said >= self._say_every:
            self._last_said = now
            structlog.get_logger("tracing").warning(
                "spans dropped", spans=self._unsaid, why=self._why.told()
            )
            self._unsaid = 0

    def give_up(self) -> None:
        """Stop trying: nobody waits for it any more."""
        if not self._is_closed:
            self._is_closed = True
            self._inner.shutdown()

    def shutdown(self) -> None:
        """Close the connections."""
        self.give_up()
        _THEIR_LOG.removeFilter(self._why)


class Waiting(BatchSpanProcessor):
    """Keeps spans until they are sent, so many at the most; spans end in one thread."""

    def __init__(self, leaving: Leaving, policy: ExportPolicy) -> None:
        super().__init__(
            leaving,
            max_queue_size=policy.most_waiting,
            schedule_delay_millis=policy.every * 1000,
            max_export_batch_size=policy.batch,
        )
        self._leaving = leaving
        self._most = policy.most_waiting
        self._ended = 0

    def on_end(self, span: ReadableSpan) -> None:
        """Keep a span, or drop it when too many wait."""
        if self._ended - self._leaving.taken >= self._most:
            self._leaving.dropped(1)
            return
        self._ended += 1
        super().on_end(span)


class _Why(logging.Filter):
    """Keeps what the exporter says of a failure, instead of its log line for each batch."""

    def __init__(self) -> None:
        super().__init__()
        self.failure = ""
        self.trouble = ""
        """What it last tried again after."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the words, drop the line."""
        said = record.getMessage()[:MAX_WHY]
        if record.levelno >= logging.ERROR:
            self.failure = said
        else:
            self.trouble = said
        return False

    def told(self) -> str:
        """Say why, and start anew."""
        why = f"{self.failure} {self.trouble}".strip()
        self.failure = self.trouble = ""
        return why or "too many wait"
