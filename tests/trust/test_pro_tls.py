"""PRO's certificate and name are verified before a byte is sent, whatever is asked."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import SecretStr

from service.pro.client import ProClient
from service.pro.policy import ProPolicy
from service.pro.problems import Untrusted
from service.tls import ClientTls, TlsPolicy

from .certificates import Authority

KEY = "a-key-that-stays-here"


@dataclass
class Pro:
    """A stand-in that speaks TLS, and has heard these requests."""

    port: int = 0
    heard: list[bytes] = field(default_factory=list)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                self.heard.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            writer.close()


@asynccontextmanager
async def serving(authority: Authority) -> AsyncIterator[Pro]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.certificate("pro", "127.0.0.1").both)
    pro = Pro()
    listener = await asyncio.start_server(pro.answer, "127.0.0.1", 0, ssl=context)
    pro.port = listener.sockets[0].getsockname()[1]
    try:
        yield pro
    finally:
        listener.close()
        await asyncio.sleep(0.05)


def client(pro: Pro, policy: TlsPolicy, host: str = "127.0.0.1") -> ProClient:
    return ProClient(ProPolicy(f"https://{host}:{pro.port}", SecretStr(KEY), tls=ClientTls(policy)))


async def read(pro: ProClient) -> object:
    return await pro.get_shipping_locations()


async def change(pro: ProClient) -> object:
    return await pro.allocate_default_rules(["EC-1"])


async def test_whom_our_authority_has_signed_is_asked(authority: Authority) -> None:
    async with serving(authority) as pro, client(pro, TlsPolicy(authority.file)) as asking:
        assert await read(asking) == ()
        assert KEY.encode() in pro.heard[0]


@pytest.mark.parametrize("call", [read, change])
@pytest.mark.parametrize(
    ("trusted", "host", "told"),
    [
        ("other", "127.0.0.1", "the certificate is not trusted: "),
        ("usual", "127.0.0.1", "the certificate is not trusted: "),
        ("own", "localhost", "the certificate is for another name: Hostname mismatch"),
    ],
)
async def test_nobody_else_hears_a_byte(
    call: Callable[[ProClient], Awaitable[object]],
    trusted: str,
    host: str,
    told: str,
    authority: Authority,
    tmp_path: Path,
) -> None:
    policies = {
        "own": TlsPolicy(authority.file),
        "other": TlsPolicy(Authority(tmp_path, "other").file),
        "usual": TlsPolicy(),
    }
    async with serving(authority) as pro, client(pro, policies[trusted], host) as asking:
        with pytest.raises(Untrusted) as refused:
            await call(asking)
        assert pro.heard == []
    assert told in refused.value.why
    assert refused.value.why.endswith("(see ORDERFLEX_PRO_CA_FILE)")
