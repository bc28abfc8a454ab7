"""Prometheus finds every replica, and has the project's own alerts and dashboards."""

import yaml

from .chart import ROOT, Rendered, render

ALERTS = ROOT / "deploy" / "alerts"
DASHBOARDS = ROOT / "deploy" / "dashboards"
ALL = {
    "podMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "prometheusRule": {"enabled": True, "labels": {"release": "prometheus"}},
    "dashboards": {"enabled": True},
}


def _alerts(rendered: Rendered) -> list[dict[str, object]]:
    groups = rendered.one("PrometheusRule")["spec"]["groups"]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


def test_what_needs_another_operator_is_off() -> None:
    kinds = {each["kind"] for each in render().resources}
    assert kinds.isdisjoint({"PodMonitor", "PrometheusRule", "ScaledObject", "KafkaTopic"})


def test_every_pod_of_the_service_is_scraped_on_its_port() -> None:
    rendered = render(ALL)
    monitor = rendered.one("PodMonitor")
    template = rendered.one("Deployment")["spec"]["template"]
    wanted = monitor["spec"]["selector"]["matchLabels"]
    assert wanted.items() <= template["metadata"]["labels"].items()
    endpoint = monitor["spec"]["podMetricsEndpoints"][0]
    assert (endpoint["port"], endpoint["path"]) == ("http", "/metrics")
    assert monitor["metadata"]["labels"]["release"] == "prometheus"


def test_all_alerts_of_the_project_are_there_word_for_word() -> None:
    groups = [
        group
        for file in sorted(ALERTS.glob("*.yaml"))
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
    ]
    assert groups
    assert render(ALL).one("PrometheusRule")["spec"]["groups"] == groups


def test_alerts_lead_to_the_runbooks_and_dashboards_of_the_house() -> None:
    house = {
        "prometheusRule": {
            "enabled": True,
            "runbooks": "https://docs.example.net/runbooks/",
            "grafana": "https://watch.example.net",
        }
    }
    for alert in _alerts(render(house)):
        notes = alert["annotations"]
        assert isinstance(notes, dict)
        assert notes["runbook_url"] == f"https://docs.example.net/runbooks/{alert['alert']}.md"
        assert notes["dashboard_url"].startswith("https://watch.example.net/d/")


def test_all_dashboards_of_the_project_are_there_for_grafana_s_sidecar() -> None:
    found = [
        each
        for each in render(ALL).all("ConfigMap")
        if each["metadata"]["labels"].get("grafana_dashboard") == "1"
    ]
    written = {file.name: file.read_text(encoding="utf-8") for file in DASHBOARDS.glob("*.json")}
    assert {name: text for each in found for name, text in each["data"].items()} == {
        name: text.rstrip("\n") for name, text in written.items()
    }


def test_dashboards_lead_to_the_runbooks_of_the_house() -> None:
    house = {
        "prometheusRule": {"runbooks": "https://docs.example.net/runbooks/"},
        "dashboards": {"enabled": True},
    }
    boards = [
        text
        for each in render(house).all("ConfigMap")
        if each["metadata"]["labels"].get("grafana_dashboard") == "1"
        for text in each["data"].values()
    ]
    assert len(boards) == len(list(DASHBOARDS.glob("*.json")))
    for text in boards:
        assert 'https://docs.example.net/runbooks"' in text
        assert "runbooks.example/" not in text
