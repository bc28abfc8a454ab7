"""Batches of records as another Kafka client may write them, byte by byte."""

from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy


class RawName(str):
    """The name of a header that is no UTF-8."""

    __slots__ = ()

    def encode(self, *_: object) -> bytes:
        """Give bytes that no text has."""
        return b"\xff\xfe" + super().encode()


async def send(
    bootstrap_servers: str,
    topic: str,
    records: Sequence[tuple[bytes, bytes, list[tuple[str, bytes]]]],
    *,
    partition: int = 0,
) -> None:
    """Send records (key, value, headers) to one partition, in one batch."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, linger_ms=20)
    await producer.start()
    try:
        batch = producer.create_batch()
        batch._builder = _DefaultRecordBatchBuilderPy(
            magic=2,
            compression_type=0,
            is_transactional=0,
            producer_id=-1,
            producer_epoch=-1,
            base_sequence=0,
            batch_size=1_000_000,
        )
        for key, value, headers in records:
            assert batch.append(key=key, value=value, timestamp=None, headers=headers) is not None
        await (await producer.send_batch(batch, topic, partition=partition))
    finally:
        await producer.stop()
