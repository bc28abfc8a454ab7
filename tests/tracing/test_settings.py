"""The settings of traces: off unless a collector is named, and nothing secret is shown."""

import subprocess
import sys
from pathlib import Path

import pytest

from service import from_settings
from service.settings import BadSettings, Settings, load
from service.tracing.traced import NO_TRACING, UNTRACED

from .collector import Collector
from .spans import TRACE, TRACEPARENT

IS_LOADED = "import sys, service.wiring; print('opentelemetry.sdk' in sys.modules)"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def bad(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> str:
    monkeypatch.setenv(f"ORDERFLEX_TRACING_{name}", value)
    with pytest.raises(BadSettings) as caught:
        load()
    return str(caught.value)


def test_without_a_collector_nothing_is_traced() -> None:
    tracing = from_settings.tracing_of(Settings(), lambda _spans: None)
    assert tracing is NO_TRACING
    assert tracing.event("order.placed", TRACEPARENT, "seed", {}) is UNTRACED
    assert tracing.timed("stray_search", TRACEPARENT) is UNTRACED


def test_the_sdks_own_switch_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    settings = Settings(tracing_endpoint="https://collector")
    assert from_settings.tracing_of(settings, lambda _spans: None) is NO_TRACING


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENDPOINT", "collector:4318"),
        ("ENDPOINT", "http://me:s3cret@collector:4318"),
        ("ENDPOINT", "http://collector:4318/v1/traces?token=s3cret"),
        ("HEADERS", "s3cret"),
        ("HEADERS", "authorization=s3cret\nx: y"),
        ("SHARE", "1.5"),
        ("SERVICE", ""),
    ],
)
def test_what_can_not_be_used_is_refused_by_name_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    said = bad(monkeypatch, name, value)
    assert f"ORDERFLEX_TRACING_{name}" in said
    assert "s3cret" not in said


def test_headers_are_not_sent_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERFLEX_TRACING_HEADERS", "authorization=Bearer s3cret")
    said = bad(monkeypatch, "ENDPOINT", "http://collector:4318")
    assert "ORDERFLEX_TRACING_HEADERS" in said
    assert "s3cret" not in said


def test_a_missing_file_of_certificates_is_named() -> None:
    settings = Settings(
        tracing_endpoint="https://collector", tracing_ca_file=Path("/nowhere/ca.pem")
    )
    with pytest.raises(BadSettings, match="ORDERFLEX_TRACING_CA_FILE"):
        from_settings.tracing_of(settings, lambda _spans: None)


async def test_the_settings_are_what_the_collector_sees(
    monkeypatch: pytest.MonkeyPatch, collector: Collector
) -> None:
    monkeypatch.setenv("ORDERFLEX_TRACING_ENDPOINT", collector.endpoint)
    monkeypatch.setenv("ORDERFLEX_TRACING_HEADERS", "x-tenant=shop, authorization=Basic YTpi==")
    monkeypatch.setenv("ORDERFLEX_TRACING_ENVIRONMENT", "staging")
    monkeypatch.setenv("ORDERFLEX_TRACING_SERVICE", "orderflex-eu")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "k8s.pod.name=orderflex-0")
    monkeypatch.setenv("ORDERFLEX_KAFKA_GROUP", "flex")
    settings = load()
    assert "YTpi" not in repr(settings)
    tracing = from_settings.tracing_of(settings, lambda _spans: None)
    with tracing.event("order.placed", TRACEPARENT, "seed", {}):
        pass
    await tracing.close(5)
    (span,) = collector.spans()
    assert (span.trace, span.attributes["messaging.consumer.group.name"]) == (TRACE, "flex")
    assert span.resource["service.name"] == "orderflex-eu"
    assert span.resource["deployment.environment.name"] == "staging"
    assert span.resource["k8s.pod.name"] == "orderflex-0"
    (headers,) = collector.headers
    assert (headers["x-tenant"], headers["authorization"]) == ("shop", "Basic YTpi==")


def test_without_a_collector_the_sdk_is_not_even_loaded() -> None:
    ended = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, service.wiring; print('opentelemetry.sdk' in sys.modules)",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.strip() == "False"
