"""A real broker with a listener for each kind of security, and the users that it knows."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.broker import Broker, answers, project_folder
from demo.kafka_jars import KAFKA_VERSION, find_java, kafka_jars
from demo.kafka_server import KafkaServer
from demo.processes import free_port

from .certificates import Authority, Certificate

USER, PASSWORD = "orderflex", "let-orderflex-in"
OUTSIDER = "outsider"
"""A user with the same password that may do nothing."""
AUDIENCE = "kafka"


@dataclass(frozen=True)
class SecureKafka:
    """The broker, by its plain listener and by its secured ones ("host:port")."""

    broker: Broker
    authority: Authority
    client: Certificate
    tls: str
    mtls: str
    sasl_tls: str
    sasl_clear: str
    log_file: Path


def _jaas(module: str, **options: str) -> str:
    told = " ".join(f'{name}="{value}"' for name, value in options.items())
    return f"org.apache.kafka.common.security.{module} required {told};"


def _properties(
    ports: dict[str, int], authority: Authority, server: Certificate, jwks: Path
) -> dict[str, str]:
    plain = _jaas("plain.PlainLoginModule", **{f"user_{u}": PASSWORD for u in (USER, OUTSIDER)})
    sasl_tls = {
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
        "plain.sasl.jaas.config": plain,
        "scram-sha-256.sasl.jaas.config": _jaas("scram.ScramLoginModule"),
        "scram-sha-512.sasl.jaas.config": _jaas("scram.ScramLoginModule"),
        "oauthbearer.sasl.jaas.config": _jaas("oauthbearer.OAuthBearerLoginModule"),
        "oauthbearer.sasl.server.callback.handler.class": (
            "org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler"
        ),
        "oauthbearer.connections.max.reauth.ms": "3600000",
    }
    sasl_clear = {
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "scram-sha-512.sasl.jaas.config": _jaas("scram.ScramLoginModule"),
    }
    kinds = {"TLS": "SSL", "MTLS": "SSL", "SASL_TLS": "SASL_SSL", "SASL_CLEAR": "SASL_PLAINTEXT"}
    return {
        "listeners": ",".join(f"{name}://127.0.0.1:{port}" for name, port in ports.items()),
        "advertised.listeners": ",".join(
            f"{name}://127.0.0.1:{port}" for name, port in ports.items() if name != "CONTROLLER"
        ),
        "listener.security.protocol.map": ",".join(
            f"{name}:{kinds.get(name, 'PLAINTEXT')}" for name in ports
        ),
        "inter.broker.listener.name": "PLAINTEXT",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(server.both),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(authority.file),
        "listener.name.mtls.ssl.client.auth": "required",
        **{f"listener.name.sasl_tls.{name}": value for name, value in sasl_tls.items()},
        **{f"listener.name.sasl_clear.{name}": value for name, value in sasl_clear.items()},
        # For all listeners: by one listener's prefix they are not heeded, and without them a token
        # is taken whoever signed it.
        "sasl.oauthbearer.jwt.validator.class": (
            "org.apache.kafka.common.security.oauthbearer.BrokerJwtValidator"
        ),
        "sasl.oauthbearer.jwks.endpoint.url": jwks.as_uri(),
        "sasl.oauthbearer.expected.audience": AUDIENCE,
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        # Who comes by a listener without a log-in, and the one user that the tests let in.
        "super.users": f"User:ANONYMOUS;User:{USER};User:client",
        "ssl.principal.mapping.rules": "RULE:^.*CN=([^,]+).*$/$1/",
    }


@contextmanager
def running_secure_kafka(folder: Path, jwks: Path) -> Iterator[SecureKafka]:
    """Start it from its jars; `jwks` holds the keys that its tokens are signed with."""
    authority = Authority(folder)
    names = ("PLAINTEXT", "CONTROLLER", "TLS", "MTLS", "SASL_TLS", "SASL_CLEAR")
    log_file = folder / "kafka.log"
    cache = Path(os.environ.get("ORDERFLEX_CACHE") or project_folder() / ".cache")
    server = KafkaServer(find_java(), kafka_jars(cache / "kafka"), log_file)
    try:
        written = dict(line.split("=", 1) for line in server._properties.read_text().splitlines())
        ports = {name: free_port() for name in names} | {"PLAINTEXT": server.port}
        ports["CONTROLLER"] = int(written["controller.quorum.voters"].rpartition(":")[2])
        identity = authority.certificate("server", "127.0.0.1")
        written |= _properties(ports, authority, identity, jwks)
        server._properties.write_text("".join(f"{k}={v}\n" for k, v in written.items()))
        _format(server)
        allowed = f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={jwks.as_uri()}"
        server.process.args.insert(1, allowed)
        server.start(lambda: answers(f"127.0.0.1:{server.port}"), 60)
        address = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
        text = f"real Apache Kafka {KAFKA_VERSION} with TLS and log-ins"
        yield SecureKafka(
            Broker(address["PLAINTEXT"], "jars", text, log_file, server),
            authority,
            authority.certificate("client", "client@orderflex.example"),
            tls=address["TLS"],
            mtls=address["MTLS"],
            sasl_tls=address["SASL_TLS"],
            sasl_clear=address["SASL_CLEAR"],
            log_file=log_file,
        )
    finally:
        server.close()


def _format(server: KafkaServer) -> None:
    """Prepare the data folder, with the users of SCRAM."""
    users = [
        part
        for user in (USER, OUTSIDER)
        for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512")
        for part in ("--add-scram", f"{mechanism}=[name={user},password={PASSWORD}]")
    ]
    tool = server._java_process(
        "Apache Kafka's StorageTool",
        ["-Xmx128m"],
        [
            *("kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qk"),
            *("-c", str(server._properties), *users),
        ],
    )
    with tool:
        if tool.wait(timeout=60) != 0:
            raise tool.failed(f"ended with code {tool.returncode}")
