"""The gate closes for a reason and opens by itself."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from service.intake.gate import Closed, Gate, GatePolicy, Probe
from service.metrics import Metrics, Name


class Patient:
    """Something that is ill until a test heals it."""

    def __init__(self) -> None:
        self.ill = True
        self.probed = asyncio.Event()

    async def probe(self) -> None:
        self.probed.set()
        if self.ill:
            raise ConnectionError


@pytest.fixture
def pro() -> Patient:
    return Patient()


@pytest.fixture
def ledger() -> Patient:
    return Patient()


@pytest.fixture
async def gate(pro: Patient, ledger: Patient) -> AsyncIterator[Gate]:
    probes: dict[Closed, Probe] = {Closed.KEY_REFUSED: pro.probe, Closed.LEDGER_DOWN: ledger.probe}
    made = Gate(GatePolicy(probe_every=0.002), probes, Metrics())
    yield made
    await made.stop()


def paused(gate: Gate, reason: Closed) -> float | None:
    return gate._metrics.registry.get_sample_value(
        Name.INTAKE_PAUSED.value, {"reason": reason.value}
    )


async def test_it_is_open_until_it_is_closed(gate: Gate) -> None:
    assert gate.is_open
    await gate.wait_open()
    gate.close(Closed.KEY_REFUSED)
    assert not gate.is_open
    assert gate.reasons == (Closed.KEY_REFUSED,)
    assert paused(gate, Closed.KEY_REFUSED) == 1
    assert paused(gate, Closed.LEDGER_DOWN) == 0


async def test_it_opens_after_a_probe_that_succeeds_and_not_before(
    gate: Gate, pro: Patient
) -> None:
    gate.close(Closed.KEY_REFUSED)
    for _ in range(3):
        pro.probed.clear()
        await asyncio.wait_for(pro.probed.wait(), 10)
        assert not gate.is_open
    pro.ill = False
    await asyncio.wait_for(gate.wait_open(), 10)
    assert gate.is_open
    assert paused(gate, Closed.KEY_REFUSED) == 0


async def test_it_stays_closed_while_any_reason_is_left(
    gate: Gate, pro: Patient, ledger: Patient
) -> None:
    gate.close(Closed.KEY_REFUSED)
    gate.close(Closed.LEDGER_DOWN)
    gate.close(Closed.LEDGER_DOWN)
    pro.ill = False
    while Closed.KEY_REFUSED in gate.reasons:  # noqa: ASYNC110 - the probe tells nobody else
        await asyncio.sleep(0.002)
    assert gate.reasons == (Closed.LEDGER_DOWN,)
    waiting = asyncio.create_task(gate.wait_open())
    ledger.probed.clear()
    await asyncio.wait_for(ledger.probed.wait(), 10)
    assert not waiting.done()
    ledger.ill = False
    await asyncio.wait_for(waiting, 10)


async def test_it_can_close_again(gate: Gate, pro: Patient) -> None:
    pro.ill = False
    for _ in range(3):
        gate.close(Closed.KEY_REFUSED)
        assert not gate.is_open
        await asyncio.wait_for(gate.wait_open(), 10)
