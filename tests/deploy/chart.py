"""Renders the chart as Helm does, and finds what is in it."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .tools import tool

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy" / "chart" / "orderflex"
LEAST = Path(__file__).with_name("least.yaml")
"""The least that a release needs."""
EXAMPLES = tuple(sorted(CHART.glob("values-*.yaml")))

KUBERNETES = "1.35.0"
"""The version that the chart is rendered for."""

Resource = dict[str, Any]


class Refused(Exception):
    """Helm does not render these values; the text is what the user reads."""


@dataclass(frozen=True)
class Rendered:
    """What `helm template` makes of some values."""

    text: str

    @property
    def resources(self) -> list[Resource]:
        """Every resource, as it lies in the output."""
        return [each for each in yaml.safe_load_all(self.text) if each]

    def all(self, kind: str) -> list[Resource]:
        """The resources of one kind."""
        return [each for each in self.resources if each["kind"] == kind]

    def one(self, kind: str, ending: str = "") -> Resource:
        """The only resource of a kind whose name ends so."""
        found = [each for each in self.all(kind) if each["metadata"]["name"].endswith(ending)]
        assert len(found) == 1, [each["metadata"]["name"] for each in found]
        return found[0]

    def pods(self) -> dict[str, Resource]:
        """The spec of every pod that is ever run, by the kind and name of what runs it."""
        found = {}
        for each in self.resources:
            spec = each.get("spec", {})
            template = spec.get("jobTemplate", {}).get("spec", spec).get("template", {})
            if "spec" in template:
                found[f"{each['kind']} {each['metadata']['name']}"] = template["spec"]
        return found


def render(
    values: Mapping[str, Any] | None = None,
    *files: Path,
    chart: Path = CHART,
    release: str = "shop",
) -> Rendered:
    """Run `helm template` with these values above the least that a release needs.

    Raises Refused.
    """
    command = [tool("helm"), "template", release, str(chart), "--namespace", "delivery"]
    command += ["--kube-version", KUBERNETES]
    for file in files or (LEAST,):
        command += ["--values", str(file)]
    ended = subprocess.run(
        [*command, "--values", "-"],
        input=yaml.safe_dump(dict(values or {})),
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise Refused(ended.stderr)
    return Rendered(ended.stdout)


def secrets_of(pod: Resource) -> dict[str, tuple[str, str]]:
    """The secret settings of a pod's only container, and the Secret and key of each."""
    named = {}
    for each in pod["containers"][0].get("env", []):
        reference = each.get("valueFrom", {}).get("secretKeyRef")
        if reference:
            assert not reference.get("optional")
            named[each["name"]] = (reference["name"], reference["key"])
    for volume in pod["volumes"]:
        for source in volume.get("projected", {}).get("sources", []):
            secret = source["secret"]
            assert not secret.get("optional")
            for item in secret["items"]:
                named[item["path"]] = (secret["name"], item["key"])
    return named


def service_pod(rendered: Rendered) -> Resource:
    """The spec of the service's own pods."""
    workload = next(e for e in rendered.resources if e["kind"] in ("Deployment", "StatefulSet"))
    pod: Resource = workload["spec"]["template"]["spec"]
    return pod


def service_container(rendered: Rendered) -> Resource:
    """The container of the service itself."""
    container: Resource = service_pod(rendered)["containers"][0]
    return container
