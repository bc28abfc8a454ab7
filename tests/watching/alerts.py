"""The alerts as they lie in deploy/alerts, and what their expressions ask for."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from service.metrics import METRICS
from tests.promises.pages import DOCS, ROOT, rows, words_in

FOLDER = ROOT / "deploy" / "alerts"
RUNBOOKS = DOCS / "runbooks"
RUNBOOK_BASE = "https://runbooks.example/orderflex/"
"""To be replaced by the address at which people read docs/runbooks."""
DASHBOARD_BASE = "https://grafana.example/d/"
"""To be replaced by the address of their Grafana."""
OF_THE_TARGET = frozenset({"namespace", "pod", "job", "instance"})
"""Labels that Prometheus gives to every series of ours."""

_OPERATORS = {"and", "or", "unless", "on", "by", "offset"}
_FUNCTIONS = {"group", "sum", "min", "max", "time", "absent", "rate", "increase"}
_OVER_TIME = {"avg_over_time", "last_over_time"}
_WORDS = _OPERATORS | _FUNCTIONS | _OVER_TIME
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_GROUPING = re.compile(r"\b(?:by|on)\s*\(([^)]*)\)")
_SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\s*\{([^}]*)\}")
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Rule:
    """One alert or recording rule."""

    file: Path
    name: str
    expr: str
    is_alert: bool
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    @property
    def group_labels(self) -> set[str]:
        """The labels by which its expression groups."""
        found = _GROUPING.findall(self.expr)
        return {name.strip() for names in found for name in names.split(",") if name.strip()}


def rule_files() -> list[Path]:
    """The files of rules."""
    return sorted(FOLDER.glob("*.yaml"))


def rules() -> list[Rule]:
    """Every rule of every file."""
    return [rule for file in rule_files() for rule in _rules_of(file)]


def alerts() -> list[Rule]:
    """Every alert."""
    return [rule for rule in rules() if rule.is_alert]


def _rules_of(file: Path) -> Iterator[Rule]:
    document: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    for group in document["groups"]:
        for rule in group["rules"]:
            yield Rule(
                file,
                rule.get("alert") or rule["record"],
                rule["expr"],
                "alert" in rule,
                rule.get("labels", {}),
                rule.get("annotations", {}),
            )


def wrong_in(rule: Rule) -> list[str]:
    """What a rule asks for that no series of ours can have; empty when all is right.

    A metric or a recording that does not exist, a label that its metric does not have, a value that
    the label never takes (as docs/metrics.md lists them).
    """
    labels = _labels_of_metrics()
    unknown_names = _identifiers(rule.expr) - _WORDS - labels.keys()
    found = [f"there is no {name}" for name in sorted(unknown_names)]
    asked = _identifiers(rule.expr) & labels.keys()
    for name, matchers in _SELECTOR.findall(rule.expr):
        for label, operator, value in _MATCHER.findall(matchers) if name in asked else ():
            if label not in labels[name] | OF_THE_TARGET:
                found.append(f"{name} has no label {label}")
            elif operator in ("=", "=~"):
                unknown = set(value.split("|")) - _values_of(label, name)
                found += [f"{name}: {label} is never {one}" for one in sorted(unknown)]
    known = OF_THE_TARGET.union(*(labels[name] for name in asked))
    found += [f"nothing here has the label {one}" for one in sorted(rule.group_labels - known)]
    return found


def _identifiers(expr: str) -> set[str]:
    """The names in an expression: metrics, recordings, functions and operators."""
    bare = _GROUPING.sub(" by ", _SELECTOR.sub(r"\1 ", expr))
    bare = re.sub(r"\[\w+\]|\b[\d.]+[a-z]*\b", " ", _STRING.sub(" ", bare))
    return set(re.findall(r"[a-zA-Z_:][\w:]*", bare))


def _labels_of_metrics() -> dict[str, frozenset[str]]:
    """The labels of each metric, by the names of its series, of `up` and of our recordings."""
    found: dict[str, frozenset[str]] = {"up": frozenset()}
    for metric in METRICS:
        suffixes = ("_bucket", "_sum", "_count") if metric.kind == "histogram" else ("",)
        for suffix in suffixes:
            more = {"le"} if suffix == "_bucket" else set()
            found[metric.name.value + suffix] = frozenset({*metric.labels, *more})
    return found | {rule.name: frozenset() for rule in rules() if not rule.is_alert}


def _values_of(label: str, metric: str) -> set[str]:
    """The values that a label of a metric may take, as the page of the metrics has them."""
    found = set()
    for name, of, values in rows(DOCS / "metrics.md", "label"):
        of_all = of == "every metric that has it"
        if name == f"`{label}`" and (of_all or metric in words_in(of)):
            found |= set(words_in(values))
    return found
