"""Settings and metrics are documented, all of them, and nothing else is."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from service.intake.arrivals import OUR_HEADERS
from service.intake.gate import Closed
from service.metrics import METRICS
from service.settings import Settings

from .pages import DOCS, README, ROOT, named, pages, rows, text_of, tracked, words_in

SETTINGS = {f"ORDERFLEX_{name.upper()}" for name in Settings.model_fields}
SUFFIXES = ("", "_bucket", "_sum", "_count")


def test_the_generated_pages_are_current() -> None:
    ended = subprocess.run(
        [sys.executable, "docs/generate.py", "check"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


def test_every_setting_has_a_row_and_a_meaning() -> None:
    row = re.compile(r"^\| `(ORDERFLEX_\w+)` \|.*\| (.+) \|$", re.MULTILINE)
    found = row.findall(text_of(DOCS / "settings.md"))
    assert {name for name, _ in found} == SETTINGS
    assert all(meaning.endswith(".") or "one JSON object" in meaning for _, meaning in found)


def test_the_defaults_in_the_readme_are_true() -> None:
    for setting, default, _ in rows(README, "setting"):
        name = words_in(setting)[0].removeprefix("ORDERFLEX_").lower()
        if default.startswith("`"):
            assert words_in(default)[0] == str(Settings.model_fields[name].default), name


@pytest.mark.parametrize("page", [*pages(), *(ROOT / "deploy").rglob("values*.yaml")], ids=named)
def test_every_setting_that_a_page_names_exists(page: Path) -> None:
    assert set(re.findall(r"ORDERFLEX_[A-Z_]*[A-Z]", text_of(page))) <= SETTINGS


def test_every_metric_is_documented() -> None:
    found = re.findall(r"^## `(orderflex_\w+)`$", text_of(DOCS / "metrics.md"), re.MULTILINE)
    assert found == [metric.name.value for metric in METRICS]


def test_every_label_has_its_values() -> None:
    told = {
        (words_in(label)[0], metric)
        for label, metrics, _ in rows(DOCS / "metrics.md", "label")
        for metric in words_in(metrics)
    }
    for metric in METRICS:
        for label in set(metric.labels) - {"type"}:
            assert (label, metric.name.value) in told


@pytest.mark.parametrize("page", pages(), ids=named)
def test_every_metric_that_a_page_names_exists(page: Path) -> None:
    known = {metric.name.value + suffix for metric in METRICS for suffix in SUFFIXES}
    assert set(re.findall(r"\borderflex_[a-z_]+[a-z]", text_of(page))) <= known | OUR_HEADERS


def test_every_pause_has_its_way_out() -> None:
    named = {
        words_in(row[0])[0]
        for row in rows(DOCS / "operations.md", "in `/readyz`, `orderflex_intake_paused`")
    }
    assert named == {reason.value for reason in Closed} | {"not_running", "broker_away"}


def test_the_image_sets_only_settings_that_exist() -> None:
    assert ROOT / "Dockerfile" in tracked()
    assert set(re.findall(r"ORDERFLEX_[A-Z_]*[A-Z]", text_of(ROOT / "Dockerfile"))) <= SETTINGS
