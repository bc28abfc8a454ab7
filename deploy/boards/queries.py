"""PromQL from the closed list of metrics: a name or a label that does not exist can't be written.

What a replica counts is summed; what is read from the ledger is the same in all replicas and is
taken once. `$namespace` and `$job` choose the installation that is looked at.
"""

from collections.abc import Sequence
from typing import get_args

from service.metrics import METRICS, Metric, Name
from service.metrics.listed import Kind

OURS = 'namespace=~"$namespace", job=~"$job"'
TARGET_LABELS = ("instance", "pod")
"""Labels that Prometheus gives a replica."""

NOT = "!"
"""Before a pattern: what does not fit it."""

_METRICS = {metric.name: metric for metric in METRICS}
_SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}


def rate(name: Name, by: Sequence[str] = (), suffix: str = "", **where: str) -> str:
    """Events a second, over the time that Grafana finds fit, of all replicas together."""
    return f"sum{_by(name, by)} (rate({_series(name, suffix, where)}[$__rate_interval]))"


def increase(name: Name, over: str, by: Sequence[str] = (), suffix: str = "", **where: str) -> str:
    """How many there were in so long a time, of all replicas together."""
    return f"sum{_by(name, by)} (increase({_series(name, suffix, where)}[{over}]))"


def now(name: Name, by: Sequence[str] = (), **where: str) -> str:
    """What a gauge says: what replicas have is summed, what the ledger has is taken once."""
    how = "max" if _known(name, "gauge").known_by == "ledger" else "sum"
    return f"{how}{_by(name, by)} ({_series(name, '', where)})"


def highest(name: Name, by: Sequence[str] = (), **where: str) -> str:
    """The highest that a gauge says in any replica."""
    _known(name, "gauge")
    return f"max{_by(name, by)} ({_series(name, '', where)})"


def quantile(share: float, name: Name, by: Sequence[str] = (), **where: str) -> str:
    """What this share of the observations of a histogram did not exceed, in seconds."""
    _known(name, "histogram")
    return f"histogram_quantile({share}, {rate(name, ('le', *by), '_bucket', **where)})"


def buckets(name: Name, **where: str) -> str:
    """How many observations there were in each bucket of a histogram, for a heatmap."""
    series = _series(name, "_bucket", where)
    return f"sum by (le) (increase({series}[$__rate_interval]))"


def seconds_since(name: Name, by: Sequence[str] = ()) -> str:
    """Seconds since the time that a gauge says; nothing where it says none yet."""
    return f"time() - ({highest(name, by)} > 0)"


def share(part: str, whole: str) -> str:
    """A part of a whole; nothing where there is no whole."""
    return f"({part}) / ({whole} > 0)"


def _known(name: Name, *kinds: str) -> Metric:
    metric = _METRICS[name]
    if metric.kind not in kinds:
        raise ValueError(f"{name.value} is a {metric.kind}")
    return metric


def _series(name: Name, suffix: str, where: dict[str, str]) -> str:
    metric = _known(name, *get_args(Kind))
    if suffix not in _SUFFIXES[metric.kind]:
        raise ValueError(f"{name.value}{suffix} does not exist")
    matchers = [OURS]
    for label, pattern in where.items():
        if label not in metric.labels:
            raise ValueError(f"{name.value} has no label {label}")
        sign = "=~" if set(pattern) & set("|*[") else "="
        if pattern.startswith(NOT):
            sign, pattern = "!~", pattern.removeprefix(NOT)
        matchers.append(f'{label}{sign}"{pattern}"')
    return f"{name.value}{suffix}{{{', '.join(matchers)}}}"


def _by(name: Name, by: Sequence[str]) -> str:
    strange = set(by) - {*_METRICS[name].labels, *TARGET_LABELS, "le"}
    if strange:
        raise ValueError(f"{name.value} has no label {', '.join(sorted(strange))}")
    return f" by ({', '.join(by)})" if by else ""
