"""Bugs planted in the service, each the one that a promise is there to prevent."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

from service.intake.announcing import Announcer
from service.intake.engine import Engine
from service.ledger import cancellations, parked
from service.ledger.journal import Journal
from service.operations import Operations

Mutation = Callable[[], contextlib.AbstractContextManager[object]]


def commit_early() -> contextlib.AbstractContextManager[object]:
    """The offset is let go when the event is taken up, not when it is settled."""
    original = Engine._run

    async def run(self: Engine, key: str, delivery: Any) -> None:
        if delivery.partition is not None and delivery.epoch == self._epoch:
            self._windows[delivery.partition].finish(delivery.offset)
        await original(self, key, replace(delivery, partition=None))

    return mock.patch.object(Engine, "_run", run)


def repeat_without_look_up() -> contextlib.AbstractContextManager[object]:
    """What may have been done in PRO is simply asked for again."""
    original = Journal._reconcile

    async def reconcile(self: Journal, tx: Any, operation: Any, row: Any, lease: Any) -> Any:
        if operation.key.startswith("pack:"):
            return await self._start(tx, operation, row.attempt, lease)
        return await original(self, tx, operation, row, lease)

    return mock.patch.object(Journal, "_reconcile", reconcile)


def unpark_too_soon() -> contextlib.AbstractContextManager[object]:
    """An event runs although another of its order is parked ahead of it."""
    return mock.patch.object(parked, "row_ahead", return_value=None)


def no_deadline_check() -> contextlib.AbstractContextManager[object]:
    """A worker sends although its lease has ended meanwhile."""

    async def check(_self: Operations, _held: Any) -> None:
        return None

    return mock.patch.object(Operations, "_check_lease", check)


def outcome_unpublished() -> contextlib.AbstractContextManager[object]:
    """The offset is let go while the outcome is still on its way to Kafka."""
    original = Announcer.announce

    async def announce(self: Announcer, performed: Any) -> None:
        await self._publication.acknowledged(performed.operation_key)
        sending = asyncio.create_task(original(self, performed))
        sending.add_done_callback(lambda done: done.cancelled() or done.exception())

    return mock.patch.object(Announcer, "announce", announce)


def cancel_without_waiting() -> contextlib.AbstractContextManager[object]:
    """An order is cancelled although nobody knows yet what came of packing one of its picks."""
    return mock.patch.object(cancellations, "check_makers")


@dataclass(frozen=True)
class Planted:
    """A bug, how the line opens that must tell of it, and the seeds within which it is found.

    Any line will do where `opening` is empty.
    """

    make: Mutation
    opening: str
    seeds: range


MUTATIONS = {
    "commit early": Planted(commit_early, "past a gap", range(10)),
    "repeat without look-up": Planted(repeat_without_look_up, "packed again", range(80)),
    "unpark too soon": Planted(unpark_too_soon, "overtaken", range(60)),
    "no deadline check": Planted(no_deadline_check, "without its lease", range(80)),
    "cancel without waiting": Planted(cancel_without_waiting, "goes on", range(80)),
    "outcome unpublished": Planted(outcome_unpublished, "", range(120)),
}
