"""Events that are given back to their topic, and partitions that are read no further for now."""

import asyncio
import random

import pytest
from aiokafka import TopicPartition

from service.events.topics import EventType

from .test_engine import ORDERS, PICKS, Bench, bench


async def test_what_is_given_back_is_read_again_before_what_comes_after_it() -> None:
    async with bench({PICKS: ["A", "A", "A"]}) as made:
        made.forbidden["stock.picked", 0] = 3
        await made.until(lambda: made.consumer.committed.get(PICKS) == 3)
        assert made.started == [("A", 0)] * 4 + [("A", 1), ("A", 2)]


async def test_nothing_is_committed_beyond_what_was_given_back() -> None:
    async with bench({PICKS: ["A", "A", "A"]}, try_every=0.1) as made:
        made.forbidden["stock.picked", 1] = 1
        await made.until(lambda: EventType.STOCK_PICKED in made.guard.paused)
        await asyncio.sleep(0.03)
        assert made.consumer.committed.get(PICKS) == 1
        await made.until(lambda: made.consumer.committed.get(PICKS) == 3)


async def test_while_a_step_is_paused_its_topic_is_not_read_and_others_go_on() -> None:
    async with bench(
        {ORDERS: ["A", "B"], PICKS: ["A", "A", "B"]}, try_every=60, max_in_flight=1
    ) as made:
        made.forbidden["stock.picked", 0] = 1
        await made.until(lambda: PICKS in made.consumer.looking_away)
        made.consumer.log[ORDERS] += ["C", "A"]
        await made.until(lambda: made.consumer.committed.get(ORDERS) == 4)
        assert made.consumer.committed.get(PICKS, 0) == 0
        assert {topic for topic, _, _ in made.settled} == {"order.placed"}


async def test_of_a_paused_step_one_event_at_a_time_is_taken_up() -> None:
    async with bench({PICKS: [f"K{n}" for n in range(20)]}, try_every=0.03) as made:
        made.guard.forbidden(EventType.STOCK_PICKED)
        made.forbidden["stock.picked", 0] = 3
        await made.until(lambda: len(made.started) == 3)
        assert made.started == [("K0", 0)] * 3
        await made.until(lambda: made.consumer.committed.get(PICKS) == 20)
        assert made.started[:4] == [("K0", 0)] * 4
        assert len(made.started) == 23


async def test_a_partition_is_read_so_far_ahead_of_its_slowest_event_and_then_waited_for() -> None:
    async with bench({ORDERS: ["A", *"BCDEFGHIJKLMNOP"], PICKS: ["Q"] * 9}, max_gap=5) as made:
        made.held["A"] = asyncio.Event()
        await made.until(lambda: made.consumer.committed.get(PICKS) == 9)
        await made.until(lambda: ORDERS in made.consumer.looking_away)
        await asyncio.sleep(0.05)
        assert [key for topic, key, _ in made.settled if topic == "order.placed"] == list("BCDE")
        made.held["A"].set()
        await made.until(lambda: made.consumer.committed.get(ORDERS) == 16)
        assert len(made.settled) == 16 + 9, "none twice"


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_is_given_back_nothing_is_lost_or_overtaken_or_committed_too_early(
    seed: int,
) -> None:
    dice = random.Random(seed)  # noqa: S311 - no secret
    log = {
        TopicPartition(topic, number): dice.choices("ABCD", k=dice.randint(1, 15))
        for topic in ("order.placed", "stock.picked")
        for number in range(1)
    }
    async with bench(log, try_every=0.004, max_gap=6, max_in_flight=dice.randint(1, 4)) as made:
        too_early = committed_too_early(made)
        for partition, keys in log.items():
            for offset in range(len(keys)):
                if dice.random() < 0.3:
                    made.forbidden[partition.topic, offset] = dice.randint(1, 2)
        await made.until(
            lambda: made.consumer.committed == {each: len(keys) for each, keys in log.items()}
        )
        assert too_early == []
        for partition, keys in log.items():
            for key in set(keys):
                first = list(
                    dict.fromkeys(
                        offset
                        for topic, one, offset in made.settled
                        if (topic, one) == (partition.topic, key)
                    )
                )
                assert first == [n for n, one in enumerate(keys) if one == key]


def committed_too_early(made: Bench) -> list[tuple[TopicPartition, int]]:
    """The offsets that were committed while one before them was not settled: filled as it goes."""
    found: list[tuple[TopicPartition, int]] = []

    def look(partition: TopicPartition, committed: int) -> None:
        settled = {offset for topic, _, offset in made.settled if topic == partition.topic}
        if not settled >= set(range(committed)):
            found.append((partition, committed))

    made.consumer.on_commit = look
    return found
