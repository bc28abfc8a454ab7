"""Some hundred mutated events through a real broker and one process, which then does its work."""

import asyncio
import random
import re

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from hypothesis import HealthCheck, Phase, given, seed, settings

from service.events.malformed import MalformedReason
from tests.fuzz.mutated import TAKEN_UP, records
from tests.fuzz.stand import Sent
from tests.kafka.raw_batches import RawName, send

from .world import Heard, World, order, pick

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]
EVENTS = 300
CLEAR = {reason.value for reason in MalformedReason} | {"conflict"}


def drawn(count: int) -> list[Sent]:
    """So many records, the same in every run."""
    found: list[Sent] = []

    @seed(7)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(records())
    def draw(one: tuple[str, Sent]) -> None:
        found.append(one[1])

    draw()
    return found


async def test_hostile_events_are_put_aside_and_the_service_goes_on(world: World) -> None:
    process = world.start_service(ORDERFLEX_LOG_LEVEL="debug")
    sent = [one for one in drawn(EVENTS) if len(one.value or b"") < 900_000]
    for one in sent:
        await world.producer.send_and_wait(
            world.prefix + one.topic,
            one.value,
            key=one.key,
            headers=[(name, value) for name, value in one.headers],
        )
    servers, good = world.broker.bootstrap_servers, b'{"order_reference": "'
    await send(
        servers,
        world.prefix + "order.cancelled",
        [(b"W", good + b'W"}', [(RawName("x"), b"1")]), (b"V", good + b'V"}', [])],
    )
    name = f"WEB-{random.Random(1).randrange(10**9)}"  # noqa: S311 - no secret
    await world.say("order.placed", order(name, ("HAT", 1)))
    await world.until_outcomes("order.recorded", 1, order_reference=name)
    await world.say("stock.picked", pick(name, "P-1", [("HAT", 1)]))
    await world.until_outcomes("consignment.labelled", 1, order_reference=name)
    for cancelled in ("V", "W"):
        await world.until_outcomes("order.cancellation_applied", 1, order_reference=cancelled)
    await world.until(lambda: len(_unreadable(world)) > EVENTS / 3, "most of them are dead letters")
    assert {_reason(letter) for letter in world.dead_letters} <= CLEAR
    assert process.running
    async with asyncio.timeout(60):
        while await _not_let_go(world):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.5)
    log = (world.folder / "service-1.log").read_text()
    assert not re.search(r'"a bug"|settling broke off|Traceback', log)


def _unreadable(world: World) -> list[Heard]:
    return [letter for letter in world.dead_letters if _reason(letter) != "conflict"]


def _reason(letter: Heard) -> str:
    return letter.headers["orderflex_error_class"]


async def _not_let_go(world: World) -> int:
    """How many events of all topics that are taken up are not let go of yet."""
    servers = world.broker.bootstrap_servers
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    consumer = AIOKafkaConsumer(bootstrap_servers=servers)
    await admin.start()
    await consumer.start()
    try:
        committed = await admin.list_consumer_group_offsets(f"{world.prefix}orderflex")
        topics = [world.prefix + kind.value for kind in TAKEN_UP]
        parts = [TopicPartition(topic, number) for topic in topics for number in range(4)]
        ends = await consumer.end_offsets(parts)
    finally:
        await consumer.stop()
        await admin.close()
    return sum(
        end - (committed[part].offset if part in committed else 0) for part, end in ends.items()
    )
