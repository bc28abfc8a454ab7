"""A real broker lets us in by each kind of security, and where it does not we say why."""

import asyncio
import json
import uuid
from pathlib import Path

import pytest

from service import logs
from service.from_settings import broker_of
from service.settings import Settings
from tests.cli.commands import Run
from tests.journeys import world as journeys
from tests.journeys.world import order

from .certificates import KEY_PASSWORD, Authority
from .kafka_kinds import KINDS, Place, environment
from .secure_kafka import OUTSIDER, PASSWORD, USER, SecureKafka
from .token_server import Signer, TokenServer

pytestmark = pytest.mark.kafka


@pytest.fixture
def place(secure_kafka: SecureKafka, tokens: TokenServer) -> Place:
    return Place(secure_kafka, tokens)


async def trouble(settings: dict[str, str]) -> str | None:
    """Why a broker with these settings can't be used."""
    found = await broker_of(Settings.model_validate(settings)).trouble()
    await asyncio.sleep(0.1)  # aiokafka does not wait until a connection that it gave up is closed
    return found


@pytest.mark.parametrize("kind", KINDS)
async def test_an_order_goes_through(kind: str, place: Place, tmp_path: Path) -> None:
    async with journeys.created(place.kafka.broker, tmp_path) as world:
        world.start_service(**environment(KINDS[kind](place)))
        await world.say("order.placed", order("WEB-1", ("TEA-POT-01", 1)))
        await world.until_outcomes("order.recorded", 1, order_reference="WEB-1")


@pytest.mark.parametrize("kind", KINDS)
async def test_the_broker_lets_us_in(kind: str, place: Place) -> None:
    assert await trouble(KINDS[kind](place)) is None


async def test_a_key_may_be_encrypted_and_lie_with_its_certificate(
    place: Place, tmp_path: Path
) -> None:
    both = place.kafka.authority.certificate("client", "c@x.example", password=KEY_PASSWORD).both
    settings = KINDS["mTLS"](place) | {"kafka_certificate_file": str(both)}
    del settings["kafka_key_file"]
    assert await trouble(settings | {"kafka_key_password": KEY_PASSWORD}) is None


REFUSALS = {
    "an unknown authority": (
        "SSL",
        {"kafka_ca_file": "OTHER CA"},
        "the certificate is not trusted: unable to get local issuer certificate (see ORDERFLEX_KA",
    ),
    "another name": (
        "SSL",
        {"kafka_bootstrap_servers": "BY NAME"},
        "the certificate is for another name: Hostname mismatch",
    ),
    "no certificate of ours": (
        "mTLS",
        {"kafka_certificate_file": "", "kafka_key_file": ""},
        "it wants a certificate of ours that it trusts: ORDERFLEX_KAFKA_CERTIFICATE_FILE",
    ),
    "a certificate of ours that it does not trust": (
        "mTLS",
        {"kafka_certificate_file": "OTHER CERTIFICATE", "kafka_key_file": ""},
        "it wants a certificate of ours that it trusts: ORDERFLEX_KAFKA_CERTIFICATE_FILE",
    ),
    "wrong password, PLAIN": (
        "SASL_SSL PLAIN",
        {"kafka_password": "wrong"},
        "the log-in is refused: [Error 58] SaslAuthenticationFailed: Authentication failed",
    ),
    "wrong password, SCRAM": (
        "SASL_SSL SCRAM-SHA-256",
        {"kafka_password": "wrong"},
        "the log-in is refused",
    ),
    "unknown user": (
        "SASL_SSL SCRAM-SHA-512",
        {"kafka_username": "nobody"},
        "the log-in is refused",
    ),
    "a mechanism that it does not know": (
        "SASL_PLAINTEXT SCRAM-SHA-512",
        {"kafka_sasl_mechanism": "SCRAM-SHA-256"},
        "UNSUPPORTED_SASL_MECHANISM (see ORDERFLEX_KAFKA_SASL_MECHANISM)",
    ),
    "wrong secret": (
        "SASL_SSL OAUTHBEARER",
        {"kafka_oauth_client_secret": "wrong"},
        "it refuses our client: 401 invalid_client (see ORDERFLEX_KAFKA_OAUTH_CLIENT_ID",
    ),
    "a token endpoint that is not trusted": (
        "SASL_SSL OAUTHBEARER",
        {"kafka_oauth_ca_file": "OTHER CA"},
        "/token: the certificate is not trusted",
    ),
    "no TLS where it is spoken": (
        "SSL",
        {"kafka_security_protocol": "PLAINTEXT", "kafka_ca_file": ""},
        "another ORDERFLEX_KAFKA_SECURITY_PROTOCOL may be spoken there",
    ),
    "TLS where it is not spoken": (
        "SSL",
        {"kafka_bootstrap_servers": "PLAIN"},
        "another ORDERFLEX_KAFKA_SECURITY_PROTOCOL may be spoken there",
    ),
    "a log-in where nobody logs in": (
        "SASL_SSL PLAIN",
        {"kafka_bootstrap_servers": "TLS"},
        "nobody logs in there (see ORDERFLEX_KAFKA_SECURITY_PROTOCOL)",
    ),
    "nobody there": ("SSL", {"kafka_bootstrap_servers": "127.0.0.1:1"}, "nobody listens there"),
}


@pytest.mark.parametrize("what", REFUSALS)
async def test_a_refusal_says_why_and_where_to_look(
    what: str, place: Place, authority: Authority
) -> None:
    kind, changes, told = REFUSALS[what]
    meant = {
        "OTHER CA": str(authority.file),
        "OTHER CERTIFICATE": str(authority.certificate("other", "o@x.example").both),
        "BY NAME": place.kafka.tls.replace("127.0.0.1", "localhost"),
        "PLAIN": place.kafka.broker.bootstrap_servers,
        "TLS": place.kafka.tls,
    }
    changed = {name: meant.get(value, value) for name, value in changes.items()}
    settings = {name: value for name, value in (KINDS[kind](place) | changed).items() if value}
    found = await trouble(settings)
    assert found is not None
    assert told in found
    assert "wrong" not in found


async def test_a_token_that_somebody_else_signed_is_refused(place: Place) -> None:
    place.tokens.signer = Signer()
    found = await trouble(KINDS["SASL_SSL OAUTHBEARER"](place))
    assert found is not None
    assert "it does not accept the token" in found


async def test_a_token_for_another_audience_is_refused(place: Place) -> None:
    place.tokens.audience = "somebody else"
    found = await trouble(KINDS["SASL_SSL OAUTHBEARER"](place))
    assert found is not None
    assert "it does not accept the token" in found


async def waits(settings: dict[str, str], capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The reasons that are logged in three seconds of a start that does not come to its end."""
    logs.configure("info", pretty=False)
    broker = broker_of(Settings.model_validate(settings))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(broker.wait_until_there([f"waits-{uuid.uuid4()}"]), 3)
    said = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    return [line["reason"] for line in said if line["event"] == "waiting for the Kafka broker"]


async def test_a_start_without_the_right_password_waits_and_says_so_once(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = KINDS["SASL_SSL SCRAM-SHA-512"](place) | {"kafka_password": "wrong"}
    (reason,) = await waits(settings, capsys)
    assert f"{place.kafka.sasl_tls}: the log-in is refused" in reason


async def test_a_start_without_the_right_to_create_topics_waits_and_says_so_once(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = KINDS["SASL_SSL PLAIN"](place) | {"kafka_username": OUTSIDER}
    (reason,) = await waits(settings, capsys)
    assert "our user has not the right: [Error 29] TopicAuthorizationFailedError" in reason


def test_what_is_published_by_hand_goes_the_same_way(
    orderflex_apart: Run, place_of_commands: SecureKafka, tmp_path: Path
) -> None:
    kafka = place_of_commands
    event = tmp_path / "order.json"
    event.write_text(json.dumps(order("WEB-1", ("TEA-POT-01", 1))))
    settings = {
        "kafka_bootstrap_servers": kafka.sasl_tls,
        "kafka_security_protocol": "SASL_SSL",
        "kafka_ca_file": str(kafka.authority.file),
        "kafka_sasl_mechanism": "SCRAM-SHA-512",
        "kafka_username": USER,
        "kafka_request_timeout": "5",
    }
    published = ("publish", str(event), "--type", "order.placed")
    ended = orderflex_apart(*published, **settings, kafka_password=PASSWORD)
    assert ended.code == 0, ended.said
    ended = orderflex_apart(*published, **settings, kafka_password="wrong-password")
    assert ended.code == 1
    assert "the log-in is refused" in ended.said
    assert "wrong-password" not in ended.said


@pytest.fixture
def place_of_commands(secure_kafka: SecureKafka) -> SecureKafka:
    asyncio.run(secure_kafka.broker.create_topics(["order.placed"], partitions=1))
    return secure_kafka
