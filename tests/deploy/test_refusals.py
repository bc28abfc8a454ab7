"""Values that can't work are refused, by name and in plain words."""

from typing import Any

import pytest

from .chart import Refused, render

BAD: dict[str, tuple[dict[str, Any], str]] = {
    "a setting that does not exist": (
        {"settings": {"ORDERFLEX_KAFKA_BOOTSTRAP_SERVER": "kafka:9092"}},
        r"settings\.ORDERFLEX_KAFKA_BOOTSTRAP_SERVER: this version of the service has no such",
    ),
    "a secret among the settings": (
        {"settings": {"ORDERFLEX_PRO_KEY": "abc"}},
        r"settings\.ORDERFLEX_PRO_KEY is a secret: .* Put it into the Secret shop-orderflex",
    ),
    "a port of the chart's": (
        {"settings": {"ORDERFLEX_HTTP_PORT": 9000}},
        r"settings\.ORDERFLEX_HTTP_PORT: the chart sets it",
    ),
    "a name that all replicas would share": (
        {"settings": {"ORDERFLEX_KAFKA_INSTANCE": "one"}},
        "staticMembership: true",
    ),
    "a name without the prefix": (
        {"settings": {"KAFKA_GROUP": "orders"}},
        "KAFKA_GROUP",
    ),
    "no brokers": (
        {"settings": {"ORDERFLEX_KAFKA_BOOTSTRAP_SERVERS": ""}},
        "ORDERFLEX_KAFKA_BOOTSTRAP_SERVERS: say where the brokers are",
    ),
    "a broker without a port": (
        {"settings": {"ORDERFLEX_KAFKA_BOOTSTRAP_SERVERS": "kafka"}},
        '"kafka" is not host:port',
    ),
    "a secret that does not exist": (
        {"secret": {"settings": {"ORDERFLEX_PRO_KEYS": {}}}},
        r"secret\.settings\.ORDERFLEX_PRO_KEYS: the service has no such secret",
    ),
    "no ledger": (
        {"secret": {"settings": {"ORDERFLEX_LEDGER_URL": None}}},
        r"secret\.settings\.ORDERFLEX_LEDGER_URL: nothing runs without it",
    ),
    "a hook before there is a Secret": (
        {"secret": {"externalSecret": {"enabled": True}}},
        r"ledgerUpgrade\.mode: .* set it to job",
    ),
    "a restoration at every upgrade": (
        {"ledgerUpgrade": {"command": "restored"}},
        r"ledgerUpgrade\.command: restored goes with",
    ),
    "an external secret from nowhere": (
        {"secret": {"externalSecret": {"enabled": True}}, "ledgerUpgrade": {"mode": "job"}},
        r"needs store\.name and remoteKey",
    ),
    "a static member that loses its partitions while it stops": (
        {"staticMembership": True},
        "ORDERFLEX_KAFKA_SESSION_TIMEOUT is 45 s, and stopping alone may take 45 s",
    ),
    "a margin too small": ({"drainMarginSeconds": 5}, "drainMarginSeconds"),
    "a folder that no volume is at": (
        {"settings": {"ORDERFLEX_PAPERS_STORE": "/srv/labels"}},
        r"papers\.mountPath is the folder",
    ),
    "a volume that only one pod may have": (
        {"papers": {"accessMode": "ReadWriteOnce"}},
        "up to 2 replicas: they need a ReadWriteMany volume",
    ),
    "topics of no cluster": ({"kafkaTopics": {"enabled": True}}, "name the Strimzi cluster"),
    "a user of no cluster": ({"kafkaUser": {"enabled": True}}, "name the Strimzi cluster"),
    "a user who would have to create topics": (
        {"kafkaUser": {"enabled": True}, "kafkaTopics": {"cluster": "orders"}},
        "kafkaUser may not create topics",
    ),
    "more in sync than there are": (
        {"kafkaTopics": {"enabled": True, "cluster": "orders", "replicas": 1}},
        "nothing could be published",
    ),
    "an ingress of nothing": (
        {"api": {"ingress": {"enabled": True, "host": "a.example.net", "tlsSecret": "a"}}},
        r"api\.ingress needs api\.enabled",
    ),
    "tokens in the clear": (
        {"api": {"enabled": True, "ingress": {"enabled": True, "host": "a.example.net"}}},
        "needs host and tlsSecret",
    ),
    "an ingress that nobody lets in": (
        {
            "page": {
                "enabled": True,
                "ingress": {"enabled": True, "host": "a.example.net", "tlsSecret": "a"},
            }
        },
        r"networkPolicy\.pageFrom is empty",
    ),
    "a header that anybody could send": (
        {
            "page": {"enabled": True},
            "settings": {"ORDERFLEX_PAGE_USER_HEADER": "X-Forwarded-Email"},
        },
        "anybody could send that header",
    ),
    "a manifest asked for twice": (
        {
            "manifests": [
                {"location": "LEEDS_DC", "schedule": "0 16 * * *", "timeZone": "Europe/London"}
            ]
            * 2
        },
        r"manifests\[1\]: LEEDS_DC is asked for twice",
    ),
    "a manifest in no time zone": (
        {"manifests": [{"location": "LEEDS_DC", "schedule": "0 16 * * *"}]},
        "timeZone",
    ),
    "a certificate from nowhere": ({"certificates": [{"name": "pro"}]}, "certificates"),
    "root": ({"user": 0}, "user"),
    "a value that does not exist": ({"replicaCount": 3}, "replicaCount"),
    "a digest that is none": ({"image": {"digest": "latest"}}, "digest"),
}


@pytest.mark.parametrize(("values", "said"), BAD.values(), ids=BAD)
def test_it_is_refused_and_named(values: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        render(values)
