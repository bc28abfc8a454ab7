"""Runs seeds: what can be made once is made once, each run starts from a blank ledger."""

import gc
import logging
import random
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest import mock

import structlog

from service.papers import folder
from service.reactions.consignment_allocated import FetchPapers
from service.reactions.consignment_created import AllocateConsignment
from service.reactions.consignment_requested import CreateConsignment
from service.reactions.manifest_requested import ManifestLocation
from service.reactions.order_cancelled import CancelOrder
from service.reactions.order_placed import RecordOrder
from service.reactions.pick_withdrawn import WithdrawPick
from service.reactions.reallocation_requested import ReallocateConsignment
from service.reactions.stock_picked import PackPick
from tests.proof.account import broken

from .evidence import account_of, fallen_back
from .ledger import Ledger
from .loop import NothingLeft, virtual_time
from .scenario import scenario
from .turns_of_mind import told
from .world import World

REACTIONS = (
    RecordOrder,
    CancelOrder,
    PackPick,
    WithdrawPick,
    CreateConsignment,
    AllocateConsignment,
    ReallocateConsignment,
    FetchPapers,
    ManifestLocation,
)
_playing: list[World] = []
"""The world of the run that goes on."""


@dataclass(frozen=True)
class Result:
    """How a run ended."""

    seed: int
    broken: list[str]
    happened: Counter[str]
    trace: list[str]
    """All of it when asked for, otherwise its end, and that only when something broke."""
    digest: str
    seconds: float
    """How much virtual time passed."""


@cache
def prepared() -> Ledger:
    """Prepare this process for any number of runs; gives their ledger."""
    return Ledger()


def _make_ready(stack: ExitStack) -> None:
    """Log nothing, write no labels, and let bugs strike, until the stack is left."""
    stack.callback(structlog.configure, **structlog.get_config())
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
        cache_logger_on_first_use=False,
    )
    stack.enter_context(mock.patch.object(folder, "_write", return_value=None))
    for reaction in REACTIONS:
        buggy = _with_bugs(reaction.__call__)
        stack.enter_context(mock.patch.object(reaction, "__call__", buggy))


def settle_down() -> None:
    """Prepare for a long run, and spare the collector what is there for good."""
    prepared()
    gc.collect()
    gc.freeze()


def _with_bugs(react: Callable[..., Any]) -> Callable[..., Any]:
    async def reacting(self: Any, event: Any, cause: Any) -> Any:
        world = _playing[-1]
        world.bugs.strike(event, before=True)
        performed = await react(self, event, cause)
        world.bugs.strike(event, before=False)
        return performed

    return reacting


def run(seed: int, *, whole_trace: bool = False) -> Result:
    """Play one seed, and hold what was seen to the promises."""
    ledger = prepared()
    random.seed(seed)
    with ExitStack() as stack:
        _make_ready(stack)
        loop = stack.enter_context(virtual_time())
        world = World(seed, scenario(seed), ledger, loop)
        ledger.fresh(world.ports)
        _playing.append(world)
        stack.callback(_playing.pop)
        try:
            left = loop.run_until_complete(world.play())
        except NothingLeft:
            left = ["never came to rest: everything waits"]
        account = account_of(world)
        lines = [*left, *world.died, *world.sent.broken, *broken(account)]
        trace = world.trace
        trace.happened.update(told(account))
        trace.happened.update(fallen_back(world))
        shown = trace.lines() if whole_trace else trace.lines(80) if lines else []
        return Result(seed, lines, trace.happened, shown, trace.digest(), loop.time())
