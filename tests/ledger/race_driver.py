"""A worker in a process of its own: settles the events that it is given, line by line.

Reads a line of JSON for each event from standard input and writes one for each that is settled.
How it is set up stands in its only argument, as JSON.
"""

import asyncio
import functools
import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from service.events import exact_json
from service.events.envelope import Envelope, parse
from service.events.said import Event
from service.events.topics import EventType
from service.ledger.database import Contended, Database, DatabasePolicy
from service.ledger.journal import Journal
from service.ledger.leases import LeaseHeld
from service.ledger.lookups import LookupPlan, LookupPolicy, OperationKind
from service.ledger.operation import AwaitingLookup, Operation, Superseded
from service.ledger.outcomes import OutcomeStore
from service.ledger.sealing import Seal
from service.metrics import Metrics
from service.operations import Operations, Performed
from service.origins import Origins
from service.pro.allocations import Allocations
from service.pro.batches import BatchPolicy
from service.pro.client import ProClient
from service.pro.contract import PackOrderRequest
from service.pro.policy import ProPolicy
from service.pro.problems import Ambiguous, Retryable
from service.pro.results import AllocationResult, PackResult
from service.reactions.consignment_created import AllocateConsignment
from service.reactions.stock_picked import PackPick
from service.strays import Strays
from service.undoing import Undoing


def say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


class WatchedPro(ProClient):
    """Tells when PRO was changing something; can stop its own process before the first pack."""

    stop_before_call = False
    changing: list[tuple[float, float]]

    async def pack_order(self, request: PackOrderRequest) -> PackResult:
        if self.stop_before_call:
            self.stop_before_call = False
            say({"stopped": True})
            os.kill(os.getpid(), signal.SIGSTOP)
            # What is on its way to PRO arrives there, although the asker's time is over.
            return await asyncio.shield(asyncio.create_task(super().pack_order(request)))
        with self._watched():
            return await super().pack_order(request)

    async def allocate_default_rules(
        self, consignment_references: Sequence[str]
    ) -> dict[str, AllocationResult]:
        with self._watched():
            return await super().allocate_default_rules(consignment_references)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        began = time.time()
        try:
            yield
        finally:
            self.changing.append((began, time.time()))


def lease_by_operation() -> None:
    """A mistake made on purpose: each operation has a lease of its own, not each order."""
    claim = Journal.claim

    @functools.wraps(claim)
    async def wrong(journal: Journal, operation: Operation, *more: Any, **named: Any) -> Any:
        mistaken = replace(operation, subject=f"operation:{operation.key}")
        return await claim(journal, mistaken, *more, **named)

    setattr(Journal, claim.__name__, wrong)


Reaction = Callable[[Any, Envelope], Awaitable[Performed]]


async def settle(reaction: Reaction, event: Event, cause: Envelope) -> Performed:
    """Come back as intake would, until the event is settled."""
    while True:
        try:
            return await reaction(event, cause)
        except LeaseHeld:
            await asyncio.sleep(0.005)
        except AwaitingLookup:
            await asyncio.sleep(0.02)
        except (Superseded, Contended, Ambiguous, Retryable):
            continue


async def main(setup: dict[str, Any]) -> None:
    if setup["lease_by_operation"]:
        lease_by_operation()
    metrics = Metrics()
    database = Database(DatabasePolicy(setup["ledger"]))
    deadline = setup["deadline"]
    pro = WatchedPro(
        ProPolicy(
            setup["pro"],
            SecretStr("sandbox-key"),
            connect_timeout=0.1,
            pool_timeout=0.1,
            read_timeout=deadline,
            total_deadline=deadline,
        )
    )
    pro.stop_before_call = setup["stop_before_call"]
    lookups = LookupPolicy({OperationKind.PACK_ORDER: LookupPlan(tuple(setup["looks"]))})
    journal = Journal(
        database, OutcomeStore(Seal([setup["key"]])), metrics, lookups, setup["lease"]
    )
    operations = Operations(journal, deadline)
    strays = Strays(database, operations, pro, metrics)
    reactions: dict[EventType, Reaction] = {
        EventType.STOCK_PICKED: PackPick(
            operations, pro, database, strays, Origins(operations, pro, Undoing(pro)), metrics
        ),
        EventType.CONSIGNMENT_CREATED: AllocateConsignment(
            operations,
            pro,
            Allocations(pro, BatchPolicy(linger=0.001)),
            database,
            strays,
        ),
    }
    say({"ready": True})
    while line := await asyncio.to_thread(sys.stdin.readline):
        told = json.loads(line)
        kind = EventType(told["type"])
        event = parse(kind, exact_json.loads(json.dumps(told["event"]).encode()))
        cause = Envelope(
            id=told["id"],
            source="test",
            type=kind,
            time=datetime.fromisoformat(told["time"]),
            traceparent=None,
            form="binary",
        )
        pro.changing = []
        while time.time() < told["start"]:
            pass
        performed = await settle(reactions[kind], event, cause)
        say(
            {
                "outcomes": [
                    [said.type, said.id, said.data.get("consignment_reference")]
                    for said in performed.announcements
                ],
                "created": [
                    exact_json.dumps(said.data)
                    for said in performed.announcements
                    if said.type == EventType.CONSIGNMENT_CREATED
                ],
                "changing": pro.changing,
            }
        )
    await pro.aclose()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
