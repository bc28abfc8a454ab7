"""What tests of other parts look at: calls, consignments, and a fresh start."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from sandbox.faults import FaultKind, FaultRule
from sandbox.options import SandboxOptions

from .caller import HEADERS, Caller, Clock
from .document import Contract
from .samples import ORDER

ROOT = Path(__file__).parents[2]


async def test_every_call_is_told(pro: Caller) -> None:
    order = await pro.order()
    reference = await pro.pack(order)
    await pro.allocate(reference)
    await pro.call("GET", "/labels/EC-000-000-000")
    answer = await pro.good("GET", "/_sandbox/calls")
    assert answer["count"] == 4
    assert [each["sequence"] for each in answer["calls"]] == [1, 2, 3, 4]
    create, pack, allocate, labels = answer["calls"]
    assert create["operation"] == "createOrder"
    assert create["order_references"] == [order]
    assert create["order_references_provided_by_customer"] == ["WEB-204817"]
    assert pack["path"] == f"/orders/{order}/pack"
    assert pack["customer_references"] == ["WEB-204817-P1"]
    assert pack["consignment_references"] == [reference]
    assert allocate["time"] == "2026-03-02T08:15:30.1234560+00:00"
    assert allocate["consignment_references"] == [reference]
    told = [(each["method"], each["status"], each["changed"]) for each in answer["calls"]]
    assert told == [
        ("POST", 201, True),
        ("POST", 201, True),
        ("PUT", 200, True),
        ("GET", 404, False),
    ]
    assert labels["order_references"] == []


async def test_bodies_and_a_filter(pro: Caller) -> None:
    await pro.order()
    await pro.good("GET", "/packagesizes")
    bare = (await pro.good("GET", "/_sandbox/calls?operation=createOrder"))["calls"]
    assert len(bare) == 1
    assert "request_body" not in bare[0]
    path = "/_sandbox/calls?operation=createOrder&bodies=true"
    (call,) = (await pro.good("GET", path))["calls"]
    assert call["request_body"] == ORDER
    assert call["response_body"][0]["Rel"] == "Order"


async def test_a_refused_key_is_told_too(pro: Caller) -> None:
    await pro.call("GET", "/packagesizes", headers={"ocp-apim-subscription-key": "x"})
    (call,) = (await pro.good("GET", "/_sandbox/calls"))["calls"]
    assert (call["operation"], call["status"]) == ("getPackageSizes", 401)


async def test_duplicates_can_be_counted(pro: Caller) -> None:
    order = await pro.order()
    twice = [await pro.pack(order), await pro.pack(order)]
    other = await pro.pack(order, OrderReferenceProvidedByCustomer="other")
    path = "/_sandbox/consignments/by-customer-reference"
    assert await pro.good("GET", path) == {"WEB-204817-P1": twice, "other": [other]}


async def test_consignments_and_orders(pro: Caller, clock: Clock) -> None:
    order = await pro.order()
    reference = await pro.pack(order)
    await pro.allocate(reference)
    await pro.good("PUT", f"/consignments/{reference}/deallocate")
    await pro.allocate(reference)
    body = {"ConsignmentReferences": [reference]}
    await pro.good("PUT", "/consignments/manifest", body)
    clock.forward(5)
    (told,) = (await pro.good("GET", "/_sandbox/consignments"))["consignments"]
    assert told == {
        "consignment_reference": reference,
        "customer_reference": "WEB-204817-P1",
        "order_reference": order,
        "order_reference_provided_by_customer": "WEB-204817",
        "state": "Manifested",
        "direction": "Outbound",
        "shipping_location_reference": "LEEDS_DC",
        "carrier_service_reference": "NL_P24",
        "allocation_count": 2,
        "manifest_count": 1,
        "states": [
            "Unallocated",
            "Allocating",
            "Allocated",
            "Unallocated",
            "Allocating",
            "Allocated",
            "Manifesting",
            "Manifested",
        ],
    }
    (told,) = (await pro.good("GET", "/_sandbox/orders"))["orders"]
    assert told["consignments"] == [reference]
    health = await pro.good("GET", "/_sandbox/health")
    assert (health["status"], health["orders"], health["consignments"]) == ("ok", 1, 1)


async def test_reset(pro: Caller) -> None:
    before = await pro.order()
    pro.state.faults.add(FaultRule(kind=FaultKind.STATUS, operation="getOrder"))
    await pro.good("POST", "/_sandbox/keys", {"revoke": "sandbox-key"})
    assert (await pro.call("POST", "/_sandbox/reset")).status_code == 204
    assert (await pro.good("GET", "/_sandbox/calls"))["calls"] == []
    assert (await pro.call("GET", f"/orders/{before}")).status_code == 404
    # A service that remembers the old references must not meet them again.
    assert await pro.order() != before


async def test_another_first_reference_gives_other_references(contract: Contract) -> None:
    made = []
    for first in (0, 0, 1000):
        pro = Caller(contract, SandboxOptions(first_reference=first))
        async with pro.client:
            made.append(await pro.pack())
    assert made[0] == made[1] != made[2]


async def test_in_process_a_drop_is_seen_as_over_a_socket(pro: Caller) -> None:
    pro.state.faults.add(FaultRule(kind=FaultKind.DROP_AFTER_COMMIT))
    with pytest.raises(httpx.RemoteProtocolError):
        await pro.order()
    assert len(pro.state.orders) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_as_a_process(number: signal.Signals) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-W", "error", "-m", "sandbox", "--port", "0", "--key", "a", "--key", "b"),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": ""},
    )
    try:
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        assert line.startswith("PRO sandbox listening on http://127.0.0.1:")
        url = line.split()[-1]
        headers = HEADERS | {"ocp-apim-subscription-key": "b"}
        async with httpx.AsyncClient(base_url=url, headers=headers) as client:
            assert (await client.post("/orders", json=ORDER)).status_code == 201
            process.send_signal(number)
            output, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert (process.returncode, output, errors) == (0, b"", b"")


async def test_a_port_in_use_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "sandbox", "--port", str(taken.getsockname()[1])),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        output, errors = await process.communicate()
    assert process.returncode != 0
    assert output == b""
    assert b"in use" in errors
