"""The gate: while something that every event needs is missing, nothing is taken up.

It is closed for a reason and opened again by a probe that succeeds, never by a restart.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

import structlog

from service.metrics import Metrics, Name

Probe = Callable[[], Awaitable[None]]
"""Answers with nothing when all is well again; raises otherwise."""


class Closed(StrEnum):
    """Why the gate is closed."""

    KEY_REFUSED = "key_refused"
    """PRO refuses our key: look at ORDERFLEX_PRO_KEY."""
    PRO_DOWN = "pro_down"
    """Most calls to PRO fail; a read is tried until one works."""
    LEDGER_DOWN = "ledger_down"
    """The ledger can't be reached; without it PRO is never called."""


@dataclass(frozen=True)
class GatePolicy:
    """How often to probe, in seconds."""

    probe_every: float = 5.0


class Gate:
    """Open, or closed for one or more reasons."""

    def __init__(self, policy: GatePolicy, probes: dict[Closed, Probe], metrics: Metrics) -> None:
        self._policy = policy
        self._probes = probes
        self._metrics = metrics
        self._probing: dict[Closed, asyncio.Task[None]] = {}
        self._opened = asyncio.Event()
        self._opened.set()
        self._log = structlog.get_logger("intake")
        for reason in Closed:
            metrics.set(Name.INTAKE_PAUSED, 0, reason=reason.value)

    @property
    def reasons(self) -> tuple[Closed, ...]:
        """Why it is closed; empty when it is open."""
        return tuple(self._probing)

    @property
    def is_open(self) -> bool:
        """Whether events may be taken up."""
        return not self._probing

    def close(self, reason: Closed) -> None:
        """Close it until the reason's probe succeeds."""
        if reason in self._probing:
            return
        self._opened.clear()
        self._metrics.set(Name.INTAKE_PAUSED, 1, reason=reason.value)
        self._log.error("intake paused", reason=reason.value)
        self._probing[reason] = asyncio.create_task(self._probe(reason), name=f"probe {reason}")

    async def wait_open(self) -> None:
        """Wait until it is open."""
        await self._opened.wait()

    async def stop(self) -> None:
        """Stop probing."""
        tasks = list(self._probing.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _probe(self, reason: Closed) -> None:
        while True:
            await asyncio.sleep(self._policy.probe_every)
            try:
                await self._probes[reason]()
            except Exception as error:  # noqa: BLE001 - any failure keeps it closed
                self._log.warning("still paused", reason=reason.value, error=type(error).__name__)
                continue
            del self._probing[reason]
            self._metrics.set(Name.INTAKE_PAUSED, 0, reason=reason.value)
            self._log.info("intake resumed", reason=reason.value)
            if not self._probing:
                self._opened.set()
            return
