"""Registers the metrics of one running service, and takes their values."""

from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)

from service.metrics.listed import METRICS, Metric
from service.metrics.names import Name

disable_created_metrics()  # type: ignore[no-untyped-call]  # a series more for each, that nobody asks for

Exemplar = Callable[[], dict[str, str] | None]
"""Gives the trace under way as labels; None where none is recorded."""

_WITH_EXEMPLARS = frozenset(
    {Name.EVENT_SECONDS, Name.PRO_CALL_SECONDS, Name.PICK_TO_CONSIGNMENT, Name.PICK_TO_MANIFESTED}
)


class Metrics:
    """The metrics of one running service, in a registry of its own."""

    def __init__(self, exemplar: Exemplar = lambda: None) -> None:
        self._exemplar = exemplar
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

    def begin(self, name: Name, **labels: str) -> None:
        """Show a series at 0 before anything happened: the first time is then seen as a rise."""
        (self._counters.get(name) or self._histograms[name]).labels(**labels)

    def forget(self, name: Name) -> None:
        """Drop all series of a gauge."""
        self._gauges[name].clear()

    def observe(self, name: Name, seconds: float, **labels: str) -> None:
        """Add an observation, in seconds, to a histogram."""
        histogram = self._histograms[name]
        exemplar = self._exemplar() if name in _WITH_EXEMPLARS else None
        (histogram.labels(**labels) if labels else histogram).observe(seconds, exemplar)
