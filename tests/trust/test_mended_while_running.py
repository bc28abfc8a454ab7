"""What keeps the service from working is mended by replacing a file, without a restart."""

import asyncio
from pathlib import Path

import pytest
from aiokafka import ConsumerRebalanceListener
from aiokafka.errors import KafkaError
from pydantic import SecretStr

from service.events.envelope import Outgoing
from service.from_settings import broker_of
from service.intake.broker import Broker
from service.intake.broker_security import Credentials
from service.settings import Settings
from tests.journeys import world as journeys
from tests.journeys.world import World, order

from .kafka_kinds import KINDS, Place, environment
from .secure_kafka import PASSWORD, USER, SecureKafka
from .token_server import TokenServer

pytestmark = pytest.mark.kafka


def replace(folder: Path, setting: str, value: str) -> None:
    """Replace a file at once."""
    (folder / ".new").write_text(value)
    (folder / ".new").replace(folder / setting)


def said(world: World) -> str:
    return world.services[0].log_file.read_text()


async def test_wrong_secrets_are_waited_out_and_replaced_one_by_one(
    secure_kafka: SecureKafka, tokens: TokenServer, tmp_path: Path
) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    settings = KINDS["SASL_SSL SCRAM-SHA-512"](Place(secure_kafka, tokens))
    del settings["kafka_password"]
    replace(folder, "ORDERFLEX_KAFKA_PASSWORD", "wrong-password")
    replace(folder, "ORDERFLEX_PRO_KEY", "wrong-key")
    async with journeys.created(secure_kafka.broker, tmp_path) as world:
        right_key = world.environment.pop("ORDERFLEX_PRO_KEY")
        world.start_service(
            **environment(settings),
            ORDERFLEX_SECRETS_DIR=str(folder),
            ORDERFLEX_SECRETS_EVERY="0.2",
        )
        await world.until(lambda: "the log-in is refused" in said(world), "it tells of Kafka")
        replace(folder, "ORDERFLEX_KAFKA_PASSWORD", PASSWORD)
        await world.until(lambda: "taking up events" in said(world), "it is let in")

        await world.say("order.placed", order("WEB-1", ("TEA-POT-01", 1)))
        await world.until(lambda: "key_refused" in said(world), "it tells of PRO")
        replace(folder, "ORDERFLEX_PRO_KEY", right_key)
        await world.until_outcomes("order.recorded", 1, order_reference="WEB-1")
        assert world.services[0].running
        assert not any(each in said(world) for each in ("wrong-", PASSWORD, right_key))
        assert '"settings": ["ORDERFLEX_KAFKA_PASSWORD"]' in said(world)
        assert '"settings": ["ORDERFLEX_PRO_KEY"]' in said(world)


class Nothing(ConsumerRebalanceListener):  # type: ignore[misc]
    async def on_partitions_revoked(self, _: object) -> None: ...

    async def on_partitions_assigned(self, _: object) -> None: ...


async def hang_up(broker: Broker) -> None:
    """Have every connection made anew."""
    for client in broker._clients():
        for connection in list(client._conns.values()):
            await connection.close()


async def test_every_client_at_work_logs_in_with_the_new_password(
    secure_kafka: SecureKafka, tokens: TokenServer
) -> None:
    await secure_kafka.broker.create_topics(["replaced"], partitions=1)
    settings = KINDS["SASL_SSL PLAIN"](Place(secure_kafka, tokens))
    broker = broker_of(Settings.model_validate(settings | {"kafka_request_timeout": "1"}))
    consumer = await broker.start(["replaced"], Nothing())
    record = Outgoing("replaced", b"key", [], b"value")
    try:
        assert len(broker._clients()) == 3, "consumer, producer, admin client"
        broker.use_credentials(Credentials(USER, SecretStr("wrong")))
        await hang_up(broker)
        with pytest.raises(KafkaError):
            await broker.publish(record)
        broker.use_credentials(Credentials(USER, SecretStr(PASSWORD)))
        async with asyncio.timeout(20):
            await broker.publish(record)
            while not await consumer.getmany(timeout_ms=200):
                pass
            await broker._clients()[2].fetch_all_metadata()
    finally:
        await broker.stop()
