"""Faults on demand, over a real socket: what a client sees and what PRO did."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from sandbox.faults import FaultKind, FaultRule
from sandbox.options import SandboxOptions
from sandbox.server import RunningSandbox, running

from .caller import HEADERS, Clock, changed, last_segment
from .samples import ORDER, PACK

LONG = 3600.0
"""Seconds that no test waits for."""


class Remote:
    """A sandbox on a port of this machine and a client of it."""

    def __init__(self, sandbox: RunningSandbox, client: httpx.AsyncClient) -> None:
        self.sandbox = sandbox
        self.state = sandbox.state
        self.client = client

    async def fault(self, kind: str, **rule: Any) -> None:
        """Asks for a fault the way tests of other parts do."""
        response = await self.client.post("/_sandbox/faults", json={"kind": kind} | rule)
        assert response.status_code == 201, response.text

    async def order(self) -> str:
        """Makes an order."""
        return last_segment((await self.client.post("/orders", json=ORDER)).json())

    async def pack(self, order: str, **changes: Any) -> httpx.Response:
        """Packs it."""
        body = changed(PACK, {"OrderReference": order} | changes)
        return await self.client.post(f"/orders/{order}/pack", json=body)

    async def duplicates(self) -> dict[str, list[str]]:
        """Consignments by customer reference."""
        path = "/_sandbox/consignments/by-customer-reference"
        found: dict[str, list[str]] = (await self.client.get(path)).json()
        return found

    async def last_call(self) -> dict[str, Any]:
        """The last call to PRO."""
        calls = (await self.client.get("/_sandbox/calls")).json()["calls"]
        last: dict[str, Any] = calls[-1]
        return last


@pytest.fixture
async def remote(clock: Clock) -> AsyncIterator[Remote]:
    """A sandbox over a real socket."""
    async with (
        running(SandboxOptions(clock=clock)) as sandbox,
        httpx.AsyncClient(base_url=sandbox.url, headers=HEADERS, timeout=30) as client,
    ):
        yield Remote(sandbox, client)


def test_every_kind_is_tried_here() -> None:
    tried = {
        "latency": test_latency,
        "status": test_status,
        "timeout_before_commit": test_timeouts,
        "timeout_after_commit": test_timeouts,
        "drop_before_commit": test_drops,
        "drop_after_commit": test_drops,
        "late_commit": test_late_commit,
        "garbage": test_garbage,
        "bulk_item_failure": test_bulk_item_failure,
        "manifest_failure": test_manifest_failure,
    }
    assert set(tried) == {kind.value for kind in FaultKind}


@pytest.mark.parametrize(("kind", "made"), [("drop_before_commit", 0), ("drop_after_commit", 1)])
async def test_drops(remote: Remote, kind: str, made: int) -> None:
    order = await remote.order()
    await remote.fault(kind, operation="packOrder", times=1)
    with pytest.raises(httpx.RemoteProtocolError, match="disconnected"):
        await remote.pack(order)
    assert sum(len(each) for each in (await remote.duplicates()).values()) == made
    call = await remote.last_call()
    assert (call["status"], call["fault"], call["changed"]) == ("none", kind, bool(made))
    # Once only, and the client can go on.
    assert (await remote.pack(order)).status_code == 201
    assert len(remote.state.consignments) == made + 1


async def test_a_drop_really_closes_the_socket(remote: Remote) -> None:
    await remote.fault("drop_before_commit")
    port = int(remote.sandbox.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"GET /packagesizes HTTP/1.1\r\nhost: x\r\nocp-apim-subscription-key: sandbox-key\r\n\r\n"
    )
    await writer.drain()
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize(
    ("kind", "made"), [("timeout_before_commit", 0), ("timeout_after_commit", 1)]
)
async def test_timeouts(remote: Remote, kind: str, made: int) -> None:
    order = await remote.order()
    await remote.fault(kind, operation="packOrder", times=1, seconds=LONG)
    remote.client.timeout = httpx.Timeout(0.2)
    with pytest.raises(httpx.ReadTimeout):
        await remote.pack(order)
    remote.client.timeout = httpx.Timeout(30)
    assert len(remote.state.consignments) == made
    assert (await remote.last_call())["status"] == "none"


@pytest.mark.parametrize(
    ("kind", "made"), [("timeout_before_commit", 0), ("timeout_after_commit", 1)]
)
async def test_a_held_connection_is_dropped_in_the_end(
    remote: Remote, kind: str, made: int
) -> None:
    order = await remote.order()
    await remote.fault(kind, operation="packOrder", seconds=0.01)
    with pytest.raises(httpx.RemoteProtocolError):
        await remote.pack(order)
    assert len(remote.state.consignments) == made


async def test_late_commit(remote: Remote, clock: Clock) -> None:
    order = await remote.order()
    await remote.fault("late_commit", operation="packOrder", times=1, seconds=20)
    with pytest.raises(httpx.RemoteProtocolError):
        await remote.pack(order)
    clock.forward(19)
    assert await remote.duplicates() == {}
    assert (await remote.last_call())["changed"] is False
    clock.forward(1)
    ((reference,),) = (await remote.duplicates()).values()
    call = await remote.last_call()
    assert (call["changed"], call["status"]) == (True, "none")
    consignment = (await remote.client.get(f"/consignments/{reference}")).json()
    assert consignment["DateCreated"] == "2026-03-02T08:15:50.1234560+00:00"


async def test_late_commit_while_the_connection_is_held(remote: Remote, clock: Clock) -> None:
    order = await remote.order()
    await remote.fault("late_commit", operation="packOrder", seconds=20, hold_seconds=LONG)
    remote.client.timeout = httpx.Timeout(0.2)
    with pytest.raises(httpx.ReadTimeout):
        await remote.pack(order)
    remote.client.timeout = httpx.Timeout(30)
    assert await remote.duplicates() == {}
    clock.forward(20)
    assert len(await remote.duplicates()) == 1


@pytest.mark.parametrize(
    ("rule", "content_type"),
    [
        ({"status": 429, "retry_after": 7}, "application/json; charset=utf-8"),
        ({"status": 503, "body": ""}, "text/html; charset=utf-8"),
        ({"status": 502, "body": "<h1>Bad gateway</h1>"}, "text/html; charset=utf-8"),
        ({"status": 400, "body": {"Code": "Odd"}}, "application/json; charset=utf-8"),
        ({"status": 418}, "application/json; charset=utf-8"),
        ({}, "application/json; charset=utf-8"),
    ],
)
async def test_status(remote: Remote, rule: dict[str, Any], content_type: str) -> None:
    order = await remote.order()
    await remote.fault("status", operation="packOrder", times=1, **rule)
    response = await remote.pack(order)
    assert response.status_code == rule.get("status", 500)
    assert response.headers["content-type"] == content_type
    assert response.headers.get("retry-after") == ("7" if "retry_after" in rule else None)
    if isinstance(rule.get("body"), str):
        assert response.text == rule["body"]
    elif "body" in rule:
        assert response.json() == rule["body"]
    else:
        assert set(response.json()) == {"Code", "Message", "CorrelationId", "Details"}
    assert not remote.state.consignments
    assert (await remote.last_call())["status"] == response.status_code


async def test_a_status_after_it_acted(remote: Remote) -> None:
    order = await remote.order()
    await remote.fault("status", operation="packOrder", status=504, acts=True)
    assert (await remote.pack(order)).status_code == 504
    assert len(remote.state.consignments) == 1
    assert (await remote.last_call())["changed"] is True


@pytest.mark.parametrize("body", [None, "", "<html>"])
async def test_garbage(remote: Remote, body: str | None) -> None:
    order = await remote.order()
    await remote.fault("garbage", operation="packOrder", body=body)
    response = await remote.pack(order)
    assert response.status_code == 201
    with pytest.raises(ValueError):  # noqa: PT011 - it is no JSON, or not even text
        response.json()
    assert len(remote.state.consignments) == 1


async def test_latency(remote: Remote) -> None:
    order = await remote.order()
    await remote.fault("latency", operation="packOrder", times=1, seconds=LONG)
    remote.client.timeout = httpx.Timeout(0.2)
    with pytest.raises(httpx.ReadTimeout):
        await remote.pack(order)
    remote.client.timeout = httpx.Timeout(30)
    # It waits before it acts, then goes on as if nothing had happened.
    assert not remote.state.consignments
    await remote.fault("latency", operation="packOrder", times=1, seconds=0.01)
    assert (await remote.pack(order)).status_code == 201


async def test_latency_of_all(remote: Remote) -> None:
    setting = {"seconds": LONG, "jitter": 0.0}
    assert (await remote.client.post("/_sandbox/latency", json=setting)).json() == setting
    remote.client.timeout = httpx.Timeout(0.2)
    with pytest.raises(httpx.ReadTimeout):
        await remote.order()
    assert (await remote.client.get("/_sandbox/health")).status_code == 200


async def test_bulk_item_failure(remote: Remote) -> None:
    order = await remote.order()
    for name in ("pick-a", "pick-b"):
        await remote.pack(order, OrderReferenceProvidedByCustomer=name)
    await remote.fault("bulk_item_failure", match={"customer_reference": "pick-b"}, status=500)
    references = list(remote.state.consignments)
    body: Any = {"ConsignmentReferences": references}
    summaries = (await remote.client.put("/allocation/allocate", json=body)).json()
    assert [each["StatusCode"] for each in summaries] == [200, 500]
    for path in ("deallocatelist", "setreadytoship", "cancellist"):
        results = (await remote.client.put(f"/consignments/{path}", json=references)).json()
        assert results[1]["IsSuccess"] is False
        assert results[1]["Message"] == "Something went wrong."


async def test_manifest_failure(remote: Remote, clock: Clock) -> None:
    order = await remote.order()
    for name in ("pick-a", "pick-b"):
        await remote.pack(order, OrderReferenceProvidedByCustomer=name)
    await remote.fault("manifest_failure", match={"customer_reference": "pick-b"})
    body = {"ConsignmentReferences": list(remote.state.consignments)}
    await remote.client.put("/allocation/allocate", json=body)
    await remote.client.put("/consignments/manifest", json=body)
    clock.forward(1)
    lines = (await remote.client.get("/consignments/10/0")).json()["ConsignmentSummaries"]
    told = {each["ConsignmentReferenceProvidedByCustomer"]: each for each in lines}
    assert told["pick-a"]["State"] == "Manifested"
    assert told["pick-b"]["State"] == "ManifestFailed"
    assert told["pick-b"]["FailedManifestMessage"] == "The carrier refused the data."


@pytest.mark.parametrize(
    ("match", "fires"),
    [
        ({}, True),
        ({"customer_reference": "04817-P1"}, True),
        ({"customer_reference": "other"}, False),
        ({"order_reference_provided_by_customer": "WEB-204817"}, True),
        ({"order_reference_provided_by_customer": "WEB-9"}, False),
        ({"order_reference": "EO-"}, True),
        ({"customer_reference": "WEB", "order_reference_provided_by_customer": "WEB-9"}, False),
    ],
)
async def test_a_pack_is_matched(remote: Remote, match: dict[str, str], fires: bool) -> None:
    order = await remote.order()
    await remote.fault("status", operation="packOrder", match=match)
    assert (await remote.pack(order)).status_code == (500 if fires else 201)


async def test_other_calls_are_matched(remote: Remote) -> None:
    order = await remote.order()
    await remote.pack(order)
    (reference,) = remote.state.consignments
    await remote.fault("status", match={"consignment_reference": reference})
    calls: list[tuple[str, str, Any, int]] = [
        ("GET", f"/consignments/{reference}/status", None, 500),
        ("PUT", "/allocation/allocate", {"ConsignmentReferences": [reference]}, 500),
        ("PUT", "/consignments/cancellist", [reference], 500),
        ("PUT", "/consignments", {"Reference": reference}, 500),
        ("GET", f"/orders/{order}", None, 200),
        ("GET", "/consignments/10/0", None, 200),
    ]
    for method, path, body, status in calls:
        response = await remote.client.request(method, path, json=body)
        assert (path, response.status_code) == (path, status)
    await remote.client.delete("/_sandbox/faults")
    await remote.fault("status", match={"order_reference_provided_by_customer": "204817"})
    assert (await remote.client.post("/orders", json=ORDER)).status_code == 500
    response = await remote.client.get(f"/consignments/{reference}")
    assert response.status_code == 500
    await remote.client.delete("/_sandbox/faults")
    await remote.fault("status", match={"customer_reference": "P1"})
    path = "/consignments/10/0?referenceProvidedByCustomer=WEB-204817-P1"
    assert (await remote.client.get(path)).status_code == 500


async def test_times_counts_and_clearing(remote: Remote) -> None:
    await remote.fault("status", operation="getPackageSizes", times=2, status=503)
    statuses = [(await remote.client.get("/packagesizes")).status_code for _ in range(3)]
    assert statuses == [503, 503, 200]
    (rule,) = (await remote.client.get("/_sandbox/faults")).json()["faults"]
    assert (rule["fired"], rule["times"], rule["kind"]) == (2, 2, "status")
    await remote.fault("status")
    assert (await remote.client.get("/packagesizes")).status_code == 500
    assert (await remote.client.delete("/_sandbox/faults")).status_code == 204
    assert (await remote.client.get("/packagesizes")).status_code == 200
    assert (await remote.client.get("/_sandbox/faults")).json() == {"faults": []}


async def test_probability_is_repeatable() -> None:
    runs = []
    for seed in (1, 1, 2):
        async with running(SandboxOptions(seed=seed)) as sandbox:
            rule = FaultRule(kind=FaultKind.STATUS, probability=0.5)
            sandbox.state.faults.add(rule)
            async with httpx.AsyncClient(base_url=sandbox.url, headers=HEADERS) as client:
                codes = [(await client.get("/packagesizes")).status_code for _ in range(40)]
            runs.append(codes)
    assert runs[0] == runs[1] != runs[2]
    assert set(runs[0]) == {200, 500}


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "no_such_kind"},
        {"kind": "status", "operation": "noSuchOperation"},
        {"kind": "status", "match": {"colour": "red"}},
        {"kind": "status", "staus": 500},
        {"kind": "status", "status": 200},
        {"kind": "status", "times": 0},
        {},
    ],
)
async def test_a_rule_that_would_never_fire_is_refused(
    remote: Remote, rule: dict[str, Any]
) -> None:
    response = await remote.client.post("/_sandbox/faults", json=rule)
    assert response.status_code == 400
    assert response.json()["error"]


async def test_stopping_lets_held_connections_go() -> None:
    async with httpx.AsyncClient(headers=HEADERS, timeout=60) as client:
        async with running(SandboxOptions()) as sandbox:
            rule = FaultRule(kind=FaultKind.TIMEOUT_AFTER_COMMIT, seconds=LONG)
            sandbox.state.faults.add(rule)
            held = asyncio.create_task(client.post(f"{sandbox.url}/orders", json=ORDER))
            while not sandbox.state.orders:  # noqa: ASYNC110 - the state tells nobody
                await asyncio.sleep(0)
        with pytest.raises(httpx.RemoteProtocolError):
            await held
