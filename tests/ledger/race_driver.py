"""A worker in a process of its own: settles the picks that it is given, line by line.

Reads a line of JSON for each pick from standard input and writes one for each that is settled.
How it is set up stands in its only argument, as JSON.
"""

import asyncio
import json
import os
import signal
import sys
import time
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from pydantic import SecretStr

from service.events import exact_json
from service.events.envelope import Envelope, parse
from service.events.received import StockPicked
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
from service.pro.client import ProClient
from service.pro.contract import PackOrderRequest
from service.pro.policy import ProPolicy
from service.pro.problems import Ambiguous, Retryable
from service.pro.results import PackResult
from service.reactions import stock_picked
from service.strays import Strays


def say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


class WatchedPro(ProClient):
    """Tells when each Pack Order was under way; can stop its own process before the first."""

    stop_before_call = False
    packing: list[tuple[float, float]]

    async def pack_order(self, request: PackOrderRequest) -> PackResult:
        if self.stop_before_call:
            self.stop_before_call = False
            say({"stopped": True})
            os.kill(os.getpid(), signal.SIGSTOP)
        began = time.time()
        try:
            return await super().pack_order(request)
        finally:
            self.packing.append((began, time.time()))


def lease_by_operation() -> None:
    """A mistake made on purpose: each operation has a lease of its own."""
    right = stock_picked.operation

    def wrong(event: StockPicked, cause: Envelope) -> Operation:
        made = right(event, cause)
        return replace(made, subject=f"operation:{made.key}")

    stock_picked.operation = wrong


async def settle(pack: stock_picked.PackPick, event: StockPicked, cause: Envelope) -> Performed:
    """Come back as intake would, until the pick is settled."""
    while True:
        try:
            return await pack(event, cause)
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
    pack = stock_picked.PackPick(operations, pro, database, strays, metrics)
    say({"ready": True})
    while line := await asyncio.to_thread(sys.stdin.readline):
        told = json.loads(line)
        event = parse(EventType.STOCK_PICKED, exact_json.loads(json.dumps(told["event"]).encode()))
        cause = Envelope(
            id=told["id"],
            source="test",
            type=EventType.STOCK_PICKED,
            time=datetime.fromisoformat(told["time"]),
            traceparent=None,
            form="binary",
        )
        pro.packing = []
        while time.time() < told["start"]:
            pass
        performed = await settle(pack, cast("StockPicked", event), cause)
        say(
            {
                "outcomes": [
                    [said.type, said.id, said.data.get("consignment_reference")]
                    for said in performed.announcements
                ],
                "packing": pro.packing,
            }
        )
    await pro.aclose()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
