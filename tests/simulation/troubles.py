"""Makes the trouble that a scenario names: to a replica, the group, or what they depend on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from .ledger import Armed
from .replica import SETTINGS, Replica
from .scenario import Trouble

if TYPE_CHECKING:
    from .world import World


class Troubles:
    """Makes trouble in a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._operating: asyncio.Task[int] | None = None

    def make(self, trouble: Trouble) -> None:
        """Make it; what lasts ends by itself."""
        getattr(self, "_" + trouble.kind.replace(" ", "_"))(trouble)

    def _one(self, trouble: Trouble) -> Replica | None:
        alive = self._world.alive()
        return alive[trouble.which % len(alive)] if alive else None

    def _kill(self, trouble: Trouble) -> None:
        replica = self._one(trouble)
        if replica is not None:
            self._when_it_has_committed(trouble, replica, partial(self._kill_now, replica, trouble))

    def _stall(self, trouble: Trouble) -> None:
        replica = self._one(trouble)
        if replica is not None:
            stall = partial(self._stall_now, replica, trouble.seconds)
            self._when_it_has_committed(trouble, replica, stall)

    def _when_it_has_committed(
        self, trouble: Trouble, replica: Replica, fall: Callable[[], None]
    ) -> None:
        """Have it happen at once, or directly after so many commits or claims."""
        if trouble.commits == 0:
            fall()
        else:
            armed = Armed(trouble.commits, trouble.only_claims, fall)
            self._world.ports.armed[replica.name] = armed

    def _kill_now(self, replica: Replica, trouble: Trouble) -> None:
        busy = len(replica.service.engine._tasks)
        self._world.trace.trouble("kill", replica.name, f"({busy} events in flight)")
        replica.fate.is_dead = True
        session = SETTINGS.kafka_session_timeout
        self._world.loop.outside(
            session, self._world.kafka.leave, replica.name, "its session ended"
        )
        self._world.loop.outside(trouble.seconds, self._world.start_replica)

    def _stall_now(self, replica: Replica, seconds: float) -> None:
        self._world.trace.trouble("stall", replica.name, f"for {seconds:.1f} s")
        until = self._world.loop.time() + seconds
        replica.fate.stalled_until = max(replica.fate.stalled_until, until)
        session = SETTINGS.kafka_session_timeout
        if seconds > session:
            self._world.loop.outside(session, self._session_ended, replica, until)

    def _session_ended(self, replica: Replica, until: float) -> None:
        consumer = replica.broker.consumer
        if (
            replica.fate.is_dead
            or consumer is None
            or not self._world.kafka.is_member(replica.name)
        ):
            return
        self._world.trace.trouble("partitions lost", replica.name)
        self._world.kafka.leave(replica.name, "its session ended")
        wait = (
            until
            - self._world.loop.time()
            + self._world.dice.uniform(0, self._world.kafka.heartbeat)
        )
        self._world.loop.outside(wait, consumer.rejoin)

    def _join(self, _trouble: Trouble) -> None:
        if len(self._world.alive()) < 4:
            self._world.trace.trouble("join", "world")
            self._world.start_replica()

    def _leave(self, trouble: Trouble) -> None:
        replica = self._one(trouble)
        if replica is not None:
            self._world.trace.trouble("leave", replica.name)
            replica.stop.set()
            if not self._world.alive():
                self._world.loop.outside(trouble.seconds, self._world.start_replica)

    def _rewind(self, _trouble: Trouble) -> None:
        """Have the group read some of it again, as after a restored offset."""
        self._world.trace.trouble("rewind", "world")
        for tp in list(self._world.kafka.committed):
            if self._world.dice.random() < 0.5:
                self._world.kafka.committed[tp] = self._world.dice.randint(
                    0, self._world.kafka.committed[tp]
                )
        self._world.kafka.rebalance()

    def _during(self, trouble: Trouble, begin: Callable[[], None], end: Callable[[], None]) -> None:
        self._world.trace.trouble(trouble.kind, "world", f"for {trouble.seconds:.1f} s")
        begin()
        self._world.loop.outside(trouble.seconds, self._over, trouble.kind, end)

    def _over(self, kind: str, end: Callable[[], None]) -> None:
        self._world.trace.note("world", f"{kind}: over")
        end()

    def _publish_faults(self, trouble: Trouble) -> None:
        def set_to(likely: float) -> None:
            faults = self._world.publishing
            faults.before, faults.after, faults.slow = likely / 2, likely / 2, likely / 3

        self._during(trouble, lambda: set_to(trouble.strength), lambda: set_to(0.0))

    def _flag(
        self, trouble: Trouble, owner: object, name: str, value: object, rest: object
    ) -> None:
        self._during(
            trouble, lambda: setattr(owner, name, value), lambda: setattr(owner, name, rest)
        )

    def _broker_away(self, trouble: Trouble) -> None:
        self._flag(trouble, self._world.kafka, "is_away", value=True, rest=False)

    def _ledger_down(self, trouble: Trouble) -> None:
        self._flag(trouble, self._world.ports, "is_down", value=True, rest=False)

    def _commits_not_heard_of(self, trouble: Trouble) -> None:
        self._flag(trouble, self._world.ports, "lost_commits", trouble.strength / 3, 0.0)

    def _pro_faults(self, trouble: Trouble) -> None:
        faults = self._world.pro.faults
        faults.kinds = trouble.faults
        self._flag(trouble, faults, "likely", trouble.strength, 0.0)

    def _pro_away(self, trouble: Trouble) -> None:
        self._flag(trouble, self._world.pro.faults, "is_away", value=True, rest=False)

    def _key_refused(self, trouble: Trouble) -> None:
        self._flag(trouble, self._world.pro.faults, "key_refused", value=True, rest=False)

    def _operator(self, _trouble: Trouble) -> None:
        """Have an operator go through the dead letters in the midst of it all."""
        self._operating = self._world.loop.create_task(
            self._world.operator.look_through(self._world.dice)
        )

    def _bug(self, trouble: Trouble) -> None:
        self._flag(trouble, self._world.bugs, "likely", trouble.strength, 0.0)
