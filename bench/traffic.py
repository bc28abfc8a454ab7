"""Sends events and listens for their outcomes: as many as the service takes, or at a set rate."""

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer

from bench.events import order_placed, stock_picked
from bench.parts import Parts
from demo.sending import Message, Sender

RECORDED = "order.recorded"
LABELLED = "consignment.labelled"
STEP_DONE = (RECORDED, "consignment.created", "consignment.allocated", LABELLED)
"""The outcome that ends each step; one of each for an order that goes the whole way."""
BAD_ENDS = ("order.rejected", "pick.rejected", "consignment.allocation_failed")
DEAD_LETTERS = "orderflex.dead-letters"


class WentWrong(RuntimeError):
    """An event ended otherwise than a benchmark may take for granted."""


@dataclass(frozen=True)
class Sample:
    """What had happened by a moment (monotonic seconds)."""

    at: float
    heard: Counter[str]
    cpu: dict[str, float]


@dataclass
class Traffic:
    """The shop and the warehouse of one deployment, and an ear on every outcome."""

    prefix: str
    sender: Sender
    consumer: AIOKafkaConsumer
    heard: Counter[str] = field(default_factory=Counter)
    recorded_at: dict[str, float] = field(default_factory=dict)
    labelled_at: dict[str, float] = field(default_factory=dict)
    _pick_at_once: bool = False
    _picks: set[asyncio.Task[None]] = field(default_factory=set)
    _sent: int = 0

    async def listen(self) -> None:
        """Take in every outcome; picks an order as soon as it is recorded, where that is wanted."""
        while True:
            batches = await self.consumer.getmany(timeout_ms=200)
            now = time.monotonic()
            for partition, records in batches.items():
                kind = partition.topic.removeprefix(self.prefix)
                self.heard[kind] += len(records)
                for record in records:
                    reference = (record.key or b"").decode()
                    if kind == RECORDED:
                        self.recorded_at[reference] = now
                        if self._pick_at_once:
                            self._start(stock_picked(reference))
                    elif kind == LABELLED:
                        self.labelled_at[reference] = now

    def _start(self, message: Message) -> None:
        task = asyncio.create_task(self.sender.send(message))
        self._picks.add(task)
        task.add_done_callback(self._picks.discard)

    async def keep_busy(
        self, seconds: float, outstanding: int, parts: Parts, *, whole_way: bool
    ) -> list[Sample]:
        """Keep so many orders unfinished for some seconds, then let them end.

        Gives samples of the time in which there was always more to do.
        """
        self._pick_at_once = whole_way
        last = LABELLED if whole_way else RECORDED
        samples: list[Sample] = []
        sent, finished = self._sent, self.heard[last]

        def unfinished() -> int:
            return self._sent - sent - (self.heard[last] - finished)

        started = time.monotonic()
        while (now := time.monotonic()) < started + seconds:
            samples.append(Sample(now, self.heard.copy(), parts.cpu_seconds()))
            await asyncio.gather(*(self._place() for _ in range(outstanding - unfinished())))
            await asyncio.sleep(0.1)
        samples.append(Sample(time.monotonic(), self.heard.copy(), parts.cpu_seconds()))
        await self.until(lambda: unfinished() <= 0, seconds=120)
        return samples

    async def at_rate(self, rate: float, seconds: float) -> list[float]:
        """Place orders at random times, so many a second on average, whatever comes back.

        Gives for each the seconds from the moment it was to be sent to its `order.recorded`.
        """
        chance = random.Random(7)  # noqa: S311 - no secret
        self._pick_at_once = False
        intended: dict[str, float] = {}
        at = started = time.monotonic() + 0.1
        sending: set[asyncio.Task[None]] = set()
        while at < started + seconds:
            await asyncio.sleep(max(0.0, at - time.monotonic()))
            reference = self._next()
            intended[reference] = at
            task = asyncio.create_task(self.sender.send(order_placed(reference)))
            sending.add(task)
            task.add_done_callback(sending.discard)
            at += chance.expovariate(rate)
        await self.until(lambda: all(r in self.recorded_at for r in intended), seconds=120)
        return [self.recorded_at[reference] - due for reference, due in intended.items()]

    async def until(self, told: Callable[[], bool], *, seconds: float) -> None:
        """Wait until something is so. Raises WentWrong when it is not in time, or goes wrong."""
        deadline = time.monotonic() + seconds
        while not told():
            bad = {name: self.heard[name] for name in (*BAD_ENDS, DEAD_LETTERS) if self.heard[name]}
            if bad or time.monotonic() > deadline:
                raise WentWrong(f"sent {self._sent}, heard {dict(self.heard)}")
            await asyncio.sleep(0.05)

    def _next(self) -> str:
        self._sent += 1
        return f"{self.prefix}{self._sent:07d}"

    async def _place(self) -> None:
        await self.sender.send(order_placed(self._next()))


@contextlib.asynccontextmanager
async def traffic(bootstrap_servers: str, prefix: str) -> AsyncIterator[Traffic]:
    """Make the traffic of one deployment."""
    consumer = AIOKafkaConsumer(
        *(prefix + name for name in (*STEP_DONE, *BAD_ENDS, DEAD_LETTERS)),
        bootstrap_servers=bootstrap_servers,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        async with Sender(bootstrap_servers, prefix) as sender:
            made = Traffic(prefix, sender, consumer)
            listening = asyncio.create_task(made.listen())
            try:
                yield made
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)
    finally:
        await consumer.stop()
