"""A record that the broker refuses keeps no later one of its partition from being published."""

import uuid

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import MessageSizeTooLargeError

from demo.broker import Broker
from service.events.envelope import Outgoing
from tests.kafka.test_joining import connection

pytestmark = pytest.mark.kafka


async def test_a_refused_record_spoils_nothing_after_it(broker: Broker) -> None:
    topic = f"small-{uuid.uuid4()}"
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
    await admin.start()
    limit = {"max.message.bytes": "1000"}
    await admin.create_topics([NewTopic(topic, 1, 1, topic_configs=limit)])
    await admin.close()
    ours = connection(broker, f"group-{uuid.uuid4()}")
    await ours.connect()
    try:
        await ours.publish(Outgoing(topic, b"key", [], b"first"))
        with pytest.raises(MessageSizeTooLargeError):
            await ours.publish(Outgoing(topic, b"key", [], bytes(5_000)))
        for number in range(3):
            await ours.publish(Outgoing(topic, b"key", [], f"after {number}".encode()))
    finally:
        await ours.stop()
