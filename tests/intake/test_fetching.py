"""When a fetch breaks off, nothing that it had taken is passed over."""

from collections.abc import Mapping

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import CorruptRecordException, GroupAuthorizationFailedError, KafkaError

from service.intake import fetching

FRESH, READ = TopicPartition("order.placed", 0), TopicPartition("order.placed", 1)


class Consumer:
    """A consumer that has taken records and then meets one that is corrupt."""

    def __init__(self, committed: Mapping[TopicPartition, int | None], *refused: KafkaError):
        self.committed = committed
        self.refused = list(refused)
        self.went_back: list[TopicPartition] = []

    def assignment(self) -> set[TopicPartition]:
        return set(self.committed)

    async def getmany(self, **_: object) -> None:
        raise CorruptRecordException

    async def seek_to_committed(self) -> Mapping[TopicPartition, int | None]:
        assert self.committed, "as aiokafka does"
        if self.refused:
            raise self.refused.pop()
        self.went_back += [one for one, offset in self.committed.items() if offset]
        return self.committed

    async def seek_to_beginning(self, *partitions: TopicPartition) -> None:
        self.went_back += partitions


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "TRY_AGAIN", 0.0)


async def test_all_partitions_are_read_again_even_if_that_is_refused_at_first() -> None:
    consumer = Consumer({FRESH: None, READ: 7}, GroupAuthorizationFailedError())
    with pytest.raises(CorruptRecordException):
        await fetching.fetch(consumer, timeout_ms=1, most=1)
    assert sorted(consumer.went_back) == [FRESH, READ]


async def test_without_a_partition_there_is_nothing_to_go_back_to() -> None:
    with pytest.raises(CorruptRecordException):
        await fetching.fetch(Consumer({}), timeout_ms=1, most=1)
