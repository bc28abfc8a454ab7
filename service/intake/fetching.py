"""Fetching records, those included whose headers have names that are no UTF-8.

Kafka's protocol says that they are, and the broker takes any bytes. aiokafka's fast reader then
gives neither that record nor any behind it, for ever: one sender could stop a whole topic. So at
the first such record its slow reader, written in Python, takes over, with names read loosely.
"""

import asyncio

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException, KafkaError, UnsupportedCodecError
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy

TRY_AGAIN = 1.0
"""Seconds until going back is tried again."""


async def fetch(
    consumer: AIOKafkaConsumer, *, timeout_ms: int, most: int
) -> dict[TopicPartition, list[ConsumerRecord[bytes, bytes]]]:
    """Fetch at most so many records. Raises as `getmany` does.

    When it breaks off, what lies behind the committed offsets is given again.
    """
    try:
        found: dict[TopicPartition, list[ConsumerRecord[bytes, bytes]]] = await consumer.getmany(
            timeout_ms=timeout_ms, max_records=most
        )
    except (CorruptRecordException, UnsupportedCodecError):
        await _read_again(consumer)
        raise
    except UnicodeDecodeError:
        if fetcher.MemoryRecords is _LooseRecords:
            raise
        structlog.get_logger("intake").warning("a header's name is no UTF-8: reading slowly now")
        fetcher.MemoryRecords = _LooseRecords
        await _read_again(consumer)
        return {}
    return found


async def _read_again(consumer: AIOKafkaConsumer) -> None:
    """Go back: what was taken from other partitions by then is gone, and never was given.

    Nothing is fetched before that is done: what is gone would be passed over, and committed.
    """
    while True:
        try:
            if consumer.assignment():  # else the next assignment begins at what is committed
                committed = await consumer.seek_to_committed()
                fresh = [partition for partition, offset in committed.items() if not offset]
                if fresh:
                    await consumer.seek_to_beginning(*fresh)
        except KafkaError as error:  # what is committed can't be read, or partitions moved
            structlog.get_logger("intake").warning("not read again yet", error=type(error).__name__)
            await asyncio.sleep(TRY_AGAIN)
        else:
            return


class _LooseRecords(_MemoryRecordsPy):  # type: ignore[misc]
    def next_batch(self) -> object:
        following = self._next_slice
        if following is None or len(following) < self.MIN_SLICE or following[self.MAGIC_OFFSET] < 2:
            return super().next_batch()
        self._cache_next()
        return _LooseBatch(following)


class _LooseBatch(_DefaultRecordBatchPy):  # type: ignore[misc]
    _buffer: bytearray

    def _maybe_uncompress(self) -> None:
        super()._maybe_uncompress()
        if not isinstance(self._buffer, _LooseBytes):
            self._buffer = _LooseBytes(self._buffer)


class _LooseBytes(bytearray):
    """Bytes whose parts are decoded without an error, what is no UTF-8 as `\\xff`."""

    def __getitem__(self, at):  # type: ignore[no-untyped-def]
        part = super().__getitem__(at)
        return _LooseBytes(part) if isinstance(at, slice) else part

    def decode(self, encoding: str = "utf-8", errors: str = "backslashreplace") -> str:
        return super().decode(encoding, errors)
