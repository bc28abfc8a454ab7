"""The sandbox on a real TCP port, inside the event loop that is running."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.app import create_app
from sandbox.door import DROP_EXTENSION
from sandbox.options import SandboxOptions
from sandbox.state import SandboxState


@dataclass(frozen=True, slots=True)
class RunningSandbox:
    """A sandbox that can be called at `url`."""

    url: str
    state: SandboxState


class _DroppableProtocol(H11Protocol):
    """Hands the application a way to close the connection without an answer."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        application = self.app

        async def with_drop(scope: Any, receive: Any, send: Any) -> None:
            scope.setdefault("extensions", {})[DROP_EXTENSION] = self._drop
            await application(scope, receive, send)

        self.app = with_drop

    def _drop(self) -> None:
        # Told to the cycle first: uvicorn would take a missing answer for a bug of ours.
        self.cycle.disconnected = True
        self.transport.abort()


class _Server(uvicorn.Server):
    """A server that leaves signals to its host and starts and stops without polling."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()
        self.stop = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to whoever runs the loop."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, and says when it is done."""
        await super().startup(sockets=sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        """Keeps the Date header right until it is told to stop."""
        while not self.stop.is_set():
            await self.on_tick(0)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stop.wait(), 1)


@contextlib.asynccontextmanager
async def running(
    options: SandboxOptions | None = None, *, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[RunningSandbox]:
    """Serves a sandbox until the context is left; port 0 takes a free one."""
    app = create_app(options)
    state: SandboxState = app.state.sandbox
    config = uvicorn.Config(
        app,
        http=_DroppableProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        # Longer than any client keeps an idle connection: only asked-for faults cut one.
        timeout_keep_alive=300,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named: asyncio turns Nagle's algorithm off only where it is, and with it on
    # every answer takes 40 ms longer.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        shown = f"[{host}]" if family == socket.AF_INET6 else host
        url = f"http://{shown}:{listener.getsockname()[1]}"
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        started = asyncio.create_task(server.ready.wait())
        try:
            await asyncio.wait({serving, started}, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()
            yield RunningSandbox(url, state)
        finally:
            started.cancel()
            state.closing.set()
            server.stop.set()
            await serving
            state.close()
