"""The chart as others use it: as a part of theirs, packaged, and under a kustomize overlay."""

import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
import yaml

from .chart import CHART, ROOT, Rendered, render
from .tools import tool

OVERLAY = ROOT / "deploy" / "kustomize"
BESIDE = {
    "ledgerUpgrade": {"mode": "job"},
    "dashboards": {"enabled": True, "namespace": "watching"},
}
"""The ledger upgraded without a hook, and something that lies in another namespace."""
KAFKA = {"settings": {"ORDERFLEX_KAFKA_BOOTSTRAP_SERVERS": "kafka:9092"}}


def _parent(folder: Path) -> Path:
    """A chart that has ours as a part, and shares `global` values and a condition with it."""
    shutil.copytree(CHART, folder / "charts" / "orderflex")
    chart = {
        "apiVersion": "v2",
        "name": "shop",
        "version": "1.0.0",
        "dependencies": [
            {"name": "orderflex", "version": "*.*.*", "condition": "orderflex.enabled"}
        ],
    }
    (folder / "Chart.yaml").write_text(yaml.safe_dump(chart), encoding="utf-8")
    return folder


def test_it_works_as_a_part_of_another_chart(tmp_path: Path) -> None:
    parent = _parent(tmp_path)
    shared = {"global": {"environment": "test"}}
    assert render(shared | {"orderflex": KAFKA | {"enabled": True}}, chart=parent).one("Deployment")
    assert render(shared | {"orderflex": {"enabled": False}}, chart=parent).resources == []


def test_the_package_holds_all_that_the_chart_needs(tmp_path: Path) -> None:
    packed = subprocess.run(
        [tool("helm"), "package", CHART, "--destination", tmp_path],
        capture_output=True,
        text=True,
        check=True,
    )
    package = Path(packed.stdout.strip().rpartition(" ")[2])
    with tarfile.open(package) as files:
        names = {Path(name).name for name in files.getnames()}
    assert {"service.yaml", "values.schema.json"} <= names
    everything = {"prometheusRule": {"enabled": True}, "dashboards": {"enabled": True}}
    from_package, from_folder = (
        render(KAFKA | everything, chart=chart) for chart in (package, CHART)
    )
    assert from_package.text == from_folder.text


@pytest.fixture
def overlaid(tmp_path: Path) -> Rendered:
    """What kustomize makes of our overlay over the chart's output."""
    for file in OVERLAY.glob("*.yaml"):
        shutil.copy(file, tmp_path)
    output = render(BESIDE).text
    (tmp_path / "orderflex.yaml").write_text(output, encoding="utf-8")
    built = subprocess.run(
        [tool("kustomize"), "build", tmp_path], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    return Rendered(built.stdout)


def test_the_overlay_changes_what_it_says_and_nothing_else(overlaid: Rendered) -> None:
    before = render(BESIDE)
    kinds = sorted(each["kind"] for each in before.resources)
    assert sorted(each["kind"] for each in overlaid.resources) == sorted([*kinds, "Namespace"])
    pod = overlaid.one("Deployment")["spec"]["template"]["spec"]
    assert pod["nodeSelector"] == {"egress": "allowed"}
    assert pod["containers"][0]["image"] == "registry.example.net/delivery/orderflex:0.1.0"
    places = {each["metadata"]["namespace"] for each in overlaid.resources[1:]}
    assert places == {"delivery", "watching"}
    assert all(
        each["metadata"]["labels"]["team"] == "fulfilment" for each in overlaid.resources[1:]
    )


def test_nothing_of_the_overlay_waits_for_a_hook(overlaid: Rendered) -> None:
    assert "helm.sh/hook:" not in yaml.safe_dump(overlaid.resources)
