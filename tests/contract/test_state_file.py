"""A sandbox that is told to keep its state goes on where it stopped, however it stopped."""

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.faults import FaultKind, FaultRule
from sandbox.operations import NAMES, OPERATIONS
from sandbox.options import SandboxOptions
from sandbox.state import SandboxState
from sandbox.state_file import StateFile, StateFileError

from .caller import HEADERS, Caller, Clock, last_segment, made
from .document import Contract
from .samples import ORDER, PACK
from .test_operations import CALLS

ROOT = Path(__file__).parents[2]


@pytest.fixture
def options(tmp_path: Path, clock: Clock) -> SandboxOptions:
    """A file of its own."""
    return SandboxOptions(clock=clock, manifest_seconds=5, state_file=tmp_path / "pro.sqlite")


@contextlib.asynccontextmanager
async def _started(contract: Contract, options: SandboxOptions) -> AsyncIterator[Caller]:
    caller = Caller(contract, options)
    try:
        async with caller.client:
            yield caller
    finally:
        caller.state.close()


def _held(state: SandboxState) -> dict[str, Any]:
    """Every collection of the state, so that a new one that is not kept is found out."""
    state.settle()
    passing = {"_unsaved", "_due"}
    collections = {
        name: [*value.items()] if isinstance(value, dict) else value
        for name, value in vars(state).items()
        if isinstance(value, dict | list) and name not in passing
    }
    assert {"orders", "consignments", "delivery_options", "quotes", "calls"} <= set(collections)
    return collections | {
        "references": state.references.counts(),
        "faults": state.faults.kept(),
    }


def _reopened(options: SandboxOptions) -> SandboxState:
    state = SandboxState(options, NAMES)
    state.close()
    return state


@pytest.mark.parametrize("operation", [each.name for each in OPERATIONS])
async def test_what_an_operation_changed_is_there(
    contract: Contract, options: SandboxOptions, operation: str
) -> None:
    async with _started(contract, options) as pro:
        await CALLS[operation](pro)
        before = _held(pro.state)
    assert _held(_reopened(options)) == before


@pytest.mark.parametrize(("later", "ends"), [(4, "Manifesting"), (6, "Manifested")])
async def test_a_manifest_goes_on(
    contract: Contract, options: SandboxOptions, clock: Clock, later: float, ends: str
) -> None:
    async with _started(contract, options) as pro:
        reference = await pro.allocated()
        await pro.good("PUT", "/consignments/manifest", {"ConsignmentReferences": [reference]})
    clock.forward(later)
    async with _started(contract, options) as pro:
        assert await pro.state_of(reference) == ends


async def test_what_is_done_is_not_done_again(
    contract: Contract, options: SandboxOptions, clock: Clock
) -> None:
    async with _started(contract, options) as pro:
        reference = await pro.allocated()
        await pro.good("PUT", "/consignments/manifest", {"ConsignmentReferences": [reference]})
        clock.forward(6)
        assert await pro.state_of(reference) == "Manifested"
    async with _started(contract, options) as pro:
        pro.state.settle()
        assert pro.state.consignments[reference].manifest_count == 1


@pytest.mark.parametrize("service", [None, "NL_2MAN"])
async def test_an_allocation_that_was_taken_up_goes_on(
    contract: Contract, options: SandboxOptions, clock: Clock, service: str | None
) -> None:
    slow = replace(options, allocation_seconds=5)
    async with _started(contract, slow) as pro:
        reference = await pro.pack()
        if service is None:
            await pro.allocate(reference)
        else:
            body = {
                "ConsignmentReferences": [reference],
                "MpdCarrierServiceReference": service,
            }
            await pro.good("PUT", "/allocation/allocatewithcarrierservice", body)
    async with _started(contract, slow) as pro:
        assert await pro.state_of(reference) == "Allocating"
        clock.forward(6)
        allocation = (await pro.read(reference))["Allocation"]
        assert allocation["MpdCarrierServiceReference"] == (service or "NL_P24")


@pytest.mark.parametrize("body", ["No van today.", ""])
async def test_a_manifest_that_is_to_fail_fails(
    contract: Contract, options: SandboxOptions, clock: Clock, body: str
) -> None:
    async with _started(contract, options) as pro:
        reference = await pro.allocated()
        pro.state.faults.add(FaultRule(kind=FaultKind.MANIFEST_FAILURE, body=body))
        await pro.good("PUT", "/consignments/manifest", {"ConsignmentReferences": [reference]})
    clock.forward(6)
    async with _started(contract, options) as pro:
        assert await pro.state_of(reference) == "ManifestFailed"
        failed = pro.state.consignments[reference].failed_manifest
        assert failed is not None
        assert failed.message == body


async def test_references_and_calls_go_on_counting(
    contract: Contract, options: SandboxOptions
) -> None:
    async with _started(contract, options) as pro:
        before = [await pro.order(), await pro.order()]
    async with _started(contract, options) as pro:
        assert await pro.order() not in before
        calls = (await pro.good("GET", "/_sandbox/calls"))["calls"]
        assert [each["sequence"] for each in calls] == [1, 2, 3]


async def test_faults_go_on(contract: Contract, options: SandboxOptions) -> None:
    rule = {"kind": "status", "operation": "createOrder", "status": 503, "times": 2}
    async with _started(contract, options) as pro:
        await pro.call("POST", "/_sandbox/faults", rule)
        assert (await pro.call("POST", "/orders", ORDER)).status_code == 503
    async with _started(contract, options) as pro:
        answers = [(await pro.call("POST", "/orders", ORDER)).status_code for _ in range(2)]
        assert answers == [503, 201]


async def test_a_lost_answer_hides_no_change(contract: Contract, options: SandboxOptions) -> None:
    async with _started(contract, options) as pro:
        pro.state.faults.add(FaultRule(kind=FaultKind.DROP_AFTER_COMMIT))
        with pytest.raises(httpx.RemoteProtocolError):
            await pro.order()
    state = _reopened(options)
    assert len(state.orders) == 1
    assert (state.calls[0].status, state.calls[0].changed) == (None, True)


async def test_what_could_not_be_written_is_written_later(
    contract: Contract, options: SandboxOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    async with _started(contract, options) as pro:
        with monkeypatch.context() as broken:
            broken.setattr(StateFile, "write", full)
            with pytest.raises(sqlite3.OperationalError):
                await pro.order()
        await pro.order()
        before = _held(pro.state)
    assert _held(_reopened(options)) == before


async def test_reset_forgets_on_disk_too(contract: Contract, options: SandboxOptions) -> None:
    async with _started(contract, options) as pro:
        before = await pro.order()
        await pro.call("POST", "/_sandbox/reset")
    async with _started(contract, options) as pro:
        assert (await pro.good("GET", "/_sandbox/orders"))["count"] == 0
        assert await pro.order() != before


async def test_text_that_is_no_good_unicode_is_kept(
    contract: Contract, options: SandboxOptions
) -> None:
    async with _started(contract, options) as pro:
        content = b'{"OrderReferenceProvidedByCustomer": "\\ud800"}'
        headers = {"content-type": "application/json"}
        response = await pro.client.post("/orders", content=content, headers=headers)
        assert response.status_code == 400
    body = _reopened(options).calls[0].request_body
    assert body == {"OrderReferenceProvidedByCustomer": "\ud800"}


def test_a_file_is_one_sandbox_s_at_a_time(options: SandboxOptions) -> None:
    first = SandboxState(options, NAMES)
    with pytest.raises(StateFileError, match="locked"):
        SandboxState(options, NAMES)
    first.close()
    _reopened(options)


def test_a_file_of_another_version_is_left_alone(options: SandboxOptions) -> None:
    assert options.state_file is not None
    with contextlib.closing(sqlite3.connect(options.state_file)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StateFileError, match="another version"):
        SandboxState(options, NAMES)


@contextlib.asynccontextmanager
async def _process(state_file: Path, *arguments: str) -> AsyncIterator[Any]:
    """`python -m sandbox` and a client of it; killed in the end, with no chance to tidy up."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox", "--manifest-seconds", "0.2", *arguments),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        env=os.environ | {"SANDBOX_STATE": str(state_file)},
    )
    try:
        assert process.stdout is not None
        url = (await process.stdout.readline()).decode().split()[-1]
        async with httpx.AsyncClient(base_url=url, headers=HEADERS) as client:
            yield client
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()


async def test_a_killed_process_is_started_again(tmp_path: Path) -> None:
    state_file = tmp_path / "pro.sqlite"
    async with _process(state_file) as client:
        order = last_segment((await client.post("/orders", json=ORDER)).json())
        body = PACK | {"OrderReference": order}
        packed = (await client.post(f"/orders/{order}/pack", json=body)).json()
        reference = made(packed, "ConsignmentCreated")
        named = {"ConsignmentReferences": [reference]}
        await client.put("/allocation/allocate", json=named)
        before = (await client.get(f"/consignments/{reference}")).json()
        await client.put("/consignments/manifest", json=named)
    async with _process(state_file) as client:
        await asyncio.sleep(0.3)
        after = (await client.get(f"/consignments/{reference}")).json()
        assert after == before | {"ConsignmentState": "Manifested"}
        assert (await client.get(f"/orders/{order}")).status_code == 200


async def test_what_was_done_is_kept_although_the_answer_never_left(tmp_path: Path) -> None:
    state_file = tmp_path / "pro.sqlite"
    async with _process(state_file) as client:
        held = {"kind": "timeout_after_commit", "seconds": 60}
        await client.post("/_sandbox/faults", json=held)
        with pytest.raises(httpx.ReadTimeout):
            await client.post("/orders", json=ORDER, timeout=0.5)
    async with _process(state_file) as client:
        assert (await client.get("/_sandbox/orders")).json()["count"] == 1
        (call,) = (await client.get("/_sandbox/calls")).json()["calls"]
        assert (call["status"], call["changed"]) == ("none", True)


async def test_a_file_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox", "--state", str(tmp_path / "no" / "such" / "place")),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert (process.returncode, output) == (1, b"")
    assert errors.decode().endswith("place: unable to open database file\n")
