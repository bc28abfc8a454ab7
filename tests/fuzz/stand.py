"""The whole service in this process, in virtual time: it takes any record, tells what came of it.

Kafka, ledger and PRO are those of the simulation, without any trouble: what goes wrong here, goes
wrong because of the record.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from unittest import mock

import httpx
import structlog
from structlog.testing import LogCapture

from service.events.malformed import MalformedReason
from service.metrics import Metrics, Name
from service.papers import folder
from tests.proof.facts import Place
from tests.simulation.loop import VirtualLoop, virtual_time
from tests.simulation.run import prepared
from tests.simulation.scenario import Scenario
from tests.simulation.world import World

Headers = tuple[tuple[str, bytes], ...]
PATIENCE = 900.0
"""Virtual seconds within which an event must be let go of."""
UNREADABLE = frozenset(reason.value for reason in MalformedReason)


@dataclass(frozen=True)
class Sent:
    """A record as a sender puts it on a topic, whatever it is."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    timestamp: int | None = None
    """Milliseconds since 1970; None: now."""

    def __repr__(self) -> str:
        def cut(text: bytes | None) -> str:
            return repr(text) if text is None or len(text) < 600 else f"{text[:600]!r}… {len(text)}"

        named = ", ".join(f"{name!r}: {cut(said)}" for name, said in self.headers)
        return f"<{self.topic} {self.key!r} {cut(self.value)} {{{named}}} at {self.timestamp}>"


@dataclass(frozen=True)
class CameOf:
    """What became of a record when it was let go of."""

    ending: str
    reason: str | None
    """The closed word of its row or dead letter, where there is one."""


@dataclass
class Stand:
    """The service, and what was seen of it."""

    world: World
    logged: LogCapture
    metrics: Metrics
    endings: dict[Place, str] = field(default_factory=dict)
    taken: int = 0

    def run(self, work: Callable[[], Any]) -> Any:
        """Run something in the loop to its end."""

        async def working() -> Any:
            return await work()

        return self.world.loop.run_until_complete(working())

    def take(self, sent: Sent) -> CameOf:
        """Have a record taken up, and wait until its offset may be let go of."""
        place = self.put(sent)
        self.run(lambda: self._until_let_go(place))
        self.taken += 1
        row = self.world.ledger.rows(
            'SELECT error_class FROM parked_events WHERE topic=? AND "partition"=? AND "offset"=?',
            place.topic,
            place.partition,
            place.offset,
        )
        return CameOf(self.endings[place], row[0][0] if row else None)

    def put(self, sent: Sent) -> Place:
        """Put a record on its topic as it is."""
        kafka = self.world.kafka
        made = kafka.append(sent.topic, sent.key, sent.value or b"", [])
        log = kafka.logs[sent.topic][made.partition]
        log[made.offset] = replace(
            made,
            value=sent.value,
            headers=sent.headers,
            timestamp=made.timestamp if sent.timestamp is None else sent.timestamp,
        )
        return Place(made.topic, made.partition, made.offset)

    async def _until_let_go(self, place: Place) -> None:
        until = self.world.loop.time() + PATIENCE
        while place not in self.endings:
            assert not self.world.died, self.world.died
            assert self.world.loop.time() < until, f"{place} is never let go of"
            await asyncio.sleep(0.02)

    def rest(self) -> list[str]:
        """Let everything come to rest; gives what never does."""
        left: list[str] = self.run(self.world._rest)
        return left

    def heard(self, topic: str) -> list[Any]:
        """Every record of a topic."""
        return [one for part in self.world.kafka.logs.get(topic, ()) for one in part]

    def bugs(self) -> list[Any]:
        """What the service itself took for an error of ours, since it was asked for last."""
        lines, self.logged.entries = self.logged.entries, []
        return [line for line in lines if line.get("event") in BUG_LINES] + self.world.died

    def counted(self, name: Name) -> float:
        """The sum of a counter over its labels."""
        return sum(
            sample.value
            for metric in self.metrics.registry.collect()
            for sample in metric.samples
            if sample.name == name.value
        )


BUG_LINES = ("a bug", "settling broke off")


@contextmanager
def standing(
    way_to_pro: Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport] | None = None,
) -> Iterator[Stand]:
    """Set the service up; `way_to_pro` stands between it and PRO."""
    ledger = prepared()
    with ExitStack() as stack:
        logged = LogCapture()
        stack.callback(structlog.configure, **structlog.get_config())
        structlog.configure(processors=[logged], cache_logger_on_first_use=False)
        stack.enter_context(mock.patch.object(folder, "_write", return_value=None))
        loop: VirtualLoop = stack.enter_context(virtual_time())
        world = World(0, Scenario(replicas=1, partitions=3), ledger, loop)
        ledger.fresh(world.ports)
        made: list[Metrics] = []

        def metrics(*given: Any) -> Metrics:
            made.append(Metrics(*given))
            return made[-1]

        stack.enter_context(mock.patch("service.wiring.Metrics", metrics))
        if way_to_pro is not None:
            real = world.start_replica.__globals__["FaultyTransport"]
            stack.enter_context(
                mock.patch(
                    "tests.simulation.world.FaultyTransport", lambda pro: way_to_pro(real(pro))
                )
            )
        stand: list[Stand] = []
        let_go = world._let_go

        def letting_go(name: str, origin: Any, ending: Any) -> None:
            let_go(name, origin, ending)
            stand[0].endings[Place(origin.topic, origin.partition, origin.offset)] = str(ending)

        world._let_go = letting_go  # type: ignore[method-assign]

        async def start() -> None:
            world.start_replica()
            await asyncio.sleep(5)

        loop.run_until_complete(start())
        stand.append(Stand(world, logged, made[0]))
        yield stand[0]
