"""Never more replicas than partitions, never none, and topics as the service knows them."""

from typing import Any

import pytest

from service.events.topics import EventType, Topics
from service.flow import FLOW

from .chart import EXAMPLES, Refused, Rendered, render

SCALED = {"autoscaling": {"enabled": True}}


def _all_topics(topics: Topics) -> set[str]:
    return {*topics.names.values(), *(t.topic for t in topics.retry_tiers), topics.dead_letters}


def _triggers(rendered: Rendered) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = rendered.one("ScaledObject")["spec"]["triggers"]
    return found


def test_the_autoscaler_alone_says_how_many_replicas_there_are() -> None:
    rendered = render(SCALED)
    assert "replicas" not in rendered.one("Deployment")["spec"]
    scaled = rendered.one("ScaledObject")["spec"]
    assert scaled["minReplicaCount"] == 2
    assert scaled["scaleTargetRef"]["name"] == rendered.one("Deployment")["metadata"]["name"]
    assert scaled["fallback"]["replicas"] == 2


def test_the_lag_of_each_step_counts_and_that_of_the_retry_topics_does_not() -> None:
    topics = [each["metadata"]["topic"] for each in _triggers(render(SCALED))]
    assert set(topics) == {Topics().topic_of(step.event) for step in FLOW}


def test_the_lag_of_a_step_that_is_switched_off_does_not_count() -> None:
    off = EventType.CONSIGNMENT_ALLOCATED.value
    triggers = _triggers(render(SCALED | {"settings": {"ORDERFLEX_STEPS_OFF": off}}))
    assert off not in [each["metadata"]["topic"] for each in triggers]
    assert len(triggers) == len(FLOW) - 1


def test_keda_logs_in_to_kafka_as_the_service_does() -> None:
    values = {
        "autoscaling": {"enabled": True, "kafkaCa": {"secret": "kafka-ca"}},
        "settings": {
            "ORDERFLEX_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "ORDERFLEX_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
            "ORDERFLEX_KAFKA_USERNAME": "orderflex",
        },
        "secret": {"settings": {"ORDERFLEX_KAFKA_PASSWORD": {"secret": "user", "key": "password"}}},
    }
    rendered = render(values)
    way_in = rendered.one("TriggerAuthentication")
    for each in _triggers(rendered):
        assert (each["metadata"]["sasl"], each["metadata"]["tls"]) == ("scram_sha512", "enable")
        assert each["authenticationRef"] == {"name": way_in["metadata"]["name"]}
    assert way_in["spec"]["secretTargetRef"] == [
        {"parameter": "password", "name": "user", "key": "password"},
        {"parameter": "ca", "name": "kafka-ca", "key": "ca.crt"},
    ]
    assert way_in["spec"]["env"][0]["name"] == "ORDERFLEX_KAFKA_USERNAME"


def test_without_a_log_in_keda_needs_none() -> None:
    rendered = render(SCALED)
    assert rendered.all("TriggerAuthentication") == []
    assert all("authenticationRef" not in each for each in _triggers(rendered))


def test_idle_consumers_are_never_made_and_the_first_event_counts() -> None:
    for each in _triggers(render(SCALED)):
        assert each["metadata"]["allowIdleConsumers"] == "false"
        assert each["metadata"]["offsetResetPolicy"] == "earliest"
        assert each["metadata"]["consumerGroup"] == "orderflex"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"autoscaling": {"enabled": True, "maxReplicas": 13}}, "has 12 partitions"),
        ({"autoscaling": {"enabled": True, "minReplicas": 0}}, "minReplicas"),
        ({"autoscaling": {"enabled": True, "minReplicas": 5, "maxReplicas": 4}}, "is less than"),
        ({"autoscaling": {"enabled": True}, "staticMembership": True}, "exclude each other"),
        (
            {
                "autoscaling": {"enabled": True},
                "settings": {"ORDERFLEX_KAFKA_SASL_MECHANISM": "OAUTHBEARER"},
            },
            "needs a TriggerAuthentication of yours",
        ),
        ({"replicas": 13}, "has 12 partitions"),
        ({"replicas": 4, "settings": {"ORDERFLEX_KAFKA_PARTITIONS": 3}}, "has 3 partitions"),
        ({"replicas": 0}, "replicas"),
    ],
)
def test_no_replica_is_idle_and_there_is_one_at_least(values: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        render(values)


def test_as_many_replicas_as_partitions_are_fine() -> None:
    values = {"autoscaling": {"enabled": True, "minReplicas": 1, "maxReplicas": 24}}
    partitions = {"settings": {"ORDERFLEX_KAFKA_PARTITIONS": 24}}
    assert render(values | partitions).one("ScaledObject")["spec"]["maxReplicaCount"] == 24


def test_strimzi_makes_the_topics_of_the_service_and_no_others() -> None:
    rendered = render({"kafkaTopics": {"enabled": True, "cluster": "orders"}})
    made = rendered.all("KafkaTopic")
    assert {each["spec"]["topicName"] for each in made} == _all_topics(Topics())
    assert len({each["metadata"]["name"] for each in made}) == len(made)
    for each in made:
        assert each["spec"]["partitions"] == 12
        assert each["spec"]["replicas"] == 3
        assert each["spec"]["config"]["min.insync.replicas"] == 2
        assert each["metadata"]["labels"]["strimzi.io/cluster"] == "orders"
        assert each["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    assert rendered.one("ConfigMap")["data"]["ORDERFLEX_KAFKA_CREATE_TOPICS"] == "false"


def test_a_prefix_stands_before_every_topic() -> None:
    values = {
        "kafkaTopics": {"enabled": True, "cluster": "orders"},
        "settings": {"ORDERFLEX_KAFKA_TOPIC_PREFIX": "shop."},
    }
    made = render(values | SCALED)
    assert {each["spec"]["topicName"] for each in made.all("KafkaTopic")} == _all_topics(
        Topics(prefix="shop.")
    )
    assert all(each["metadata"]["topic"].startswith("shop.") for each in _triggers(made))


def test_the_user_may_do_what_the_service_does_and_no_more() -> None:
    user = render(
        {
            "kafkaTopics": {"enabled": True, "cluster": "orders"},
            "kafkaUser": {"enabled": True},
        }
    )
    rules = user.one("KafkaUser")["spec"]["authorization"]["acls"]
    topics = {
        each["resource"]["name"]: set(each["operations"])
        for each in rules
        if each["resource"]["type"] == "topic"
    }
    assert set(topics) == _all_topics(Topics())
    assert topics["order.placed"] == {"Read", "Write", "Describe"}
    assert topics["order.recorded"] == {"Write", "Describe"}
    assert topics["orderflex.retry.5s"] == {"Read", "Write", "Describe"}
    assert topics["orderflex.dead-letters"] == {"Write", "Describe"}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_no_example_scales_beyond_its_partitions(example: Any) -> None:
    for scaled in render(None, example).all("ScaledObject"):
        assert scaled["spec"]["maxReplicaCount"] <= 12
