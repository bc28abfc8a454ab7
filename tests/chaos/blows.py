"""The kinds of chaos. A blow is struck, and tells whether it has really happened."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from sandbox.faults import ActiveFault, FaultKind, FaultRule
from sandbox.words import Direction

from .mortal import ALL_POINTS
from .replica import Replica
from .stage import GRACE, LEASE, SESSION, Stage

Blow = Callable[[random.Random], Awaitable[bool]]
"""Strikes, puts things right again, and tells whether it has really happened."""
Blows = Mapping[str, Blow]
"""By name, as the report shows it."""

PATIENCE = 12.0
"""How long a death warrant or a fault waits for its occasion, in seconds."""


class DiedByItself(Exception):
    """A replica that nobody has killed is not running."""


async def _up_again(replica: Replica, dice: random.Random) -> None:
    """Start a replica after a while; it need not be ready if the broker is away."""
    await asyncio.sleep(dice.uniform(0.1, 0.8))
    await replica.start()
    await _ready(replica)


async def _ready(replica: Replica, seconds: float = PATIENCE) -> bool:
    try:
        async with asyncio.timeout(seconds):
            while not await replica.is_ready():  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)
    except TimeoutError:
        return False
    return True


async def _check_running(replica: Replica) -> None:
    if replica.has_left:  # it is struck once more than it leaves
        await replica.start()
        await _ready(replica)
    if not replica.running:
        last_words = replica.tail()
        await replica.start()
        raise DiedByItself(f"{replica.name} was not running any more:\n{last_words}")


async def die_at(replica: Replica, point: str, dice: random.Random) -> bool:
    """SIGKILL at a named point between two steps."""
    await _check_running(replica)
    await replica.prepare()
    replica.condemn(point)
    for _ in range(int(PATIENCE / 0.05)):
        if not replica.running:
            break
        await asyncio.sleep(0.05)
    if replica.pardon(point):
        return False
    while replica.running:  # noqa: ASYNC110 - the warrant is taken, death is near
        await asyncio.sleep(0.01)
    await _up_again(replica, dice)
    return True


async def die_at_random(replica: Replica, dice: random.Random) -> bool:
    """SIGKILL at any moment."""
    await _check_running(replica)
    await replica.prepare()
    await asyncio.sleep(dice.uniform(0.0, 1.0))
    await replica.kill()
    await _up_again(replica, dice)
    return True


async def drain(replica: Replica, dice: random.Random) -> bool:
    """SIGTERM in the middle of work: it has to end in good order, in time."""
    await _check_running(replica)
    if not await _ready(replica):
        return False  # what has not begun has nothing to drain
    await replica.prepare()
    await replica.end(GRACE)
    await _up_again(replica, dice)
    return True


async def freeze(replica: Replica, dice: random.Random) -> bool:
    """SIGSTOP past the session and the lease; others go on with its orders meanwhile."""
    await _check_running(replica)
    replica.freeze()
    try:
        await asyncio.sleep(max(SESSION, LEASE) + dice.uniform(0.8, 2.0))
    finally:
        replica.thaw()
    return replica.running


async def join(replica: Replica, _dice: random.Random) -> bool:
    """Another replica comes in."""
    if replica.running:
        return False
    await replica.start()
    return await _ready(replica, 2 * PATIENCE)


async def leave(replica: Replica, _dice: random.Random) -> bool:
    """It goes again, in good order."""
    if not replica.running or not await _ready(replica):
        return False
    await replica.end(GRACE)
    return True


async def broker_away(stage: Stage, dice: random.Random, *, crash: bool) -> bool:
    """Stop or kill the broker; start it again on the same port with the same data."""
    await asyncio.to_thread(stage.broker.kill if crash else stage.broker.stop)
    await asyncio.sleep(dice.uniform(0.2, 1.5))
    await asyncio.to_thread(stage.broker.start)
    return True


async def ledger_away(stage: Stage, dice: random.Random, *, crash: bool) -> bool:
    """Restart PostgreSQL in good order, or as after a crash."""
    await asyncio.to_thread(stage.postgresql.kill if crash else stage.postgresql.stop)
    await asyncio.sleep(dice.uniform(0.0, 1.5))
    await asyncio.to_thread(stage.postgresql.start)
    return True


async def pro_refuses(stage: Stage, dice: random.Random) -> bool:
    """PRO's address refuses connections, and those that are open are cut."""
    await stage.door.shut()
    refused = await stage.door.refuses()
    await asyncio.sleep(dice.uniform(1.0, 2.5))
    await stage.door.open()
    return refused


async def pro_fails(stage: Stage, _dice: random.Random, fault: Mapping[str, Any]) -> bool:
    """PRO misbehaves, until it has done so often enough or long enough."""
    operations = fault.get("operations", ("*",))
    rule = {name: value for name, value in fault.items() if name != "operations"}
    active = [
        stage.pro.state.faults.add(
            FaultRule.model_validate({"times": 4, **rule, "operation": operation})
        )
        for operation in operations
    ]
    loop = asyncio.get_running_loop()
    began = loop.time()
    while loop.time() - began < (2.0 if _fired(active) else PATIENCE):
        if _fired(active) >= (active[0].rule.times or 0):
            break
        await asyncio.sleep(0.05)
    stage.pro.state.faults.clear()
    return _fired(active) > 0


def _fired(faults: Sequence[ActiveFault]) -> int:
    return sum(fault.fired for fault in faults)


async def pro_packs_too_late(stage: Stage, _dice: random.Random) -> bool:
    """PRO carries a lost Pack Order out when it was asked again already: two parcels, for now."""
    doubled = _doubled(stage)
    stage.pro.state.faults.add(
        FaultRule(operation="packOrder", kind=FaultKind.LATE_COMMIT, seconds=9.0, times=4)
    )
    for _ in range(int(1.5 * PATIENCE / 0.1)):
        await asyncio.sleep(0.1)
        if _doubled(stage) > doubled:
            break
    stage.pro.state.faults.clear()
    return _doubled(stage) > doubled


def _doubled(stage: Stage) -> int:
    """Count the picks for which PRO has made more than one consignment that goes out."""
    stage.pro.state.settle()
    made = Counter(
        each.customer_reference
        for each in stage.pro.state.consignments.values()
        if each.direction is Direction.OUTBOUND
    )
    return sum(count > 1 for count in made.values())


CHANGING = ("createOrder", "packOrder", "allocateDefaultRules")
PRO_FAULTS: dict[str, dict[str, Any]] = {
    "PRO answers 503 and has not acted": {"kind": FaultKind.STATUS, "status": 503, "times": 12},
    "PRO answers 502 and has acted": {
        "kind": FaultKind.STATUS,
        "status": 502,
        "acts": True,
        "operations": CHANGING,
    },
    "PRO is busy (429, Retry-After)": {
        "kind": FaultKind.STATUS,
        "status": 429,
        "retry_after": 1,
        "times": 10,
    },
    "PRO acts, the answer takes too long": {
        "kind": FaultKind.TIMEOUT_AFTER_COMMIT,
        "seconds": 3,
        "operations": CHANGING,
    },
    "PRO acts, the answer is lost": {"kind": FaultKind.DROP_AFTER_COMMIT, "operations": CHANGING},
    "the call is lost before PRO acts": {
        "kind": FaultKind.DROP_BEFORE_COMMIT,
        "operations": CHANGING,
    },
    "PRO packs late, before the last look": {
        "kind": FaultKind.LATE_COMMIT,
        "seconds": 0.4,
        "operations": ("packOrder",),
    },
    "PRO acts and answers garbage": {"kind": FaultKind.GARBAGE},
}


def on_a_replica(replica: Replica) -> dict[str, Blow]:
    """What may befall one replica."""
    deaths = {f"SIGKILL {point}": partial(die_at, replica, point) for point in ALL_POINTS}
    return {
        **deaths,
        "SIGKILL at a random moment": partial(die_at_random, replica),
        "SIGTERM, drained": partial(drain, replica),
        "SIGSTOP past session and lease": partial(freeze, replica),
    }


def coming_and_going(replica: Replica) -> dict[str, Blow]:
    """A replica more, and one less."""
    return {"a replica joins": partial(join, replica), "a replica leaves": partial(leave, replica)}


def on_what_it_stands_on(stage: Stage) -> dict[str, Blow]:
    """What may befall the broker and the ledger."""
    return {
        "the broker stops": partial(broker_away, stage, crash=False),
        "the broker crashes": partial(broker_away, stage, crash=True),
        "PostgreSQL restarts": partial(ledger_away, stage, crash=False),
        "PostgreSQL crashes": partial(ledger_away, stage, crash=True),
    }


def on_pro(stage: Stage) -> dict[str, Blow]:
    """What may befall PRO."""
    faults = {name: partial(pro_fails, stage, fault=fault) for name, fault in PRO_FAULTS.items()}
    return {
        "PRO refuses connections": partial(pro_refuses, stage),
        "PRO packs late, after the last look": partial(pro_packs_too_late, stage),
        **faults,
    }
