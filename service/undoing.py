"""Takes consignments back, by the state in which PRO shows each of them.

    ReadyToShip ─ set not ready ─► Allocated, ManifestFailed ─ deallocate ─► Unallocated ─ cancel
                                                                             AllocationFailed

Each call takes many consignments and tells each one's result. What was done before is seen in the
states, so all of it may be repeated after any doubt: give it as what `Operations.perform` asks,
under the lease of the order.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from service.operations import StillMoving, reading
from service.pro import states
from service.pro.client import ProClient
from service.pro.problems import Ambiguous, Problem, Refused, Retryable, Throttled
from service.pro.results import BulkResult, Failed

MOST_ROUNDS = 4
"""How often to start over with what somebody else moves meanwhile."""
READS_AT_ONCE = 8


@dataclass(frozen=True)
class Undone:
    """It is in the state that was asked for."""

    consignment_reference: str


@dataclass(frozen=True)
class NotUndone:
    """It stays as it is: too late, or PRO refused; `state` is PRO's word."""

    consignment_reference: str
    state: str
    problem: Problem


UndoResult = Undone | NotUndone


@dataclass(frozen=True)
class _Step:
    """A call that moves consignments on: from which states."""

    moves: frozenset[str]
    call: Callable[[Sequence[str]], Awaitable[Mapping[str, BulkResult]]]


@dataclass
class _Seen:
    """What is known of the consignments while they are taken back."""

    states: dict[str, str]
    refused: dict[str, tuple[str, Problem]] = field(default_factory=dict)
    """From which state PRO refused to move one, and why."""
    acted: bool = False

    def is_refused(self, reference: str) -> bool:
        """Whether PRO refused to move it from the state in which it is."""
        return self.refused.get(reference, ("",))[0] == self.states[reference]


@dataclass(frozen=True)
class Undoing:
    """Takes consignments back."""

    pro: ProClient

    async def deallocate(self, references: Collection[str]) -> dict[str, UndoResult]:
        """Free consignments of their carrier service, so that they can be allocated anew.

        Raises StillMoving and the verdicts of pro.problems, once something was changed only
        Ambiguous and Unauthorised of them; never Refused.
        """
        return await self._undo(references, states.CAN_BE_ALLOCATED, self._steps[:2])

    async def cancel(self, references: Collection[str]) -> dict[str, UndoResult]:
        """Cancel consignments, whatever was done with them before their manifest.

        Raises as `deallocate` does.
        """
        return await self._undo(references, frozenset({states.CANCELLED}), self._steps)

    @property
    def _steps(self) -> tuple[_Step, _Step, _Step]:
        pro = self.pro
        return (
            _Step(states.CANCEL_AFTER_NOT_READY, pro.set_not_ready_to_ship),
            _Step(states.CANCEL_AFTER_DEALLOCATION, pro.deallocate_consignments),
            _Step(states.CANCEL_AT_ONCE, pro.cancel_consignments),
        )

    async def _undo(
        self, references: Collection[str], wanted: frozenset[str], steps: Sequence[_Step]
    ) -> dict[str, UndoResult]:
        seen = _Seen(await self._read(references))
        for _ in range(MOST_ROUNDS):
            asked = [await self._take(step, seen) for step in steps]
            if not any(asked):
                break
        else:
            raise StillMoving("its consignments are being moved by somebody else")
        moving = sorted(f"{r} is {s}" for r, s in seen.states.items() if s in states.PASSING)
        if moving:
            raise StillMoving(", ".join(moving[:3]))
        return {reference: _result(reference, seen, wanted) for reference in references}

    async def _take(self, step: _Step, seen: _Seen) -> bool:
        """Move on those that a step is for; tells whether PRO was asked."""
        before = {
            reference: state
            for reference, state in seen.states.items()
            if state in step.moves and not seen.is_refused(reference)
        }
        if not before:
            return False
        try:
            results = await self._call(step, list(before), seen)
            seen.states |= await self._read(before)
        except (Retryable, Throttled) as doubt:
            if seen.acted:
                raise Ambiguous(doubt.operation, f"done in part: {doubt.why}") from doubt
            raise
        for reference, result in results.items():
            # A refusal about a state that it has left since says nothing.
            if isinstance(result, Failed) and seen.states[reference] == before[reference]:
                seen.refused[reference] = (before[reference], result.problem)
        return True

    async def _call(
        self, step: _Step, references: Sequence[str], seen: _Seen
    ) -> Mapping[str, BulkResult]:
        """Ask for all at once; each alone where PRO refuses the call as a whole."""
        try:
            results = await step.call(references)
        except Refused as refusal:
            if len(references) == 1:
                return {references[0]: Failed(references[0], refusal.problem)}
        else:
            seen.acted = True
            return results
        return {one: (await self._call(step, [one], seen))[one] for one in references}

    async def _read(self, references: Collection[str]) -> dict[str, str]:
        turns = asyncio.Semaphore(READS_AT_ONCE)

        async def read(reference: str) -> str:
            async with turns:
                return await reading(self.pro.get_consignment_status(reference))

        reads = [asyncio.create_task(read(reference)) for reference in references]
        try:
            return dict(zip(references, await asyncio.gather(*reads), strict=True))
        finally:
            for one in reads:
                one.cancel()


def _result(reference: str, seen: _Seen, wanted: frozenset[str]) -> UndoResult:
    state = seen.states[reference]
    if state in wanted:
        return Undone(reference)
    if seen.is_refused(reference):
        return NotUndone(reference, state, seen.refused[reference][1])
    code = "too_late" if state in states.KNOWN else "state_not_known"
    return NotUndone(reference, state, Problem(200, code, f"It is {state} in PRO."))
