"""The ledger is upgraded before the service, and manifests are asked for once."""

from typing import Any

from typer.testing import CliRunner

from service.cli import app
from service.events.envelope import parse
from service.events.topics import EventType

from .chart import Rendered, Resource, render, secrets_of

LEEDS = {"location": "LEEDS_DC", "schedule": "30 16 * * 1-5", "timeZone": "Europe/London"}


def _annotations(resource: Resource) -> dict[str, str]:
    found: dict[str, str] = resource["metadata"].get("annotations", {})
    return found


def test_a_hook_upgrades_the_ledger_before_anything_of_the_release_is_there() -> None:
    rendered = render()
    job = rendered.one("Job", "-ledger-upgrade")
    assert _annotations(job)["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert _annotations(job)["argocd.argoproj.io/hook"] == "PreSync"
    pod = job["spec"]["template"]["spec"]
    assert pod["containers"][0]["args"] == ["ledger", "upgrade"]
    assert pod["serviceAccountName"] == "default"
    assert "envFrom" not in pod["containers"][0]


def test_the_hook_s_way_to_the_database_is_open_before_it_runs() -> None:
    policy = render().one("NetworkPolicy", "-ledger-upgrade")
    assert int(_annotations(policy)["helm.sh/hook-weight"]) < 0
    assert _annotations(policy)["helm.sh/hook"] == "pre-install,pre-upgrade"


def test_the_upgrade_gets_the_ledger_s_secret_and_settings_and_no_others() -> None:
    values = {"settings": {"ORDERFLEX_LEDGER_TIMEOUT": 30, "ORDERFLEX_DRAIN": 30}}
    job = render(values).one("Job")["spec"]["template"]["spec"]["containers"][0]
    assert [each["name"] for each in job["env"]] == [
        "ORDERFLEX_LEDGER_TIMEOUT",
        "ORDERFLEX_SECRETS_DIR",
    ]
    pod = render(values).one("Job")["spec"]["template"]["spec"]
    assert secrets_of(pod) == {"ORDERFLEX_LEDGER_URL": ("shop-orderflex", "ORDERFLEX_LEDGER_URL")}


def test_beside_the_release_the_upgrade_has_a_new_name_for_each_version() -> None:
    def job(tag: str) -> Resource:
        values = {"ledgerUpgrade": {"mode": "job"}, "image": {"tag": tag}}
        return render(values).one("Job")

    assert _annotations(job("0.1.0")) == {}
    assert job("0.1.0")["metadata"]["name"] == job("0.1.0")["metadata"]["name"]
    assert job("0.1.0")["metadata"]["name"] != job("0.2.0")["metadata"]["name"]


def test_a_restoration_is_said_by_a_job_of_its_own_name() -> None:
    upgrade = render({"ledgerUpgrade": {"mode": "job"}}).one("Job")
    restored = render({"ledgerUpgrade": {"mode": "job", "command": "restored"}}).one("Job")
    assert restored["metadata"]["name"] != upgrade["metadata"]["name"]
    container = restored["spec"]["template"]["spec"]["containers"][0]
    assert CliRunner().invoke(app, [*container["args"], "--help"]).exit_code == 0
    assert container["args"] == ["ledger", "restored"]


def test_who_upgrades_the_ledger_himself_gets_no_job() -> None:
    assert render({"ledgerUpgrade": {"mode": "none"}}).all("Job") == []


def _manifests(*manifests: dict[str, Any]) -> Rendered:
    return render({"manifests": list(manifests)})


def test_each_location_has_its_cron_job_in_its_own_time() -> None:
    rendered = _manifests(LEEDS, LEEDS | {"location": "MALMO_HUB", "carriers": ["NORTHLINE"]})
    jobs = rendered.all("CronJob")
    assert len({each["metadata"]["name"] for each in jobs}) == 2
    assert all(len(each["metadata"]["name"]) <= 52 for each in jobs)
    for each in jobs:
        assert each["spec"]["timeZone"] == "Europe/London"
        assert each["spec"]["concurrencyPolicy"] == "Forbid"


def test_a_second_try_of_a_job_asks_for_the_same_manifest() -> None:
    container = _container(_manifests(LEEDS))
    named = next(each for each in container["env"] if each["name"] == "JOB")
    path = "metadata.labels['batch.kubernetes.io/job-name']"
    assert named["valueFrom"] == {"fieldRef": {"fieldPath": path}}
    assert "--reference=$(JOB)" in container["args"]


def test_a_cron_job_gets_no_secret_but_kafka_s() -> None:
    values = {
        "manifests": [LEEDS],
        "secret": {"settings": {"ORDERFLEX_KAFKA_PASSWORD": {"secret": "user", "key": "password"}}},
    }
    spec = render(values).one("CronJob")["spec"]
    pod = spec["jobTemplate"]["spec"]["template"]["spec"]
    assert secrets_of(pod) == {"ORDERFLEX_KAFKA_PASSWORD": ("user", "password")}


def test_the_command_takes_the_arguments_of_the_cron_job() -> None:
    container = _container(_manifests(LEEDS | {"carriers": ["NORTHLINE", "PEAK"]}))
    taken = CliRunner().invoke(app, [*container["args"], "--help"])
    assert taken.exit_code == 0
    assert container["args"][3:] == ["--reference=$(JOB)", "--carrier=NORTHLINE", "--carrier=PEAK"]


def test_the_longest_name_of_a_job_is_a_good_name_of_a_manifest() -> None:
    parse(
        EventType.MANIFEST_REQUESTED,
        {"manifest_reference": "j" * 63, "shipping_location_reference": "LEEDS_DC"},
    )


def _container(rendered: Rendered) -> Resource:
    pod = rendered.one("CronJob")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    container: Resource = pod["containers"][0]
    return container


def test_names_fit_however_long_the_release_s_is() -> None:
    values = {
        "manifests": [LEEDS | {"location": "A_LOCATION_WITH_A_LONG_NAME"}],
        "staticMembership": True,
        "settings": {"ORDERFLEX_KAFKA_SESSION_TIMEOUT": 90},
        "ledgerUpgrade": {"mode": "job"},
    }
    rendered = render(values, release="a-release-with-a-name-of-fifty-three-characters-in-it")
    for each in rendered.resources:
        limit = 52 if each["kind"] == "CronJob" else 63
        assert len(each["metadata"]["name"]) <= limit, each["metadata"]["name"]
