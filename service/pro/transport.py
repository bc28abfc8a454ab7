"""httpx on aiohttp, with three of their habits taken away.

1. httpx-aiohttp reports every `aiohttp.ClientConnectionError` as a failed connect, also those
   that come after bytes were sent (ServerDisconnectedError, a reset). Here only an error that
   can't come later than connecting is `NeverSent`; all others are `Interrupted`.
2. aiohttp sends an idempotent request (PUT, DELETE, GET) a second time by itself when a kept-alive
   connection turns out closed. PRO may have acted on the first: `PUT /allocation/allocate` must
   leave us once. That also makes a `ClientConnectorError` proof again: without the repeat it can't
   follow a request that was sent.
3. httpx unpacks a compressed answer as many times over as its headers say, each piece at once:
   from 16 KB it may make 16 MB, or with two encodings 16 GB, before anybody can count. Here only
   gzip is unpacked, once, in small pieces.

Errors leave without the exception they come from: aiohttp's can carry the request's headers, and
so the API key, in their `repr`.
"""

import ssl
import zlib
from collections.abc import AsyncIterator

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from service.tls import failed_handshake

_BEFORE_SENDING = (
    aiohttp.ClientConnectorError,  # DNS, TCP, TLS handshake, certificate
    aiohttp.ConnectionTimeoutError,  # connect time-out, or no free connection in the pool
    aiohttp.ServerFingerprintMismatch,
    aiohttp.InvalidURL,
)

ACCEPT_ENCODING = "gzip"
"""What is asked for, and all that is unpacked."""
PIECE = 65_536
"""Bytes that are unpacked at once at the most."""
_GZIP = 31
"""zlib's number for it."""


class NeverSent(httpx.ConnectError):
    """No connection was made: not a byte of the request left."""


class WrongCertificate(NeverSent):
    """Who answers can't show that it is PRO."""


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
            return await _unpacked(await super().handle_async_request(request), request)
        except httpx.DecodingError:
            raise
        except Exception as error:  # noqa: BLE001 - translated below, outside of its context
            cause = error.__cause__ or error
        name = type(cause).__name__
        if isinstance(cause, aiohttp.ClientConnectorCertificateError):
            raise WrongCertificate(failed_handshake(cause) or name, request=request)
        if isinstance(cause, _BEFORE_SENDING):
            raise NeverSent(failed_handshake(cause) or name, request=request)
        raise Interrupted(name, request=request)


async def _unpacked(response: httpx.Response, request: httpx.Request) -> httpx.Response:
    """Give the same answer with an unpacked body. Raises httpx.DecodingError."""
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return response
    if encoding not in ("gzip", "x-gzip"):
        await response.aclose()
        raise httpx.DecodingError("an encoding that was not asked for", request=request)
    packed = response.stream
    if not isinstance(packed, httpx.AsyncByteStream):
        raise TypeError("an answer that was read already")
    headers = [
        (name, value)
        for name, value in response.headers.raw
        if name.lower() not in (b"content-encoding", b"content-length")
    ]
    return httpx.Response(
        response.status_code,
        headers=headers,
        stream=_Gunzipped(packed, request),
        request=request,
        extensions=response.extensions,
    )


class _Gunzipped(httpx.AsyncByteStream):
    """Unpacks while it is read, never more than a piece at once."""

    def __init__(self, packed: httpx.AsyncByteStream, request: httpx.Request) -> None:
        self._packed = packed
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        unpacking, is_empty = zlib.decompressobj(_GZIP), True
        try:
            async for rest in self._packed:
                is_empty = is_empty and not rest
                piece = b""
                while not unpacking.eof and (rest or len(piece) == PIECE):
                    piece = unpacking.decompress(rest, PIECE)
                    rest = unpacking.unconsumed_tail
                    yield piece
        except zlib.error:
            raise httpx.DecodingError("not gzip", request=self._request) from None
        if not (unpacking.eof or is_empty):
            raise httpx.DecodingError("gzip that ends in the middle", request=self._request)

    async def aclose(self) -> None:
        await self._packed.aclose()
