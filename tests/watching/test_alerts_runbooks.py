"""What the runbooks tell people to type at three in the morning can be typed."""

import re
import shlex
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException
from typer.main import get_command

from service.cli import app
from service.ledger.attention_kinds import Kind
from service.metrics import METRICS
from service.page.routes import PAGES as OPERATOR_PAGES
from service.settings import Settings
from tests.promises.pages import code_blocks, text_of

from . import boards
from .alerts import RUNBOOKS, alerts

PAGES = sorted(RUNBOOKS.glob("*.md"))
OF_ALERTS = [page for page in PAGES if page.stem != "README"]
SECTIONS = ("What it means", "Look at", "Do", "Do not", "Over when", "Tell")
OURS = "-l app.kubernetes.io/name=orderflex"
DEPLOYED = "(?:deploy|deployment)/orderflex"
KNOWN = [
    rf"kubectl -n orderflex (?:get|describe) (?:pods|pvc|cronjobs,jobs)(?: -o wide| {OURS})?",
    rf"kubectl -n orderflex logs {OURS} --tail=-?\d+ --prefix(?: > orderflex\.log)?",
    rf"kubectl -n orderflex logs {DEPLOYED} --previous --tail=\d+",
    rf"kubectl -n orderflex rollout (?:status|restart) {DEPLOYED}",
    rf"kubectl -n orderflex scale {DEPLOYED} --replicas=\d+",
    r"helm -n orderflex (?:rollback|history) orderflex",
    rf"kubectl -n orderflex port-forward {DEPLOYED} 8080:8080 & sleep 2",
    rf"kubectl -n orderflex exec {DEPLOYED} -- df -h",
    r"kubectl -n orderflex delete pod (?:NAME|ask)",
    r"kubectl -n orderflex debug POD -it --copy-to=ask --container=orderflex -- orderflex \w+",
    r"kubectl -n orderflex patch secret orderflex --type=merge -p .+",
    r"curl -s http://127\.0\.0\.1:8080/(?:readyz|healthz)",
    r"curl -s -o /dev/null -w \S+ .*https://api\.electioapp\.com/\S*",
    r"curl -s -o /dev/null -w '[^']+' https://api\.electioapp\.com/",
    r"read -rs KEY",
    r"sed -i .+ deploy/alerts/\*\.yaml",
    r"promtool check rules( deploy/alerts/\w+\.yaml)+",
]
"""Commands that are not ours: these forms have been tried, or looked up."""
IN_A_POD = re.compile(rf"kubectl -n orderflex exec {DEPLOYED} -- (?=orderflex )")


def name_of(page: Path) -> str:
    """Name a page in a test's id."""
    return page.stem


def typed(page: Path) -> list[str]:
    """The commands of a page's blocks."""
    lines = [line for block in code_blocks(page, "sh") for line in block.splitlines()]
    return [line.strip() for line in lines if line.strip()]


def quoted(page: Path) -> list[str]:
    """What a page sets as code in its text."""
    text = re.sub(r"^```.*?^```$", "", text_of(page), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`\n]+)`", text)


def wrong_in(command: str, *, whole: bool = True) -> str | None:
    """Say what is wrong with a command; None when it can be typed.

    `whole`: it must have its arguments too; in the text of a page they may be left out.
    """
    ours = IN_A_POD.sub("", command)
    if not ours.startswith("orderflex "):
        is_known = any(re.fullmatch(known, command) for known in KNOWN)
        return None if is_known else f"nobody has tried: {command}"
    words = shlex.split(ours)[1:]
    found = get_command(app)
    while isinstance(found, TyperGroup):
        name = words.pop(0) if words else ""
        inner = found.get_command(typer.Context(found), name)
        if inner is None:
            return f"there is no {name} in: {ours}"
        found = inner
    try:
        found.make_context("orderflex", words)
    except TyperException as error:
        is_short = str(error).startswith("Missing parameter")
        return f"{error}: {ours}" if whole or not is_short else None
    return None


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_can_be_typed(page: Path) -> None:
    assert [wrong for command in typed(page) if (wrong := wrong_in(command))] == []
    ours = [code for code in quoted(page) if code.startswith(("orderflex ", "kubectl "))]
    ours = [code for code in ours if "…" not in code]
    assert [wrong for code in ours if (wrong := wrong_in(code, whole=False))] == []


@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        ("orderflex dead-letter list", "there is no dead-letter"),
        ("orderflex dead-letters replay 17 --why mended", "--why"),
        ("orderflex attention --kind stray", "'stray'"),
        ("orderflex dead-letters discard 17", "because"),
        ("kubectl -n orderflex exec deploy/orderflex -- orderflex order list", "there is no list"),
        ("kubectl -n orderflex restart deploy/orderflex", "nobody has tried"),
    ],
)
def test_a_command_that_does_not_exist_is_found(command: str, wrong: str) -> None:
    assert wrong in (wrong_in(command) or "")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_what_decides_in_a_pod_says_who(page: Path) -> None:
    decides = r"orderflex (seen|order (again|cancel)|consignment (cancel|reallocate)"
    decides += r"|dead-letters (replay|discard)) "
    asked = [each for each in typed(page) if IN_A_POD.search(each) and re.search(decides, each)]
    assert [each for each in asked if " --by YOUR_NAME " not in each] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_setting_and_metric_exists(page: Path) -> None:
    words = set(re.findall(r"\b(?:ORDERFLEX|orderflex)_\w+", text_of(page)))
    settings = {f"ORDERFLEX_{name.upper()}" for name in Settings.model_fields}
    assert words - settings - {metric.name.value for metric in METRICS} == set()


@pytest.mark.parametrize("page", OF_ALERTS, ids=name_of)
def test_every_page_has_the_same_parts(page: Path) -> None:
    (alert,) = (alert for alert in alerts() if alert.name == page.stem)
    text = text_of(page)
    severity = alert.labels["severity"].capitalize()
    assert text.startswith(f"# {alert.name}\n\n**{severity}.** ")
    assert tuple(re.findall(r"^## (.+)$", text, re.MULTILINE)) == SECTIONS
    assert len(text.splitlines()) <= 90, "too long for three in the morning"


def test_the_index_lists_every_alert_with_its_severity() -> None:
    told = dict(
        re.findall(r"^\| \[(\w+)\]\(\1\.md\) \| (page|ticket):", _index(), re.MULTILINE),
    )
    assert told == {alert.name: alert.labels["severity"] for alert in alerts()}


def _index() -> str:
    return text_of(RUNBOOKS / "README.md")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_dashboard_and_panel_exists(page: Path) -> None:
    found = {file.stem: boards.read(file) for file in boards.files()}
    titles = {panel.get("title") for board in found.values() for panel in board["panels"]}
    names = {"PRO" if name == "pro" else name for name in found}
    text = re.sub(r"^```.*?^```$", "", text_of(page), flags=re.MULTILINE | re.DOTALL)
    named = re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", re.sub(r"`[^`\n]+`", "", text))
    assert set(named) - names - titles == set()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_page_of_the_operators_exists(page: Path) -> None:
    for path, kind in re.findall(r"`(/[a-z-]*)(?:\?kind=(\w+))?`", text_of(page)):
        if path not in ("/readyz", "/healthz", "/metrics"):
            assert path in OPERATOR_PAGES
            assert kind == "" or kind in tuple(Kind)
