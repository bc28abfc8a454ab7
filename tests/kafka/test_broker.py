"""The broker that tests and the demo run on is a real one, and leaves nothing behind."""

import uuid

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer  # type: ignore[import-untyped]

from demo.broker import Broker

pytestmark = pytest.mark.kafka


async def test_a_message_goes_through(broker: Broker) -> None:
    topic = f"broker-test-{uuid.uuid4()}"
    await broker.create_topics([topic], partitions=2)
    async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers) as producer:
        await producer.send_and_wait(topic, b"value", key=b"key")
    async with AIOKafkaConsumer(
        topic,
        bootstrap_servers=broker.bootstrap_servers,
        group_id=topic,
        auto_offset_reset="earliest",
    ) as consumer:
        message = await consumer.getone()
    assert (message.key, message.value) == (b"key", b"value")
