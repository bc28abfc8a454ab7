"""What a connection may cost: how many there are, how large a head is, how long one may take.

uvicorn waits for a request's head as long as its sender likes; here it is given a while.
"""

import asyncio

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_BYTES = 16_384
"""Of a request's line and headers, while they have not all arrived."""
HEAD_SECONDS = 10.0
"""For all of them to arrive."""
KEEP_ALIVE_SECONDS = 5
"""How long an idle connection is kept."""
CONNECTIONS = 200
"""At once; whoever comes then is told to come again (503)."""


def limited(app: ASGIApp) -> uvicorn.Config:
    """Say how an application is served."""
    return uvicorn.Config(
        app,
        http=_Impatient,
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        h11_max_incomplete_event_size=HEAD_BYTES,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        limit_concurrency=CONNECTIONS,
    )


class _Impatient(H11Protocol):
    """Closes a connection whose request's head takes too long to arrive."""

    _given_up: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop_watching()

    def _watch(self) -> None:
        if self.conn.their_state is not h11.IDLE or self.transport.is_closing():
            self._stop_watching()
        elif self._given_up is None:
            self._given_up = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _stop_watching(self) -> None:
        if self._given_up is not None:
            self._given_up.cancel()
            self._given_up = None

    def _give_up(self) -> None:
        self._given_up = None
        if self.conn.their_state is h11.IDLE:
            self.transport.close()
