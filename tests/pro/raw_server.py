"""A server that does exactly what a test says, byte by byte: no HTTP library smooths it over."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from pydantic import SecretStr

from service.pro.client import ProClient
from service.pro.policy import ProPolicy

KEY = "s3cret-key-0123456789"


@dataclass(frozen=True)
class Request:
    """What arrived: the first line, the headers by lower-case name, the body."""

    line: str
    headers: dict[str, str]
    body: bytes


Answering = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class RawServer:
    """Counts what it is asked; `answering` decides what goes back."""

    answering: Answering
    port: int = 0
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _serving: set[asyncio.Task[None]] = field(default_factory=set)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(task)

    async def stop(self) -> None:
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {
                    name.lower(): value.strip()
                    for name, _, value in (line.partition(":") for line in head[1:] if line)
                }
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                request = Request(head[0], headers, body)
                self.requests.append(request)
                self.arrived.set()
                await self.answering(request, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(answering: Answering) -> AsyncIterator[RawServer]:
    server = RawServer(answering)
    listener = await asyncio.start_server(server.accept, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        await server.stop()


def answer(
    status: int, body: bytes | str = b"", *headers: str, reason: str = "Whatever"
) -> Answering:
    """An answering that says this to everybody."""
    raw = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} {reason}", f"content-length: {len(raw)}", *headers, "", ""]

    async def say(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write("\r\n".join(lines).encode() + raw)

    return say


def raw(data: bytes, *, close: bool = True) -> Answering:
    """An answering of just these bytes."""

    async def say(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        if close:
            writer.close()

    return say


async def reset(_: Request, writer: asyncio.StreamWriter) -> None:
    """Drop the connection with a RST."""
    writer.transport.abort()


async def silence(_: Request, __: asyncio.StreamWriter) -> None:
    """Say nothing, for longer than anybody waits."""
    await asyncio.sleep(30)


def policy(port: int, **other: object) -> ProPolicy:
    """Short times, so that a test of waiting doesn't wait."""
    fields: dict[str, object] = {
        "base_url": f"http://127.0.0.1:{port}",
        "api_key": SecretStr(KEY),
        "connect_timeout": 0.3,
        "pool_timeout": 0.3,
        "read_timeout": 0.3,
        "total_deadline": 5.0,
        "page_size": 3,
    }
    return ProPolicy(**(fields | other))  # type: ignore[arg-type]


@asynccontextmanager
async def client_of(server: RawServer, **other: object) -> AsyncIterator[ProClient]:
    async with ProClient(policy(server.port, **other)) as client:
        yield client
