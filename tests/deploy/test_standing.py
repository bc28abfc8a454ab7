"""The programs that judge charts and images find nothing to say of ours."""

import json
import subprocess
from pathlib import Path

import pytest

from .chart import CHART, EXAMPLES, KUBERNETES, ROOT, Rendered, render
from .tools import tool

SCHEMAS = Path(__file__).parent / "schemas"

LEFT_OUT = {
    "container-resources": "no CPU limit: it would throttle a service that has one core anyway",
    "container-image-pull-policy": "tags are versions and never moved; a digest is better still",
    "deployment-has-host-podantiaffinity": "topology spread does it, and it is checked",
    "statefulset-has-host-podantiaffinity": "topology spread does it, and it is checked",
}
"""What kube-score would have otherwise, and why it is not so."""
SCALED_LEFT_OUT = {"deployment-replicas": "KEDA says how many, two at least by default"}
"""The same, of a release that KEDA scales."""

EVERYTHING = {
    "api": {
        "enabled": True,
        "ingress": {"enabled": True, "host": "api.example.net", "tlsSecret": "api-tls"},
    },
    "page": {
        "enabled": True,
        "ingress": {"enabled": True, "host": "orders.example.net", "tlsSecret": "page-tls"},
    },
    "networkPolicy": {
        "apiFrom": [{"podSelector": {}}],
        "pageFrom": [{"podSelector": {}}],
        "egress": {"otlp": {"enabled": True}},
    },
    "podMonitor": {"enabled": True},
    "prometheusRule": {"enabled": True},
    "dashboards": {"enabled": True},
    "kafkaTopics": {"enabled": True, "cluster": "orders"},
    "kafkaUser": {"enabled": True},
    "manifests": [{"location": "LEEDS_DC", "schedule": "0 16 * * *", "timeZone": "Europe/London"}],
    "certificates": [{"name": "pro", "configMap": "pro-ca"}],
    "secret": {"as": "environment", "settings": {"ORDERFLEX_KAFKA_PASSWORD": {}}},
    "settings": {
        "ORDERFLEX_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "ORDERFLEX_KAFKA_SASL_MECHANISM": "PLAIN",
        "ORDERFLEX_KAFKA_USERNAME": "orderflex",
        "ORDERFLEX_LEDGER_TIMEOUT": 30,
    },
}
STATIC = {
    "staticMembership": True,
    "settings": {"ORDERFLEX_KAFKA_SESSION_TIMEOUT": 90},
}


def _ways() -> dict[str, Rendered]:
    """Every shape that a release can have, by a name."""
    ways = {"defaults": render(), "everything": render(EVERYTHING), "static": render(STATIC)}
    ways |= {example.stem: render(None, example) for example in EXAMPLES}
    return ways


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_helm_lint_is_content(example: Path) -> None:
    ended = subprocess.run(
        [tool("helm"), "lint", "--strict", "--kube-version", KUBERNETES, "-f", example, CHART],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_every_field_is_known_to_kubernetes_and_the_operators() -> None:
    schemas = str(SCHEMAS / "{{.ResourceKind}}{{.KindSuffix}}.json")
    for name, rendered in _ways().items():
        ended = subprocess.run(
            [tool("kubeconform"), "-strict", "-output", "json", "-schema-location", schemas, "-"],
            input=rendered.text,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, f"{name}: {ended.stdout}"
        assert rendered.resources, name


def test_kube_score_is_content() -> None:
    for name, rendered in _ways().items():
        left_out = LEFT_OUT | (SCALED_LEFT_OUT if rendered.all("ScaledObject") else {})
        ignored = [f"--ignore-test={check}" for check in left_out]
        ended = subprocess.run(
            [tool("kube-score"), "score", "--output-format=json", *ignored, "-"],
            input=rendered.text,
            capture_output=True,
            text=True,
            check=False,
        )
        said = [
            f"{each['object_name']}: {check['check']['id']}: {check['comments']}"
            for each in json.loads(ended.stdout)
            for check in each["checks"]
            if not check["skipped"] and check["grade"] < 10
        ]
        assert said == [], name


def test_hadolint_is_content() -> None:
    ended = subprocess.run(
        [tool("hadolint"), ROOT / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout
