"""The one path of every call: headers, deadline, verdict, metrics. No operation is known here."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

import httpx
from pydantic import SecretStr

from service.pro.policy import ProPolicy
from service.pro.problems import (
    Answer,
    ProVerdict,
    UnreadableAnswer,
    Verdict,
    judged,
    verdict_of,
)
from service.pro.transport import ACCEPT_ENCODING, OnceOnlyTransport
from service.tracing.traced import calling

API_VERSION = "1.1"
_KEY = "ocp-apim-subscription-key"

T = TypeVar("T")

OnCall = Callable[[str, Verdict, float], None]
"""Told after every call: operation, how it ended, seconds it took."""


class Calls:
    """Connections to PRO, and how a request is sent once and judged."""

    def __init__(
        self,
        policy: ProPolicy,
        on_call: OnCall | None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._policy = policy
        self._on_call = on_call
        self.in_flight = 0
        """How many calls are under way at this moment."""
        self._http = httpx.AsyncClient(
            transport=transport
            or OnceOnlyTransport(
                max_connections=policy.max_connections,
                keepalive_seconds=policy.keepalive_seconds,
                tls=policy.tls.context,
            ),
            headers={
                _KEY: policy.api_key.get_secret_value(),
                "electio-api-version": API_VERSION,
                "content-type": "application/json",
                "accept": "application/json",
                "accept-encoding": ACCEPT_ENCODING,
                "user-agent": "orderflex",
            },
            timeout=httpx.Timeout(
                connect=policy.connect_timeout,
                read=policy.read_timeout,
                write=None,
                # aiohttp's second limit spans waiting for a connection and connecting.
                pool=policy.pool_timeout + policy.connect_timeout,
            ),
            trust_env=False,
        )

    def use_key(self, key: SecretStr) -> None:
        """Ask with another key from now on."""
        self._http.headers[_KEY] = key.get_secret_value()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def call(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        read: Callable[[Answer], T],
        body: bytes | None = None,
        params: Mapping[str, str] | None = None,
        changes: bool = False,
    ) -> T:
        """Send one request and read its answer. `changes`: it changes something in PRO. Raises
        ProVerdict; a cancelled call stays a CancelledError."""
        started = time.monotonic()
        traced = calling(operation, method, self._policy.base_url)
        verdict = Verdict.AMBIGUOUS if changes else Verdict.RETRYABLE
        self.in_flight += 1
        try:
            with judged(operation, changes=changes):
                async with asyncio.timeout(self._policy.total_deadline):
                    answer = await self._exchange(method, path, body, params, traced.headers)
                traced.status = answer.status
                if (problem := verdict_of(operation, answer, changes=changes)) is not None:
                    raise problem
                result = read(answer)
            verdict = Verdict.OK
        except ProVerdict as ended:
            verdict = ended.verdict
            raise
        except asyncio.CancelledError:
            verdict = Verdict.CANCELLED
            raise
        finally:
            self.in_flight -= 1
            if self._on_call is not None:
                self._on_call(operation, verdict, time.monotonic() - started)
            traced.end(verdict.value, is_good=verdict is Verdict.OK)
        return result

    async def _exchange(
        self,
        method: str,
        path: str,
        body: bytes | None,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
    ) -> Answer:
        url = self._policy.base_url.rstrip("/") + path
        async with self._http.stream(
            method, url, content=body, params=params, headers=headers
        ) as response:
            received = bytearray()
            async for piece in response.aiter_bytes():
                received += piece
                if len(received) > self._policy.max_answer_bytes:
                    raise UnreadableAnswer("larger than max_answer_bytes")
            return Answer(
                response.status_code, response.headers.get("retry-after"), bytes(received)
            )
