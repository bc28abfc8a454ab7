"""Every alert says what to do, asks for what exists, and is seen to fire and to keep silent."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from . import boards
from .alerts import (
    DASHBOARD_BASE,
    FOLDER,
    OF_THE_TARGET,
    RUNBOOK_BASE,
    RUNBOOKS,
    Rule,
    alerts,
    rule_files,
    rules,
    wrong_in,
)
from .prometheus import there_or_skip

TRIED = sorted(Path(__file__).parent.glob("rules/*.test.yaml"))


def name_of(one: Rule | Path) -> str:
    """Name a rule or a file in a test's id."""
    return one.name


@pytest.fixture
def promtool() -> str:
    """Prometheus' own checker."""
    there_or_skip("promtool")
    return "promtool"


def run(*command: str) -> str:
    """Run a command that must do well; gives what it said."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.prometheus
def test_promtool_takes_every_rule(promtool: str) -> None:
    told = run(promtool, "check", "rules", *map(str, rule_files()))
    assert sum(map(int, re.findall(r"(\d+) rules found", told))) == len(rules())


@pytest.mark.prometheus
@pytest.mark.parametrize("tried", TRIED, ids=name_of)
def test_alerts_fire_when_they_must_and_not_else(promtool: str, tried: Path) -> None:
    run(promtool, "test", "rules", str(tried))


@pytest.mark.prometheus
def test_a_threshold_that_is_changed_is_found(promtool: str, tmp_path: Path) -> None:
    """That the tests of the rules can fail at all."""
    file = FOLDER / "orders.yaml"
    text = file.read_text(encoding="utf-8")
    (tmp_path / "orders.yaml").write_text(text.replace("> 7200", "> 72000"), encoding="utf-8")
    tried = (Path(__file__).parent / "rules/orders.test.yaml").read_text(encoding="utf-8")
    copy = tmp_path / "orders.test.yaml"
    copy.write_text(tried.replace("../../../deploy/alerts/", ""), encoding="utf-8")
    with pytest.raises(AssertionError, match="OrderflexOldestParked"):
        run(promtool, "test", "rules", str(copy))


def test_every_alert_is_seen_to_fire_and_to_keep_silent() -> None:
    fire: set[str] = set()
    keep_silent: set[str] = set()
    for file in TRIED:
        for test in yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]:
            for one in test["alert_rule_test"]:
                (fire if one["exp_alerts"] else keep_silent).add(one["alertname"])
    names = {alert.name for alert in alerts()}
    assert (fire, keep_silent) == (names, names)


@pytest.mark.parametrize("alert", alerts(), ids=name_of)
def test_every_alert_says_what_it_is_and_where_to_read_on(alert: Rule) -> None:
    assert set(alert.labels) == {"severity", "service"}
    assert alert.labels["severity"] in ("page", "ticket")
    assert set(alert.annotations) == {"summary", "description", "runbook_url", "dashboard_url"}
    assert len(alert.annotations["summary"]) <= 80
    assert alert.annotations["runbook_url"] == f"{RUNBOOK_BASE}{alert.name}.md"
    assert (RUNBOOKS / f"{alert.name}.md").is_file()
    uids = {boards.read(file)["uid"] for file in boards.files()}
    assert alert.annotations["dashboard_url"].removeprefix(DASHBOARD_BASE) in uids


@pytest.mark.parametrize("alert", alerts(), ids=name_of)
def test_an_alert_names_only_labels_that_it_has(alert: Rule) -> None:
    named = re.findall(r"\$labels\.(\w+)", " ".join(alert.annotations.values()))
    kept = alert.group_labels or OF_THE_TARGET
    assert set(named) <= kept


def test_every_runbook_is_of_an_alert() -> None:
    pages = {page.stem for page in RUNBOOKS.glob("*.md")} - {"README"}
    assert pages == {alert.name for alert in alerts()}


@pytest.mark.parametrize("rule", rules(), ids=name_of)
def test_every_rule_asks_for_what_exists(rule: Rule) -> None:
    assert wrong_in(rule) == []


@pytest.mark.parametrize(
    ("written", "instead", "wrong"),
    [
        ("orderflex_intake_paused", "orderflex_intake_pause", "there is no orderflex_intake_pause"),
        ("reason=", "cause=", "orderflex_intake_paused has no label cause"),
        ("key_refused", "key_denied", "orderflex_intake_paused: reason is never key_denied"),
        ("by (namespace)", "by (step)", "nothing here has the label step"),
        ("sum by", "summe by", "there is no summe"),
    ],
)
def test_a_wrong_name_is_found(written: str, instead: str, wrong: str) -> None:
    (rule,) = (rule for rule in rules() if rule.name == "OrderflexKeyRefused")
    planted = replace(rule, expr=rule.expr.replace(written, instead))
    assert wrong_in(planted) == [wrong]


def test_the_example_of_routes_names_alerts_that_exist() -> None:
    names = {alert.name for alert in alerts()}
    text = (FOLDER / "alertmanager" / "example.yml").read_text(encoding="utf-8")
    for operator, named in re.findall(r'alertname(=~|!=|=)"([^"]+)"', text):
        wanted = named if operator == "=~" else re.escape(named)
        groups = re.sub(r"^Orderflex\((.+)\)$", r"\1", wanted).split("|")
        for one in groups:
            pattern = one if one.startswith("Orderflex") else f"Orderflex{one}"
            assert any(re.fullmatch(pattern, name) for name in names), pattern
