"""Every pod satisfies the restricted Pod Security Standard, and has the time to end well."""

from typing import Any

import pytest

from .chart import EXAMPLES, Rendered, Resource, render, service_container
from .test_standing import EVERYTHING, STATIC


def _all_pods() -> dict[str, Resource]:
    found: dict[str, Resource] = {}
    for rendered in (render(EVERYTHING), render(STATIC), *(render(None, e) for e in EXAMPLES)):
        found |= rendered.pods()
    return found


def test_every_pod_is_restricted_and_knows_no_token() -> None:
    pods = _all_pods()
    assert {name.split()[0] for name in pods} == {"Deployment", "StatefulSet", "Job", "CronJob"}
    for name, pod in pods.items():
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["runAsUser"] > 0, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert {"hostNetwork", "hostPID", "hostIPC"}.isdisjoint(pod), name
        for volume in pod["volumes"]:
            assert set(volume) - {"name"} <= {
                "emptyDir",
                "secret",
                "configMap",
                "projected",
                "persistentVolumeClaim",
            }, name
        for container in pod["containers"]:
            security = container["securityContext"]
            assert security["allowPrivilegeEscalation"] is False, name
            assert security["readOnlyRootFilesystem"] is True, name
            assert security["capabilities"] == {"drop": ["ALL"]}, name
            assert {"requests", "limits"} == set(container["resources"]), name
            assert "memory" in container["resources"]["limits"], name


@pytest.mark.parametrize(
    ("values", "seconds"),
    [
        ({}, 45),
        ({"settings": {"ORDERFLEX_DRAIN": 60}}, 85),
        ({"settings": {"ORDERFLEX_DRAIN": 7.5}, "drainMarginSeconds": 10}, 18),
    ],
)
def test_a_pod_has_longer_than_its_drain_to_end(values: dict[str, Any], seconds: int) -> None:
    pod = render(values).one("Deployment")["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] == seconds


def test_probes_ask_what_they_are_for() -> None:
    container = service_container(render())
    assert container["startupProbe"]["httpGet"] == {"path": "/healthz", "port": "http"}
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "http"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}
    assert {"name": "http", "containerPort": 8080} in container["ports"]


def test_a_new_replica_takes_events_up_before_an_old_one_goes() -> None:
    spec = render().one("Deployment")["spec"]
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


def test_one_pod_at_a_time_is_disturbed_and_pods_that_are_not_ready_never_hold_a_node() -> None:
    budget = render().one("PodDisruptionBudget")["spec"]
    assert budget["maxUnavailable"] == 1
    assert budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_replicas_are_spread_over_zones_and_nodes() -> None:
    pod = render().one("Deployment")["spec"]["template"]["spec"]
    assert [each["topologyKey"] for each in pod["topologySpreadConstraints"]] == [
        "topology.kubernetes.io/zone",
        "kubernetes.io/hostname",
    ]


def test_other_settings_roll_the_pods_the_same_ones_do_not() -> None:
    def checksum(values: dict[str, Any]) -> str:
        template = render(values).one("Deployment")["spec"]["template"]
        found: str = template["metadata"]["annotations"]["checksum/config"]
        return found

    assert checksum({"replicas": 3}) == checksum({})
    assert checksum({"settings": {"ORDERFLEX_DRAIN": 30}}) != checksum({})


def test_static_members_are_named_as_their_pods() -> None:
    rendered = render(STATIC)
    named = next(
        each
        for each in service_container(rendered)["env"]
        if each["name"] == "ORDERFLEX_KAFKA_INSTANCE"
    )
    assert named["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}
    stateful = rendered.one("StatefulSet")
    assert rendered.one("Service", stateful["spec"]["serviceName"])["spec"]["clusterIP"] == "None"
    assert rendered.all("Deployment") == []


def test_without_static_members_no_replica_has_a_name() -> None:
    names = [each["name"] for each in service_container(render())["env"]]
    assert "ORDERFLEX_KAFKA_INSTANCE" not in names


def test_labels_lie_on_a_volume_that_stays_or_in_a_bucket() -> None:
    rendered = render()
    claim = rendered.one("PersistentVolumeClaim")
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    assert _papers(rendered) == ("/srv/orderflex/papers", "/srv/orderflex/papers")

    rendered = render({"settings": {"ORDERFLEX_PAPERS_STORE": "s3://papers/labels"}})
    assert rendered.all("PersistentVolumeClaim") == []
    assert _papers(rendered) == ("s3://papers/labels", None)


def _papers(rendered: Rendered) -> tuple[str, str | None]:
    """Where the service stores papers, and where its volume for them is."""
    mounts = service_container(rendered)["volumeMounts"]
    folder = next((m["mountPath"] for m in mounts if m["name"] == "papers"), None)
    return rendered.one("ConfigMap")["data"]["ORDERFLEX_PAPERS_STORE"], folder
