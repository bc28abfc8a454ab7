"""Who may call the pods, and whom they may call."""

from typing import Any

import pytest

from .chart import Rendered, Resource, render

LEEDS = {"location": "LEEDS_DC", "schedule": "0 16 * * *", "timeZone": "Europe/London"}


def _ports(rules: list[Resource]) -> set[tuple[Any, str]]:
    return {(port["port"], port["protocol"]) for rule in rules for port in rule["ports"]}


def test_the_service_calls_names_kafka_postgresql_and_https_and_nothing_else() -> None:
    policy = render().one("NetworkPolicy", "orderflex")["spec"]
    assert set(policy["policyTypes"]) == {"Ingress", "Egress"}
    assert _ports(policy["egress"]) == {
        (53, "UDP"),
        (53, "TCP"),
        (9092, "TCP"),
        (5432, "TCP"),
        (443, "TCP"),
    }


def test_kafka_s_port_is_that_of_the_brokers() -> None:
    values = {"settings": {"ORDERFLEX_KAFKA_BOOTSTRAP_SERVERS": "a.example.net:9096, b:9097"}}
    policy = render(values).one("NetworkPolicy", "orderflex")["spec"]
    assert {(9096, "TCP"), (9097, "TCP")} <= _ports(policy["egress"])
    assert (9092, "TCP") not in _ports(policy["egress"])
    listed = {"settings": {"ORDERFLEX_KAFKA_BOOTSTRAP_SERVERS": ["a:9096", "b:9097"]}}
    assert render(listed).one("NetworkPolicy", "orderflex")["spec"] == policy


def test_a_cron_job_reaches_who_gives_the_tokens_for_kafka() -> None:
    tokens = {"ORDERFLEX_KAFKA_OAUTH_TOKEN_URL": "https://login.example.net:8443/token"}
    policy = render({"manifests": [LEEDS], "settings": tokens}).one("NetworkPolicy", "-manifest")
    assert (8443, "TCP") in _ports(policy["spec"]["egress"])
    assert (443, "TCP") not in _ports(policy["spec"]["egress"])


def test_the_job_s_policy_is_not_the_one_that_the_hook_left() -> None:
    hook, job = (
        {
            each["metadata"]["name"]
            for each in render({"ledgerUpgrade": {"mode": mode}}).all("NetworkPolicy")
            if each["metadata"]["name"] != "shop-orderflex"
        }
        for mode in ("hook", "job")
    )
    assert hook
    assert job
    assert hook & job == set()


def test_ports_that_addresses_name_are_open() -> None:
    values = {
        "settings": {
            "ORDERFLEX_PRO_URL": "https://pro.example.net:8443/",
            "ORDERFLEX_PAPERS_ENDPOINT": "http://minio.storage:9000",
            "ORDERFLEX_TRACING_ENDPOINT": "http://collector.watching:4317",
        }
    }
    policy = render(values).one("NetworkPolicy", "orderflex")["spec"]
    wanted = {(port, "TCP") for port in (443, 8443, 9000, 4317)}
    assert wanted <= _ports(policy["egress"])


def test_where_to_may_be_said() -> None:
    brokers = [{"ipBlock": {"cidr": "10.20.0.0/16"}}]
    values = {"networkPolicy": {"egress": {"kafka": {"to": brokers}, "otlp": {"enabled": True}}}}
    policy = render(values).one("NetworkPolicy", "orderflex")["spec"]
    kafka = next(rule for rule in policy["egress"] if (9092, "TCP") in _ports([rule]))
    assert kafka["to"] == brokers
    assert (4318, "TCP") in _ports(policy["egress"])


def test_only_prometheus_calls_and_only_for_metrics() -> None:
    policy = render().one("NetworkPolicy", "orderflex")["spec"]
    assert _ports(policy["ingress"]) == {("http", "TCP")}
    assert policy["ingress"][0]["from"][0]["namespaceSelector"]["matchLabels"] == {
        "kubernetes.io/metadata.name": "monitoring"
    }


@pytest.mark.parametrize("part", ["api", "page"])
def test_nobody_calls_the_operations_api_or_the_page_but_those_named(part: str) -> None:
    values: dict[str, Any] = {part: {"enabled": True}}
    policy = render(values).one("NetworkPolicy", "orderflex")["spec"]
    assert (part, "TCP") not in _ports(policy["ingress"])

    desk = [{"podSelector": {"matchLabels": {"app": "desk"}}}]
    named = render(values | {"networkPolicy": {f"{part}From": desk}})
    rules = named.one("NetworkPolicy", "orderflex")["spec"]["ingress"]
    assert next(r for r in rules if (part, "TCP") in _ports([r]))["from"] == desk


def test_every_pod_stands_under_a_policy_and_jobs_call_only_what_they_need() -> None:
    for mode in ("hook", "job"):
        rendered = render({"manifests": [LEEDS], "ledgerUpgrade": {"mode": mode}})
        policies = {
            each["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"]: each["spec"]
            for each in rendered.all("NetworkPolicy")
        }
        assert set(policies) == _components(rendered)
        assert _ports(policies["manifest"]["egress"]) == {(53, "TCP"), (53, "UDP"), (9092, "TCP")}
        assert _ports(policies["ledger-upgrade"]["egress"]) == {
            (53, "TCP"),
            (53, "UDP"),
            (5432, "TCP"),
        }
        assert all("ingress" not in policies[c] for c in ("manifest", "ledger-upgrade"))


def _components(rendered: Rendered) -> set[str]:
    """The components that pods belong to."""
    found = set()
    for each in rendered.resources:
        spec = each.get("spec", {})
        template = spec.get("jobTemplate", {}).get("spec", spec).get("template")
        if template:
            found.add(template["metadata"]["labels"]["app.kubernetes.io/component"])
    return found


def test_no_policy_where_none_is_wanted() -> None:
    values = {"networkPolicy": {"enabled": False}, "manifests": [LEEDS]}
    assert render(values).all("NetworkPolicy") == []
