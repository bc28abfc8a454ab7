"""Whatever a sender's Kafka client makes of a record, it is read: names of headers, compression."""

import asyncio
import uuid

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.consumer import fetcher

from demo.broker import Broker
from service.intake.fetching import fetch

from .raw_batches import RawName, send

pytestmark = pytest.mark.kafka
Read = tuple[int, int, bytes | None, tuple[tuple[str, bytes], ...]]


async def read(broker: Broker, topic: str, count: int) -> list[Read]:
    """Give so many records: partition, offset, value, headers."""
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=broker.bootstrap_servers,
        group_id=f"group-{uuid.uuid4()}",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    found: set[Read] = set()  # some are given twice
    try:
        async with asyncio.timeout(30):
            while len(found) < count:
                for records in (await fetch(consumer, timeout_ms=200, most=3)).values():
                    found |= {(r.partition, r.offset, r.value, tuple(r.headers)) for r in records}
    finally:
        await consumer.stop()
    return sorted(found)


async def test_a_header_whose_name_is_no_utf8_stops_nobody(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetcher, "MemoryRecords", fetcher.MemoryRecords)  # put back afterwards
    topic = f"raw-{uuid.uuid4()}"
    await broker.create_topics([topic], partitions=2)
    good: list[tuple[str, bytes]] = [("a", b"1")]
    bad: list[tuple[str, bytes]] = [(RawName("b"), b"1")]
    records = [(b"k", b"%d" % n, bad if n in (0, 3, 4, 7) else good) for n in range(8)]
    await send(broker.bootstrap_servers, topic, records)
    await send(broker.bootstrap_servers, topic, [(b"k", b"x", good)] * 2, partition=1)
    await send(broker.bootstrap_servers, topic, [(b"k", b"8", good)])
    loosely = (("\\xff\\xfeb", b"1"),)
    assert await read(broker, topic, 11) == [
        *((0, n, b"%d" % n, loosely if n in (0, 3, 4, 7) else tuple(good)) for n in range(9)),
        *((1, n, b"x", tuple(good)) for n in range(2)),
    ]


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
async def test_whatever_a_sender_compresses_its_batches_with_is_read(
    broker: Broker, codec: str
) -> None:
    topic = f"raw-{uuid.uuid4()}"
    await broker.create_topics([topic], partitions=1)
    producer = AIOKafkaProducer(
        bootstrap_servers=broker.bootstrap_servers, compression_type=codec, linger_ms=20
    )
    await producer.start()
    await asyncio.gather(*(producer.send_and_wait(topic, b"x" * 900) for _ in range(5)))
    await producer.stop()
    assert [value for _, _, value, _ in await read(broker, topic, 5)] == [b"x" * 900] * 5
