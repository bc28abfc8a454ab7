"""The engine: drives the consumer, keeps lanes and windows, commits explicit offsets.

One loop polls, and goes on polling (with everything paused) while the window is full or the gate
is closed, so that the broker sees a live member. Events run in tasks of their own. An offset is
committed only when its event and all before it in the partition are settled.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError
from aiokafka.structs import OffsetAndMetadata

from service.events.envelope import Incoming
from service.events.topics import EventType
from service.intake.arrivals import Arrival
from service.intake.ending import Ending
from service.intake.fetching import fetch
from service.intake.gate import Gate
from service.intake.step_guard import StepGuard
from service.intake.window import Lanes, OffsetWindow
from service.ledger.clock import EPOCH
from service.ledger.parked_rows import Origin
from service.metrics import Metrics, Name

Settle = Callable[[Arrival], Awaitable[Ending]]
"""Returns when the event's offset may be let go; GIVEN_BACK: it is to be read again."""
Read = Callable[[Incoming], Arrival]
"""Never raises: what can't be read is an arrival too."""
SecondsUntilDue = Callable[[Incoming], float]
"""0 or less for what is due, or is no retry message."""
TypeOf = Callable[[str], EventType | None]
"""Gives the event type of a topic; None for a retry topic."""


@dataclass(frozen=True)
class EnginePolicy:
    """How much is taken up at once, and times in seconds."""

    max_in_flight: int = 64
    window: int = 512
    """Events admitted (running or waiting for their lane) at the most."""
    max_gap: int = 5_000
    """How far a partition may be read beyond its lowest unfinished event: so many would be
    delivered again after a crash."""
    poll_timeout: float = 0.2
    paused_poll_timeout: float = 0.02
    longest_silence: float = 30.0
    """While the window is full the broker is polled this often; within max.poll.interval.ms."""
    commit_every: float = 0.5
    commit_timeout: float = 5.0
    settle_again: float = 5.0
    """How soon settling an event is started again after an error of ours broke it off."""
    stop_timeout: float = 5.0
    """How long what was cancelled on shutdown may take to take note of it."""
    drain_timeout: float = 20.0
    """How long work in flight may go on when partitions are taken away, or on shutdown."""


@dataclass(frozen=True)
class _Delivery:
    arrival: Arrival
    partition: TopicPartition | None
    offset: int
    epoch: int
    taken_up: float = field(default_factory=time.monotonic)


@dataclass
class _Paused:
    """Retry partitions that wait for their first message to be due: until when (monotonic)."""

    until: dict[TopicPartition, float] = field(default_factory=dict)

    def due(self) -> None:
        now = time.monotonic()
        self.until = {tp: at for tp, at in self.until.items() if at > now}

    def next_in(self, otherwise: float) -> float:
        if not self.until:
            return otherwise
        return max(0.001, min(otherwise, min(self.until.values()) - time.monotonic()))


class Engine(ConsumerRebalanceListener):  # type: ignore[misc]
    """Takes events up and lets their offsets go."""

    def __init__(
        self,
        settle: Settle,
        read: Read,
        until_due: SecondsUntilDue,
        type_of: TypeOf,
        gate: Gate,
        guard: StepGuard,
        policy: EnginePolicy,
        metrics: Metrics,
    ) -> None:
        self._settle = settle
        self._read = read
        self._seconds_until_due = until_due
        self._type_of = type_of
        self._gate = gate
        self._guard = guard
        self._policy = policy
        self._metrics = metrics
        self._lanes: Lanes[_Delivery] = Lanes(policy.max_in_flight)
        self._windows: dict[TopicPartition, OffsetWindow] = {}
        self._given_back: dict[TopicPartition, int] = {}
        self._submitted: set[Origin] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._paused = _Paused()
        self._epoch = 0
        self._rebalancing = False
        self._stopping = False
        self._consumer: AIOKafkaConsumer | None = None
        self._last_commit = 0.0
        self._last_fetch = time.monotonic()
        self._room = asyncio.Event()
        self.last_poll = time.monotonic()
        """When the loop last came round (monotonic seconds): the sign of life."""
        self.is_running = False
        self._log = structlog.get_logger("intake")
        metrics.follow(Name.OLDEST_UNFINISHED, lambda: self.oldest_unfinished_seconds)

    @property
    def oldest_unfinished_seconds(self) -> float:
        """Since the oldest event that runs or waits for its lane was taken up; 0 when none does."""
        now = time.monotonic()
        return max((now - one.taken_up for one in self._lanes.items()), default=0.0)

    def unfinished_from(self, partition: TopicPartition) -> int | None:
        """Give a partition's lowest unfinished offset; None if nothing was taken up of it yet."""
        window = self._windows.get(partition)
        return window.position if window is not None and window.position >= 0 else None

    async def run(self, consumer: AIOKafkaConsumer) -> None:
        """Poll until `stop`."""
        self._consumer = consumer
        self.is_running = True
        while not self._stopping:
            self.last_poll = time.monotonic()
            try:
                await self._turn(consumer)
            except IllegalStateError:  # a partition moved away between two steps
                await asyncio.sleep(self._policy.paused_poll_timeout)
            except KafkaError as error:
                self._log.warning("the broker does not answer", error=type(error).__name__)
                await asyncio.sleep(1.0)

    async def _turn(self, consumer: AIOKafkaConsumer) -> None:
        self._paused.due()
        self._read_given_back_again(consumer)
        room = self._policy.window - self._lanes.admitted
        is_busy = room <= 0 or self._lanes.running >= self._policy.max_in_flight
        if is_busy and room < self._worth_a_fetch and self._may_be_silent():
            # Polling with everything paused would throw away what is fetched already.
            await self._until_room()
            await self._commit_if_due()
            return
        self._last_fetch = time.monotonic()
        blocked = room <= 0 or not self._gate.is_open or self._rebalancing
        self._apply_pauses(consumer, everything=blocked)
        timeout = self._policy.paused_poll_timeout if blocked else self._policy.poll_timeout
        timeout_ms = int(self._paused.next_in(timeout) * 1000) or 1
        batches = await fetch(consumer, timeout_ms=timeout_ms, most=max(1, room))
        if blocked and not batches:
            await asyncio.sleep(self._policy.paused_poll_timeout)
        # While partitions move nothing is admitted: the coming assignment starts from the
        # committed offsets, so what was fetched before is read again.
        if not self._rebalancing:
            for partition, records in batches.items():
                self._admit(consumer, partition, records)
        self._start()
        await self._commit_if_due()

    @property
    def _worth_a_fetch(self) -> int:
        """So much room is worth a fetch: fetching one record at a time costs more than it gains."""
        return max(1, self._policy.window // 8)

    def _may_be_silent(self) -> bool:
        silence = time.monotonic() - self._last_fetch
        is_silent_long = silence >= self._policy.longest_silence
        return self._gate.is_open and not self._rebalancing and not is_silent_long

    async def _until_room(self) -> None:
        self._room.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._policy.commit_every):
                await self._room.wait()

    async def _commit_if_due(self) -> None:
        if time.monotonic() - self._last_commit >= self._policy.commit_every:
            await self.commit()

    def _apply_pauses(self, consumer: AIOKafkaConsumer, *, everything: bool) -> None:
        assigned = set(consumer.assignment())
        wanted = assigned if everything else {tp for tp in assigned if self._is_paused(tp)}
        paused = set(consumer.paused()) & assigned
        if wanted - paused:
            consumer.pause(*(wanted - paused))
        if paused - wanted:
            consumer.resume(*(paused - wanted))

    def _is_paused(self, partition: TopicPartition) -> bool:
        """Whether a partition is not to be read: nothing is due, too far ahead, or step paused."""
        window = self._windows.get(partition)
        return (
            partition in self._paused.until
            or (window is not None and window.gap >= self._policy.max_gap)
            or self._guard.is_paused(self._type_of(partition.topic))
        )

    def _admit(
        self,
        consumer: AIOKafkaConsumer,
        partition: TopicPartition,
        records: Sequence[ConsumerRecord[bytes, bytes]],
    ) -> None:
        window = self._windows.setdefault(partition, OffsetWindow())
        event_type = self._type_of(partition.topic)
        for record in records:
            is_full = window.gap >= self._policy.max_gap
            if is_full or not self._guard.take(event_type):
                consumer.seek(partition, record.offset)
                return
            incoming = _incoming(record)
            wait = self._seconds_until_due(incoming)
            if wait > 0:
                # Not due: leave it on its topic and look away until it is.
                consumer.seek(partition, record.offset)
                self._paused.until[partition] = time.monotonic() + wait
                return
            if not window.admit(record.offset):
                continue
            arrived = self._read(incoming)
            self._metrics.count(Name.EVENTS_RECEIVED, type=arrived.type)
            self._lanes.admit(
                arrived.lane, _Delivery(arrived, partition, record.offset, self._epoch)
            )

    def submit(self, arrived: Arrival) -> None:
        """Take up an event that is woken by the ledger, not by its retry message.

        One that waits for its lane already is not taken up twice; none is while the window is full.
        """
        if arrived.origin in self._submitted or self._lanes.admitted >= self._policy.window:
            return
        self._submitted.add(arrived.origin)
        self._lanes.admit(arrived.lane, _Delivery(arrived, None, -1, self._epoch))
        self._start()

    def _start(self) -> None:
        if self._stopping:
            return
        for key, delivery in self._lanes.start():
            task = asyncio.create_task(self._run(key, delivery))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._metrics.set(Name.IN_FLIGHT, self._lanes.running)

    async def _run(self, key: str, delivery: _Delivery) -> None:
        """Settle one event, and let its offset go."""
        try:
            ending = await self._until_settled(delivery.arrival)
            if delivery.partition is None or delivery.epoch != self._epoch:
                return
            if ending is Ending.GIVEN_BACK:
                lowest = self._given_back.get(delivery.partition, delivery.offset)
                self._given_back[delivery.partition] = min(lowest, delivery.offset)
                self._drop_waiting(delivery.partition, delivery.offset)
            else:
                self._windows[delivery.partition].finish(delivery.offset)
        finally:
            self._submitted.discard(delivery.arrival.origin)
            self._lanes.finish(key)
            self._start()
            if self._policy.window - self._lanes.admitted >= self._worth_a_fetch:
                self._room.set()

    async def _until_settled(self, arrived: Arrival) -> Ending:
        """Come back until the event is settled: its offset waits for it."""
        while True:
            try:
                return await self._settle(arrived)
            except Exception as error:
                if self._stopping:
                    raise
                self._metrics.count(Name.SETTLING_FAILED, type=arrived.type)
                kind = arrived.type
                self._log.error("settling broke off", type=kind, error=type(error).__name__)
                await asyncio.sleep(self._policy.settle_again)

    def _read_given_back_again(self, consumer: AIOKafkaConsumer) -> None:
        """Read partitions again from what was given back.

        Here and nowhere else, so that no record fetched before is admitted after it.
        """
        for partition, offset in self._given_back.items():
            if self._windows[partition].give_back(offset):
                consumer.seek(partition, offset)
        self._given_back.clear()

    async def commit(self) -> None:
        """Commit every partition up to its lowest unfinished event.

        A commit that fails is left: what it would have covered is delivered again and meets the
        ledger.
        """
        self._last_commit = time.monotonic()
        offsets = {
            partition: offset
            for partition, window in self._windows.items()
            if (offset := window.to_commit()) is not None
        }
        gaps = (window.gap for window in self._windows.values())
        self._metrics.set(Name.UNCOMMITTED, max(gaps, default=0))
        if not offsets or self._consumer is None:
            return
        try:
            async with asyncio.timeout(self._policy.commit_timeout):
                await self._consumer.commit(
                    {tp: OffsetAndMetadata(offset, "") for tp, offset in offsets.items()}
                )
        except (KafkaError, IllegalStateError, TimeoutError) as error:
            self._metrics.count(Name.COMMITS_FAILED)
            self._log.warning("offsets not committed", error=type(error).__name__)
            return
        for partition, offset in offsets.items():
            if partition in self._windows:
                self._windows[partition].committed(offset)

    async def on_partitions_revoked(self, _revoked: Iterable[TopicPartition]) -> None:
        """Let go of what does not run yet, finish what runs, commit. Rebalances are eager."""
        self.last_poll = time.monotonic()
        self._rebalancing = True
        self._drop_waiting()
        await self._drain(self._policy.drain_timeout)
        await self.commit()
        self._forget()

    async def on_partitions_assigned(self, _assigned: Iterable[TopicPartition]) -> None:
        """Start afresh: positions come from the committed offsets, pauses are forgotten."""
        self._forget()
        self._rebalancing = False
        self._metrics.count(Name.REBALANCES)

    def _drop_waiting(self, partition: TopicPartition | None = None, since: int = 0) -> None:
        """Forget what does not run yet, of one partition from an offset on, or all of it."""

        def is_meant(one: _Delivery) -> bool:
            return partition is None or (one.partition == partition and one.offset >= since)

        for delivery in self._lanes.drop_waiting(is_meant):
            self._submitted.discard(delivery.arrival.origin)

    def _forget(self) -> None:
        self._epoch += 1
        self._windows.clear()
        self._given_back.clear()
        self._paused.until.clear()

    async def _drain(self, seconds: float) -> None:
        running = {task for task in self._tasks if not task.done()}
        if running:
            await asyncio.wait(running, timeout=seconds)

    async def stop(self) -> None:
        """Take nothing more up, finish what runs within the grace period, commit.

        What does not finish is cancelled: an operation under way is then unknown, its event is
        delivered again.
        """
        self._stopping = True
        self.is_running = False
        self._drop_waiting()
        await self._drain(self._policy.drain_timeout)
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._policy.stop_timeout)
        await self.commit()


def _incoming(record: ConsumerRecord[bytes, bytes]) -> Incoming:
    return Incoming(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=record.key,
        value=record.value,
        headers=tuple((name, value or b"") for name, value in record.headers),
        timestamp=_time(record.timestamp),
    )


def _time(milliseconds: int) -> datetime:
    """Read a record's timestamp; a senseless one counts as very old."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return EPOCH
