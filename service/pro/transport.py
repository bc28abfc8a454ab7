"""httpx on aiohttp, with two of its habits taken away.

1. httpx-aiohttp reports every `aiohttp.ClientConnectionError` as a failed connect, also those
   that come after bytes were sent (ServerDisconnectedError, a reset). Here only an error that
   can't come later than connecting is `NeverSent`; all others are `Interrupted`.
2. aiohttp sends an idempotent request (PUT, DELETE, GET) a second time by itself when a kept-alive
   connection turns out closed. PRO may have acted on the first: `PUT /allocation/allocate` must
   leave us once. That also makes a `ClientConnectorError` proof again: without the repeat it can't
   follow a request that was sent.

Errors leave without the exception they come from: aiohttp's can carry the request's headers, and
so the API key, in their `repr`.
"""

import ssl

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

_BEFORE_SENDING = (
    aiohttp.ClientConnectorError,  # DNS, TCP, TLS handshake, certificate
    aiohttp.ConnectionTimeoutError,  # connect time-out, or no free connection in the pool
    aiohttp.ServerFingerprintMismatch,
    aiohttp.InvalidURL,
)


class NeverSent(httpx.ConnectError):
    """No connection was made: not a byte of the request left."""


class Interrupted(httpx.NetworkError):
    """The exchange broke off; the request may have arrived."""


class OnceOnlyTransport(AiohttpTransport):
    """Sends each request once, and says exactly when it was never sent."""

    def __init__(
        self, *, max_connections: int, keepalive_seconds: float, tls: ssl.SSLContext
    ) -> None:
        self._max_connections = max_connections
        self._keepalive_seconds = keepalive_seconds
        self._tls = tls
        super().__init__(verify=tls, trust_env=False, client=self._new_session)

    def _new_session(self) -> aiohttp.ClientSession:
        """aiohttp wants a running loop, so the session is made with the first request."""
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._max_connections,
                keepalive_timeout=self._keepalive_seconds,
                ssl=self._tls,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )
        if not hasattr(session, "_retry_connection"):
            raise RuntimeError("this aiohttp has no switch for its hidden repeat: pin another")
        session._retry_connection = False  # noqa: SLF001 - there is no public switch
        return session

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """As the base class, with `NeverSent` and `Interrupted` as the only errors."""
        try:
            return await super().handle_async_request(request)
        except Exception as error:  # noqa: BLE001 - translated below, outside of its context
            cause = error.__cause__ or error
        name = type(cause).__name__
        if isinstance(cause, _BEFORE_SENDING):
            raise NeverSent(name, request=request)
        raise Interrupted(name, request=request)
