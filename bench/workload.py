"""Work that only sleeps: how much there is, under which keys, and whether it was done rightly."""

import asyncio
import bisect
import itertools
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from aiokafka import AIOKafkaProducer

NOT_STARTED = -1.0
EVENT_BYTES = 900


@dataclass(frozen=True)
class Message:
    """Work of so many seconds under a key; `nth` counts the messages of this key from 0."""

    key: int
    nth: int
    seconds: float

    def encoded(self) -> bytes:
        """Give it as it travels, about as large as an event of ours."""
        return (b"%d %d %f" % (self.key, self.nth, self.seconds)).ljust(EVENT_BYTES)


@dataclass(frozen=True)
class Workload:
    """Messages on a topic of some partitions; a key's messages lie on one partition, in order."""

    name: str
    keys: str
    """In words."""
    partitions: int
    max_in_flight: int
    messages: tuple[Message, ...]

    @property
    def ideal_seconds(self) -> float:
        """How long it takes when nothing but the work takes time and every key keeps its order.

        Bounded by what may run at once, or by the key with most work.
        """
        of_key: Counter[int] = Counter()
        for message in self.messages:
            of_key[message.key] += message.seconds  # type: ignore[assignment]
        total = sum(message.seconds for message in self.messages)
        return max(total / self.max_in_flight, max(of_key.values()))

    def first(self, share: float) -> "Workload":
        """Give only its first messages, for what would take too long."""
        kept = max(1, round(len(self.messages) * share))
        return Workload(
            self.name, self.keys, self.partitions, self.max_in_flight, self.messages[:kept]
        )


def readme_shape(keys: int, messages: int = 10_000) -> Workload:
    """As in the README of Confluent's parallel-consumer: random work of 0 to 5 ms, 1 partition."""
    chance = random.Random(keys)  # noqa: S311 - no secret
    name = f"0-5 ms, {keys:,} key{'s' if keys > 1 else ''}"
    drawn = [chance.randrange(keys) for _ in range(messages)]
    work = [chance.uniform(0, 0.005) for _ in range(messages)]
    return Workload(name, f"{keys:,}, evenly", 1, 100, _numbered(drawn, work))


def zipf_shape(
    milliseconds: float, *, messages: int, keys: int = 10_000, exponent: float = 0.6
) -> Workload:
    """Work of a set time under keys of which some are far busier than others."""
    chance = random.Random(7)  # noqa: S311 - no secret
    weights = list(itertools.accumulate(1 / rank**exponent for rank in range(1, keys + 1)))
    drawn = [bisect.bisect(weights, chance.random() * weights[-1]) for _ in range(messages)]
    busiest = Counter(drawn).most_common(1)[0][1] / messages
    words = f"{keys:,}, Zipf {exponent:g}: the busiest has {busiest:.0%} of all"
    work = [milliseconds / 1000] * messages
    return Workload(f"{milliseconds:g} ms, Zipf {exponent:g}", words, 8, 64, _numbered(drawn, work))


def _numbered(keys: Sequence[int], work: Sequence[float]) -> tuple[Message, ...]:
    seen: Counter[int] = Counter()
    messages = []
    for key, seconds in zip(keys, work, strict=True):
        messages.append(Message(key, seen[key], seconds))
        seen[key] += 1
    return tuple(messages)


async def put(workload: Workload, bootstrap_servers: str, topic: str) -> None:
    """Put a workload on its topic."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, linger_ms=5)
    await producer.start()
    try:
        for message in workload.messages:
            partition = message.key % workload.partitions
            key = str(message.key).encode()
            await producer.send(topic, message.encoded(), key=key, partition=partition)
    finally:
        await producer.stop()


@dataclass
class Doing:
    """Does the work of a workload, and keeps book of it."""

    workload: Workload
    all_done: asyncio.Event = field(default_factory=asyncio.Event)
    out_of_order: int = 0
    """Messages that were begun before the one ahead of them under their key was finished."""
    most_at_once: int = 0
    finished: dict[int, set[int]] = field(default_factory=dict)
    """Offsets by partition."""
    began: float = NOT_STARTED
    ended: float = NOT_STARTED
    cpu_seconds: float = 0.0
    _of_key: Counter[int] = field(default_factory=Counter)
    _at_once: int = 0
    _left: int = 0

    def __post_init__(self) -> None:
        self._left = len(self.workload.messages)

    async def do(self, value: bytes, partition: int, offset: int) -> None:
        """Do one message's work."""
        if self.began == NOT_STARTED:
            self.began, self.cpu_seconds = time.monotonic(), -time.process_time()
        key, nth, seconds = value.split()
        number = int(key)
        if int(nth) != self._of_key[number]:
            self.out_of_order += 1
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        await asyncio.sleep(float(seconds))
        self._at_once -= 1
        self._of_key[number] += 1
        self.finished.setdefault(partition, set()).add(offset)
        self._left -= 1
        if self._left == 0:
            self.ended = time.monotonic()
            self.cpu_seconds += time.process_time()
            self.all_done.set()
