"""The two traps below us, over real sockets: what counts as never sent, and nothing sent twice.

The first test of each pair shows the trap in the library as it is; the second that we left it.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import httpx
import pytest
from httpx_aiohttp import AiohttpTransport
from pydantic import SecretStr

from service.pro.client import ProClient
from service.pro.contract import PackItem, PackOrderRequest, PackPackage
from service.pro.problems import Ambiguous, ProVerdict, Retryable, Verdict
from service.tls import BadTls, ClientTls, TlsPolicy
from tests.pro.raw_server import (
    KEY,
    Answering,
    Request,
    answer,
    client_of,
    policy,
    raw,
    reset,
    serving,
    silence,
)

PACK = PackOrderRequest(
    order_reference="EO-1",
    order_reference_provided_by_customer="C-1",
    generate_return=False,
    packages=(PackPackage(items=(PackItem(sku="A", quantity=1),)),),
)

Call = Callable[[ProClient], Awaitable[object]]


async def pack(client: ProClient) -> object:
    return await client.pack_order(PACK)


async def allocate(client: ProClient) -> object:
    return await client.allocate_default_rules(["EC-1"])


async def read(client: ProClient) -> object:
    return await client.get_consignment("EC-1")


CHANGES = [pack, allocate]


async def verdict_of_call(client: ProClient, call: Call) -> ProVerdict:
    with pytest.raises(ProVerdict) as caught:
        await call(client)
    return caught.value


async def answer_then_close(_: Request, writer: asyncio.StreamWriter) -> None:
    """The first request of a connection is answered and the connection kept; the second is read
    and the connection closed without a word: PRO may have acted on it."""
    served = getattr(writer, "served", 0) + 1
    writer.served = served  # type: ignore[attr-defined]
    if served == 1:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]")
    else:
        writer.close()


async def test_aiohttp_as_it_is_sends_a_put_twice() -> None:
    async with serving(answer_then_close) as server, aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{server.port}/"
        for _ in range(2):
            async with session.put(url, data=b"{}") as response:
                await response.read()
        assert len(server.requests) == 3


@pytest.mark.parametrize("call", [pack, allocate, read])
async def test_a_request_on_a_dying_connection_is_sent_once(call: Call) -> None:
    async with serving(answer_then_close) as server, client_of(server) as client:
        assert await client.get_shipping_locations() == ()
        verdict = await verdict_of_call(client, call)
        assert type(verdict) is (Retryable if call is read else Ambiguous)
        await asyncio.sleep(0.2)
        assert len(server.requests) == 2
        assert server.connections == 1


async def test_httpx_aiohttp_as_it_is_calls_a_lost_connection_a_failed_connect() -> None:
    async with serving(raw(b"")) as server:
        async with httpx.AsyncClient(transport=AiohttpTransport()) as client:
            with pytest.raises(httpx.ConnectTimeout):
                await client.post(f"http://127.0.0.1:{server.port}/", content=b"{}")
        assert len(server.requests) == 1


BROKEN: dict[str, Answering] = {
    "closed": raw(b""),
    "reset": reset,
    "silent": silence,
    "half a status line": raw(b"HTTP/1.1 2"),
    "half the headers": raw(b"HTTP/1.1 200 OK\r\ncontent-le"),
    "no http": raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
    "half a body": raw(b'HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n{"Results": ['),
    "silent in the body": raw(b"HTTP/1.1 201 OK\r\ncontent-length: 9\r\n\r\n{", close=False),
    "half a chunk": raw(b"HTTP/1.1 201 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{"),
    "not gzip": raw(b"HTTP/1.1 201 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}"),
    "not json": answer(201, "<html>"),
    "empty": answer(201),
    "json of another shape": answer(201, '{"ok": true}'),
    "a redirect": answer(307, "", "location: /elsewhere"),
    "a proxy's page": answer(502, "<html>"),
    "a proxy's refusal": answer(400, "<html>"),
}


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("call", [pack, read])
async def test_whatever_breaks_after_sending_is_ambiguous_for_a_change(
    broken: str, call: Call
) -> None:
    async with serving(BROKEN[broken]) as server, client_of(server) as client:
        verdict = await verdict_of_call(client, call)
        assert type(verdict) is (Retryable if call is read else Ambiguous), verdict
        assert len(server.requests) == 1


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize("call", CHANGES)
async def test_nobody_there_proves_that_nothing_happened(call: Call) -> None:
    async with ProClient(policy(closed_port())) as client:
        assert type(await verdict_of_call(client, call)) is Retryable


async def test_an_unknown_host_proves_it_too() -> None:
    async with ProClient(policy(0, base_url="http://pro.invalid", connect_timeout=3)) as client:
        assert type(await verdict_of_call(client, pack)) is Retryable


async def test_a_connect_timeout_proves_it_too() -> None:
    """A listener whose queue is full: the connection is never accepted."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        try:
            async with ProClient(policy(port)) as client:
                assert type(await verdict_of_call(client, pack)) is Retryable
        finally:
            for filler in fillers:
                filler.close()


async def test_a_failed_tls_handshake_proves_it_too() -> None:
    async with serving(raw(b"no tls here")) as server:
        base_url = f"https://127.0.0.1:{server.port}"
        async with client_of(server, base_url=base_url) as client:
            assert type(await verdict_of_call(client, pack)) is Retryable
        assert server.requests == []


async def test_a_server_that_never_shakes_hands_proves_it_too() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(5)
        base_url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        async with ProClient(policy(0, base_url=base_url)) as client:
            assert type(await verdict_of_call(client, pack)) is Retryable


async def test_waiting_for_a_free_connection_proves_it_too() -> None:
    async with (
        serving(silence) as server,
        client_of(server, max_connections=1, read_timeout=2) as client,
    ):
        first = asyncio.create_task(client.get_shipping_locations())
        await asyncio.sleep(0.1)
        assert type(await verdict_of_call(client, pack)) is Retryable
        assert len(server.requests) == 1
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first


async def test_the_deadline_is_ambiguous() -> None:
    async def drip(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 201 OK\r\ncontent-length: 1000\r\n\r\n")
        for _piece in range(100):
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.1)

    times = {"connect_timeout": 0.1, "pool_timeout": 0.1, "total_deadline": 1.3}
    async with serving(drip) as server, client_of(server, **times) as client:
        assert type(await verdict_of_call(client, pack)) is Ambiguous
        assert type(await verdict_of_call(client, read)) is Retryable
        assert len(server.requests) == 2


async def test_a_cancelled_change_stays_cancelled_and_is_counted() -> None:
    told: list[tuple[str, Verdict]] = []
    async with (
        serving(silence) as server,
        ProClient(
            policy(server.port, read_timeout=3), lambda op, verdict, _: told.append((op, verdict))
        ) as client,
    ):
        task = asyncio.create_task(client.pack_order(PACK))
        await server.arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert told == [("pack_order", Verdict.CANCELLED)]


async def test_a_huge_answer_is_not_read_to_its_end() -> None:
    async with (
        serving(answer(201, b"x" * 100_000)) as server,
        client_of(server, max_answer_bytes=10_000) as client,
    ):
        assert type(await verdict_of_call(client, pack)) is Ambiguous


def whole_text(error: BaseException | None) -> str:
    told = ""
    while error is not None:
        told += f"{error} {error!r} {vars(error) if hasattr(error, '__dict__') else ''}"
        error = error.__cause__ or error.__context__
    return told


@pytest.mark.parametrize("broken", ["closed", "no http", "half a body", "not json", "silent"])
async def test_the_key_is_in_no_error(broken: str) -> None:
    async with serving(BROKEN[broken]) as server, client_of(server) as client:
        verdict = await verdict_of_call(client, pack)
        assert server.requests[0].headers["ocp-apim-subscription-key"] == KEY
        assert KEY not in whole_text(verdict)
        assert KEY not in repr(client)
        assert KEY not in repr(policy(server.port))


async def test_another_authority_is_trusted_only_when_named() -> None:
    with pytest.raises(BadTls, match="No such file"):
        ClientTls(TlsPolicy(Path("/nowhere/ca.pem")))


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_url": "api.electioapp.com"},
        {"total_deadline": 1.6},
        {"page_size": 0},
        {"api_key": SecretStr("")},
    ],
)
def test_a_policy_that_can_not_hold_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must"):
        policy(1, **wrong)
