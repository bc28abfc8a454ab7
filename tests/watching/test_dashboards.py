"""The dashboards ask for what the service has, in the way that is true of several replicas."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from service.metrics import METRICS, Metric

from .boards import ROOT, SELECTOR, asked, files, read

SERIES = {
    f"{metric.name.value}{suffix}": metric
    for metric in METRICS
    for suffix in (("_bucket", "_sum", "_count") if metric.kind == "histogram" else ("",))
}
OF_THE_TARGET = {"namespace", "job", "instance", "pod"}
EVERY = [one for path in files() for one in asked(path)]
RUNBOOKS = ROOT / "docs" / "runbooks"


def named(path: Path) -> str:
    """Name a dashboard in a test's id."""
    return path.stem


def labels_of(name: str) -> set[str]:
    """The labels that a series may have."""
    metric: Metric = SERIES[name]
    return {*metric.labels, *OF_THE_TARGET, *({"le"} if name.endswith("_bucket") else ())}


def panels(path: Path) -> list[dict[str, Any]]:
    """Every panel of a dashboard."""
    found: list[dict[str, Any]] = read(path)["panels"]
    return found


def test_there_are_three() -> None:
    uids = {path.stem: read(path)["uid"] for path in files()}
    assert uids == {
        "business": "orderflex-business",
        "pro": "orderflex-pro",
        "service": "orderflex-service",
    }


def test_the_dashboards_are_as_their_code_says() -> None:
    ended = subprocess.run(
        [sys.executable, "deploy/boards/generate.py", "check"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("path", files(), ids=named)
def test_grafanas_own_model_reads_it_and_says_the_same(path: Path) -> None:
    register_default_plugins()
    board = read(path)
    said = json.loads(json.dumps(Dashboard.from_json(board), cls=JSONEncoder))
    for panel in said["panels"]:
        defaults = panel.get("fieldConfig", {}).get("defaults", {})
        if defaults.get("custom") == {}:
            del defaults["custom"]  # a heatmap's, which says nothing
    assert said == board


def test_every_series_exists_with_its_labels() -> None:
    for one in EVERY:
        assert one.series, one
        for name, matched in one.series:
            assert name in SERIES, one
            assert matched <= labels_of(name), one


def test_every_query_is_limited_to_the_installation_that_was_chosen() -> None:
    for one in EVERY:
        for _, matched in one.series:
            assert {"namespace", "job"} <= matched, one


def test_nothing_is_grouped_or_named_by_a_label_that_is_not_there() -> None:
    for one in EVERY:
        there = set[str]().union(*(labels_of(name) for name, _ in one.series))
        assert one.grouped_by <= there, one
        assert set(re.findall(r"{{(\w+)}}", one.legend)) <= one.grouped_by, one


def test_counters_are_asked_for_their_rate_and_gauges_never() -> None:
    for one in EVERY:
        for found in SELECTOR.finditer(one.expr):
            is_rated = re.search(r"\b(rate|increase)\($", one.expr[: found.start()]) is not None
            assert is_rated == (SERIES[found[1]].kind != "gauge"), one


def test_what_all_replicas_read_from_the_ledger_is_taken_once() -> None:
    for one in EVERY:
        for found in SELECTOR.finditer(one.expr):
            before = one.expr[: found.start()]
            how = re.search(r"\b(sum|max)(?: by \([^)]*\))? \((?:rate\(|increase\()?$", before)
            assert how is not None, one
            if SERIES[found[1]].known_by == "ledger":
                assert how[1] == "max", one
            if SERIES[found[1]].kind != "gauge":
                assert how[1] == "sum", one


def test_every_metric_of_the_list_is_on_a_dashboard() -> None:
    shown = {SERIES[name].name for one in EVERY for name, _ in one.series}
    assert {metric.name for metric in METRICS} - shown == set()


@pytest.mark.parametrize("path", files(), ids=named)
def test_panels_lie_beside_each_other_without_a_gap_on_top(path: Path) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels(path):
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
    assert {(x, y) for x in range(24) for y in range(max(y for _, y in taken) + 1)} == taken


@pytest.mark.parametrize("path", files(), ids=named)
def test_every_panel_says_its_unit_and_what_it_means(path: Path) -> None:
    ids = [panel["id"] for panel in panels(path)]
    assert len(set(ids)) == len(ids)
    for panel in panels(path):
        if panel["type"] in ("row", "text"):
            continue
        defaults = panel["fieldConfig"]["defaults"]
        has_unit = "unit" in defaults or "unit" in panel["options"].get("yAxis", {})
        assert has_unit, panel["title"]
        assert "A high value: " in panel["description"], panel["title"]
        assert panel["datasource"]["uid"] == "$datasource"


@pytest.mark.parametrize("path", files(), ids=named)
def test_a_dashboard_leads_to_the_others_and_to_runbooks(path: Path) -> None:
    board = read(path)
    assert board["tags"] == ["orderflex"]
    links = [link for link in board["links"] if link["type"] == "dashboards"]
    assert [link["tags"] for link in links] == [["orderflex"]]
    told = "\n".join(one["options"]["content"] for one in panels(path) if one["type"] == "text")
    linked = set(re.findall(r"\(\$\{runbooks\}/(\w+)\.md\)", told))
    assert linked
    assert linked <= {runbook.stem for runbook in RUNBOOKS.glob("*.md")}
