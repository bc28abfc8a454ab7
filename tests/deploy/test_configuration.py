"""Settings reach the pods as the service reads them, and each pod only the secrets it needs."""

from pathlib import Path
from typing import Any

import pytest

from service.settings import Settings

from . import facts
from .chart import CHART, EXAMPLES, LEAST, Rendered, render, secrets_of, service_pod
from .kubelet import environment_of
from .test_standing import EVERYTHING

SOME = {
    "ORDERFLEX_KAFKA_BOOTSTRAP_SERVERS": "a:9092,b:9092",
    "ORDERFLEX_MAX_EVENT_BYTES": 1000000,
    "ORDERFLEX_ALLOCATION_LINGER": 0.05,
    "ORDERFLEX_KAFKA_CREATE_TOPICS": False,
    "ORDERFLEX_STEPS_OFF": ["consignment.allocated", "manifest.requested"],
    "ORDERFLEX_COLLECTIONS": {"LEEDS_DC": {"timezone": "Europe/London", "times": ["16:30"]}},
}


def test_the_chart_knows_the_service_of_this_version() -> None:
    written = (CHART / "files" / "service.yaml").read_text(encoding="utf-8")
    assert written == facts.page(), "write it anew: make schemas"


def test_the_service_reads_what_the_chart_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    written = render({"settings": SOME}).one("ConfigMap")["data"]
    for name, value in written.items():
        monkeypatch.setenv(name, value)
    read = Settings()
    assert read.kafka_bootstrap_servers == "a:9092,b:9092"
    assert read.max_event_bytes == 1_000_000
    assert read.allocation_linger == 0.05
    assert read.kafka_create_topics is False
    assert read.steps_off == ("consignment.allocated", "manifest.requested")
    assert list(read.collections) == ["LEEDS_DC"]
    assert (read.http_host, read.http_port) == ("0.0.0.0", 8080)  # noqa: S104


SECRETS = {
    "ORDERFLEX_PRO_KEY": "a-key",
    "ORDERFLEX_LEDGER_URL": "postgresql+asyncpg://a:b@c/d",
    "ORDERFLEX_PAYLOAD_KEYS": "a-key",
    "ORDERFLEX_KAFKA_PASSWORD": "a-password",
    "ORDERFLEX_API_TOKENS": "ada=a-token-of-twenty-characters",
    "ORDERFLEX_PAGE_TOKENS": "ada=a-token-of-twenty-characters",
    "ORDERFLEX_PAGE_PROXY_SECRET": "a-secret-of-twenty-characters",
}
PROXY: dict[str, Any] = {
    "page": {"enabled": True},
    "settings": {"ORDERFLEX_PAGE_USER_HEADER": "X-Forwarded-Email"},
    "secret": {"settings": {"ORDERFLEX_PAGE_PROXY_SECRET": {}}},
    "manifests": [{"location": "LEEDS_DC", "schedule": "0 16 * * *", "timeZone": "Europe/London"}],
}
RELEASES: dict[str, tuple[dict[str, Any], Path]] = {
    "everything": (EVERYTHING, LEAST),
    "a proxy": (PROXY, LEAST),
    **{example.stem: ({}, example) for example in EXAMPLES},
}


@pytest.mark.parametrize(("values", "file"), RELEASES.values(), ids=RELEASES)
def test_every_command_starts_with_the_settings_and_secrets_of_its_own_pod(
    values: dict[str, Any], file: Path, tmp_path: Path
) -> None:
    rendered = render(values, file)
    pods = rendered.pods()
    assert len(pods) > 1
    for number, (name, pod) in enumerate(pods.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        with pytest.MonkeyPatch.context() as environment:
            for setting, value in environment_of(rendered, pod, SECRETS, folder).items():
                environment.setenv(setting, value)
            read = Settings()
        for setting in secrets_of(pod):
            assert getattr(read, setting.removeprefix("ORDERFLEX_").lower()), f"{name}: {setting}"


def test_a_pod_without_one_of_its_secrets_does_not_start() -> None:
    assert secrets_of(service_pod(render())) == {
        name: ("shop-orderflex", name)
        for name in ("ORDERFLEX_LEDGER_URL", "ORDERFLEX_PAYLOAD_KEYS", "ORDERFLEX_PRO_KEY")
    }


def test_a_secret_may_come_from_elsewhere_under_another_name() -> None:
    values = {
        "secret": {
            "name": "delivery",
            "settings": {"ORDERFLEX_LEDGER_URL": {"secret": "ledger-app", "key": "url"}},
        }
    }
    secrets = secrets_of(service_pod(render(values)))
    assert secrets["ORDERFLEX_LEDGER_URL"] == ("ledger-app", "url")
    assert secrets["ORDERFLEX_PRO_KEY"] == ("delivery", "ORDERFLEX_PRO_KEY")


def test_the_operations_api_brings_its_tokens() -> None:
    rendered = render({"api": {"enabled": True}})
    assert "ORDERFLEX_API_TOKENS" in secrets_of(service_pod(rendered))
    assert rendered.one("ConfigMap")["data"]["ORDERFLEX_API_HOST"] == "0.0.0.0"  # noqa: S104
    service = rendered.one("Service", "-api")["spec"]
    assert service["publishNotReadyAddresses"] is True
    assert service["ports"][0]["targetPort"] == "api"


def test_the_operator_page_brings_its_tokens_and_goes_over_tls_alone_where_people_reach_it() -> (
    None
):
    rendered = render({"page": {"enabled": True}})
    assert "ORDERFLEX_PAGE_TOKENS" in secrets_of(service_pod(rendered))
    assert "ORDERFLEX_PAGE_HTTPS" not in rendered.one("ConfigMap")["data"]

    rendered = render(EVERYTHING)
    assert rendered.one("ConfigMap", "orderflex")["data"]["ORDERFLEX_PAGE_HTTPS"] == "true"
    ingress = rendered.one("Ingress", "-page")["spec"]
    assert ingress["tls"] == [{"hosts": ["orders.example.net"], "secretName": "page-tls"}]
    service = rendered.one("Service", "-page")["spec"]
    assert (service["publishNotReadyAddresses"], service["ports"][0]["port"]) == (True, 80)


def test_a_proxy_that_signs_people_in_proves_itself_by_a_secret() -> None:
    values = {
        "page": {"enabled": True},
        "settings": {"ORDERFLEX_PAGE_USER_HEADER": "X-Forwarded-Email"},
        "secret": {"settings": {"ORDERFLEX_PAGE_PROXY_SECRET": {}}},
    }
    secrets = secrets_of(service_pod(render(values)))
    assert "ORDERFLEX_PAGE_PROXY_SECRET" in secrets
    assert "ORDERFLEX_PAGE_TOKENS" not in secrets


def test_no_value_of_a_secret_is_ever_in_the_release() -> None:
    assert render(EVERYTHING).all("Secret") == []


def test_secrets_are_files_that_are_replaced_or_variables() -> None:
    pod = service_pod(render())
    mount = next(m for m in pod["containers"][0]["volumeMounts"] if m["name"] == "secrets")
    assert mount == {"name": "secrets", "mountPath": "/run/secrets/orderflex", "readOnly": True}
    as_variables = service_pod(render({"secret": {"as": "environment"}}))
    assert "secrets" not in [volume["name"] for volume in as_variables["volumes"]]
    assert secrets_of(as_variables) == secrets_of(pod)


def test_the_external_secret_holds_what_the_pods_ask_for() -> None:
    rendered = render(
        {
            "secret": {
                "settings": {"ORDERFLEX_LEDGER_URL": {"secret": "ledger-app", "key": "url"}},
                "externalSecret": {
                    "enabled": True,
                    "store": {"name": "vault"},
                    "remoteKey": "delivery/orderflex",
                },
            },
            "ledgerUpgrade": {"mode": "job"},
        }
    )
    spec = rendered.one("ExternalSecret")["spec"]
    assert spec["target"]["name"] == "shop-orderflex"
    assert spec["target"]["deletionPolicy"] == "Retain"
    assert {each["secretKey"]: each["remoteRef"] for each in spec["data"]} == {
        name: {"key": "delivery/orderflex", "property": name}
        for name in ("ORDERFLEX_PAYLOAD_KEYS", "ORDERFLEX_PRO_KEY")
    }


def test_certificates_are_mounted_in_every_pod() -> None:
    rendered: Rendered = render(
        {
            "certificates": [{"name": "kafka", "secret": "kafka-ca"}],
            "manifests": [
                {"location": "LEEDS_DC", "schedule": "0 16 * * *", "timeZone": "Europe/London"}
            ],
        }
    )
    pods = rendered.pods()
    assert len(pods) == 3
    for name, pod in pods.items():
        mounts = {each["mountPath"] for each in pod["containers"][0]["volumeMounts"]}
        assert "/etc/orderflex/kafka" in mounts, name
