"""Every metric of the service: one closed, typed list. docs/metrics.md is made from it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)

disable_created_metrics()  # type: ignore[no-untyped-call]  # a series more for each, that nobody asks for

Kind = Literal["counter", "gauge", "histogram"]

_CALL_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_STEP_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Name(StrEnum):
    """Names of the metrics, as Prometheus shows them."""

    EVENTS_RECEIVED = "orderflex_events_received_total"
    EVENTS_FINISHED = "orderflex_events_finished_total"
    EVENT_SECONDS = "orderflex_event_seconds"
    EVENTS_PARKED = "orderflex_events_parked_total"
    DEAD_LETTERS = "orderflex_dead_letters_total"
    OUTCOMES_PUBLISHED = "orderflex_outcomes_published_total"
    PRO_CALL_SECONDS = "orderflex_pro_call_seconds"
    OPERATIONS_UNKNOWN = "orderflex_operations_unknown_total"
    OPERATIONS_LATE = "orderflex_operations_late_total"
    POSSIBLE_ORPHANS = "orderflex_possible_orphan_orders_total"
    STRAYS = "orderflex_stray_consignments_total"
    MISSING_RETURNS = "orderflex_missing_returns_total"
    IN_FLIGHT = "orderflex_events_in_flight"
    PARKED = "orderflex_parked_events"
    INTAKE_PAUSED = "orderflex_intake_paused"
    STEP_PAUSED = "orderflex_step_paused"
    CALL_CEILING = "orderflex_pro_call_ceiling"
    PRO_BUSY = "orderflex_pro_busy"
    OLDEST_PARKED = "orderflex_oldest_parked_seconds"
    ORDERS_HELD = "orderflex_orders_on_hold"
    NEEDS_ATTENTION = "orderflex_needs_attention"
    UNCOMMITTED = "orderflex_uncommitted_events"
    COMMITS_FAILED = "orderflex_commits_failed_total"
    SETTLING_FAILED = "orderflex_settling_failed_total"
    SWEEPS_FAILED = "orderflex_sweeps_failed_total"


@dataclass(frozen=True)
class Metric:
    """One metric: what it counts, and what a high value tells the person who looks at it."""

    name: Name
    kind: Kind
    meaning: str
    high_means: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = _STEP_SECONDS


METRICS: tuple[Metric, ...] = (
    Metric(
        Name.EVENTS_RECEIVED,
        "counter",
        "Events taken from Kafka, by type (repeated deliveries count again).",
        "The shop is busy, or something is delivered again and again.",
        ("type",),
    ),
    Metric(
        Name.EVENTS_FINISHED,
        "counter",
        "Events that are settled, by type and how they ended.",
        "Compare with the events received: a widening gap is work left undone.",
        ("type", "ending"),
    ),
    Metric(
        Name.EVENT_SECONDS,
        "histogram",
        "Seconds from taking an event up to settling or parking it, by type.",
        "PRO or the ledger is slow.",
        ("type",),
    ),
    Metric(
        Name.EVENTS_PARKED,
        "counter",
        "Events parked in a retry tier, by type, tier and reason.",
        "PRO is unwell (retryable, unknown) or events arrive out of order (too_early).",
        ("type", "tier", "reason"),
    ),
    Metric(
        Name.DEAD_LETTERS,
        "counter",
        "Events given up and written to the dead-letter topic, by type and reason.",
        "Somebody has to look: each is an order that does not move.",
        ("type", "reason"),
    ),
    Metric(
        Name.OUTCOMES_PUBLISHED,
        "counter",
        "Outcome events acknowledged by the broker, by type (repetitions count again).",
        "The shop is busy.",
        ("type",),
    ),
    Metric(
        Name.PRO_CALL_SECONDS,
        "histogram",
        "Seconds a call to PRO took, by operation and verdict.",
        "PRO or the network to it is slow.",
        ("operation", "verdict"),
        _CALL_SECONDS,
    ),
    Metric(
        Name.OPERATIONS_UNKNOWN,
        "counter",
        "Operations after which PRO may or may not have acted, by kind.",
        "PRO loses answers; each is looked up before PRO is asked again.",
        ("kind",),
    ),
    Metric(
        Name.OPERATIONS_LATE,
        "counter",
        "Results that came after their lease had gone to another worker, by kind.",
        "The lease is too short for PRO's answers, or workers are being stopped.",
        ("kind",),
    ),
    Metric(
        Name.POSSIBLE_ORPHANS,
        "counter",
        "Orders that PRO may hold and nobody packs: Create Order or Select Option As Order was "
        "repeated after an unknown one, or what an option became was rejected.",
        "PRO loses answers; the orphans never ship and may be tidied up in PRO.",
    ),
    Metric(
        Name.STRAYS,
        "counter",
        "Consignments found in PRO beside the one the ledger knows for a pick.",
        "PRO commits very late. Strays are never allocated by us, so they can't ship.",
        ("ending",),
    ),
    Metric(
        Name.MISSING_RETURNS,
        "counter",
        "Picks whose outbound consignment exists while the return that was asked for does not.",
        "PRO makes returns incompletely; make them by hand.",
    ),
    Metric(
        Name.IN_FLIGHT,
        "gauge",
        "Events being worked on at this moment in this replica.",
        "Near max_in_flight: the replica works at its ceiling.",
    ),
    Metric(
        Name.PARKED,
        "gauge",
        "Events in the ledger that wait for their due time or, as dead letters, for a person.",
        "Work is piling up: see the reason in `orderflex order show`.",
        ("state",),
    ),
    Metric(
        Name.INTAKE_PAUSED,
        "gauge",
        "1 while intake is paused, by reason.",
        "Nothing is taken up: see /readyz.",
        ("reason",),
    ),
    Metric(
        Name.STEP_PAUSED,
        "gauge",
        "1 while a step is paused, by the event of the step and reason.",
        "forbidden: our key may not do this in PRO; flooding: its events become dead letters.",
        ("step", "reason"),
    ),
    Metric(
        Name.CALL_CEILING,
        "gauge",
        "Reactions that may be under way at once; each has at most one call to PRO under way.",
        "It is the setting. Lower: PRO was down, and is taken up again slowly.",
    ),
    Metric(
        Name.PRO_BUSY,
        "gauge",
        "1 while PRO is spared, because it answered that it is busy (429).",
        "PRO gives us less than we ask: set a rate limit, or ask for more.",
    ),
    Metric(
        Name.OLDEST_PARKED,
        "gauge",
        "Seconds since the event that is parked the longest first failed; 0 when none is parked.",
        "An order waits: `orderflex dead-letters list` and `orderflex order show` say why.",
    ),
    Metric(
        Name.ORDERS_HELD,
        "gauge",
        "Orders of which something waits behind a dead letter, or would.",
        "Somebody has to look: replay or discard, see `orderflex dead-letters list`.",
    ),
    Metric(
        Name.NEEDS_ATTENTION,
        "gauge",
        "What needs a person's attention, by kind, up to 1000 of each; counted once in a while.",
        "Somebody has to look: `orderflex attention` says what, why, and what can be done.",
        ("kind",),
    ),
    Metric(
        Name.UNCOMMITTED,
        "gauge",
        "Events taken up and not committed yet: the largest such gap of one partition.",
        "One event takes long; a restart would have so many delivered again.",
    ),
    Metric(
        Name.COMMITS_FAILED,
        "counter",
        "Offset commits that failed, most often because a partition had just moved away.",
        "Rebalances follow each other; repeated deliveries meet the ledger.",
    ),
    Metric(
        Name.SETTLING_FAILED,
        "counter",
        "Times that settling an event broke off by an error of ours and was started again.",
        "A bug: the event keeps its place until it is settled; see the log for where.",
        ("type",),
    ),
    Metric(
        Name.SWEEPS_FAILED,
        "counter",
        "Pieces of timed work and rounds of the sweeper that failed, by job.",
        "Look-ups, confirmations or wake-ups are late; see the log for why.",
        ("job",),
    ),
)


class Metrics:
    """The metrics of one running service, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._counters: dict[Name, Counter] = {}
        self._gauges: dict[Name, Gauge] = {}
        self._histograms: dict[Name, Histogram] = {}
        for metric in METRICS:
            self._register(metric)

    def _register(self, metric: Metric) -> None:
        name, text, labels = metric.name.value, metric.meaning, metric.labels
        if metric.kind == "counter":
            self._counters[metric.name] = Counter(name, text, labels, registry=self.registry)
        elif metric.kind == "gauge":
            self._gauges[metric.name] = Gauge(name, text, labels, registry=self.registry)
        else:
            self._histograms[metric.name] = Histogram(
                name, text, labels, registry=self.registry, buckets=metric.buckets
            )

    def count(self, name: Name, amount: float = 1, **labels: str) -> None:
        """Add to a counter."""
        counter = self._counters[name]
        (counter.labels(**labels) if labels else counter).inc(amount)

    def set(self, name: Name, value: float, **labels: str) -> None:
        """Set a gauge."""
        gauge = self._gauges[name]
        (gauge.labels(**labels) if labels else gauge).set(value)

    def follow(self, name: Name, value: Callable[[], float]) -> None:
        """Have a gauge ask for its value whenever it is looked at."""
        self._gauges[name].set_function(value)

    def observe(self, name: Name, seconds: float, **labels: str) -> None:
        """Add an observation, in seconds, to a histogram."""
        histogram = self._histograms[name]
        (histogram.labels(**labels) if labels else histogram).observe(seconds)
