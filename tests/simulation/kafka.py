"""Kafka in memory: the logs, and one consumer group with eager rebalances and fenced commits."""

import asyncio
import random
import zlib
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError

from tests.proof.facts import Commit

from .loop import START, VirtualLoop
from .trace import Trace

Headers = list[tuple[str, bytes]]
Record: TypeAlias = ConsumerRecord


@dataclass(frozen=True)
class Joined:
    """What a member is told at the end of a rebalance."""

    generation: int
    positions: dict[TopicPartition, int]
    """Where to start on each partition that is now its own."""


class Member(Protocol):
    """What the coordinator knows of a consumer."""

    name: str
    generation: int

    def rejoin(self) -> None:
        """Tell it to join again."""

    def wake(self) -> None:
        """Tell it that there is something to fetch."""


@dataclass
class Kafka:
    """All topics and the group of the service."""

    loop: VirtualLoop
    dice: random.Random
    trace: Trace
    partitions: int
    rebalance_timeout: float
    heartbeat: float = 1.0
    is_away: bool = False
    logs: dict[str, list[list[Record]]] = field(default_factory=dict)
    committed: dict[TopicPartition, int] = field(default_factory=dict)
    commits: list[Commit] = field(default_factory=list)
    appended: dict[tuple[str, int, int], float] = field(default_factory=dict)
    """The step at which each record was taken."""
    told: set[tuple[str, str]] = field(default_factory=set)
    """Which outcomes were said of which key."""
    generation: int = 0
    is_preparing: bool = False
    _members: dict[str, Member] = field(default_factory=dict)
    _joined: dict[str, asyncio.Future[Joined]] = field(default_factory=dict)
    subscribed: list[str] = field(default_factory=list)
    _round: int = 0

    # Logs

    def append(self, topic: str, key: bytes | None, value: bytes, headers: Headers) -> Record:
        """Take a record; gives it with its place."""
        log = self.logs.setdefault(topic, [[] for _ in range(self.partitions)])
        partition = zlib.crc32(key or value) % self.partitions
        offset = len(log[partition])
        now = int((START + self.loop.time()) * 1000)
        record: Record = ConsumerRecord(
            topic, partition, offset, now, 0, key, value, None, len(key or b""), len(value), headers
        )
        log[partition].append(record)
        kind = next((v.decode("utf-8", "replace") for name, v in headers if name == "ce_type"), "")
        what = "" if kind == topic else f" {kind}"
        if kind == topic:
            self.told.add((kind, (key or b"").decode("utf-8", "replace")))
        step = self.trace.note(
            "kafka", f"{topic}/{partition}/{offset}{what} {(key or b'').decode('utf-8', 'replace')}"
        )
        self.appended[topic, partition, offset] = step
        for member in self._members.values():
            member.wake()
        return record

    def records(self, tp: TopicPartition, position: int, limit: int) -> list[Record]:
        """Give what lies from a position on."""
        log = self.logs.get(tp.topic)
        return [] if log is None or self.is_away else log[tp.partition][position : position + limit]

    def all_records(self) -> list[Record]:
        """Give every record, in the order in which they were taken."""
        found = [record for log in self.logs.values() for part in log for record in part]
        return sorted(found, key=lambda r: self.appended[r.topic, r.partition, r.offset])

    def uncommitted(self) -> int:
        """Count what the group has still to let go."""
        return sum(
            len(part) - self.committed.get(TopicPartition(topic, number), 0)
            for topic in self.subscribed
            for number, part in enumerate(self.logs.get(topic, ()))
        )

    async def until_back(self) -> None:
        """Wait while it is away."""
        while self.is_away:  # noqa: ASYNC110 - a client finds out by trying
            await asyncio.sleep(0.5)

    # The group

    def is_member(self, name: str) -> bool:
        """Tell whether the coordinator counts a member in."""
        return name in self._members

    def join(self, member: Member, topics: list[str]) -> asyncio.Future[Joined]:
        """Have a member join (again); the answer comes when the rebalance is over."""
        self.subscribed = topics
        self._members[member.name] = member
        answer: asyncio.Future[Joined] = self.loop.create_future()
        self._joined[member.name] = answer
        self.rebalance()
        if self._joined.keys() >= self._members.keys():
            self.loop.outside(0.01, self._complete, self._round)
        return answer

    def leave(self, name: str, why: str) -> None:
        """Take a member out; it is not told."""
        if self._members.pop(name, None) is None:
            return
        self.trace.note("kafka", f"{name} is out of the group ({why})")
        self._joined.pop(name, None)
        if self.is_preparing and self._members and self._joined.keys() >= self._members.keys():
            self.loop.outside(0.01, self._complete, self._round)
        elif self._members:
            self.rebalance()

    def rebalance(self) -> None:
        """Ask every member to join again, as each sends its heartbeat."""
        if self.is_preparing:
            return
        self.is_preparing = True
        self._round += 1
        self.loop.outside(self.rebalance_timeout, self._complete, self._round)
        for name, member in self._members.items():
            if name not in self._joined:
                self.loop.outside(self.dice.uniform(0, self.heartbeat), member.rejoin)

    def _complete(self, number: int) -> None:
        if not self.is_preparing or number != self._round:
            return
        self.is_preparing = False
        self.generation += 1
        for name in sorted(self._members.keys() - self._joined.keys()):
            self.trace.note("kafka", f"{name} did not join in time")
            late = self._members.pop(name)
            self.loop.outside(self.dice.uniform(0, self.heartbeat), late.rejoin)
        names = sorted(self._members)
        if not names:
            return
        shares: dict[str, dict[TopicPartition, int]] = {name: {} for name in names}
        tps = [TopicPartition(t, n) for t in self.subscribed for n in range(self.partitions)]
        for number_of, tp in enumerate(tps):
            owner = names[(number_of + self.generation) % len(names)]
            shares[owner][tp] = self.committed.get(tp, 0)
        self.trace.note("kafka", f"generation {self.generation}: {', '.join(names)}")
        joined, self._joined = self._joined, {}
        for name, answer in joined.items():
            if not answer.done():
                answer.set_result(Joined(self.generation, shares[name]))

    def commit(self, member: Member, offsets: dict[TopicPartition, int]) -> None:
        """Commit offsets. Raises CommitFailedError for who is no member of this generation."""
        if member.name not in self._members or member.generation != self.generation:
            self.trace.trouble("fenced commit", member.name)
            raise CommitFailedError
        for tp, offset in offsets.items():
            self.committed[tp] = offset
            step = self.trace.note(member.name, f"commits {tp.topic}/{tp.partition} up to {offset}")
            self.commits.append(Commit(tp.topic, tp.partition, offset, step))
