"""Access tokens for Kafka's OAUTHBEARER, by OAuth's client credentials (RFC 6749, 4.4)."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import quote

import httpx
from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import KafkaConnectionError
from pydantic import BaseModel, Field, SecretStr, ValidationError

from service.tls import ClientTls, failed_handshake

MAX_ANSWER = 65_536
"""Bytes of an answer of the token endpoint."""


@dataclass(frozen=True)
class TokenPolicy:
    """Whom to ask for tokens, and times in seconds."""

    url: str
    client_id: str
    client_secret: SecretStr = field(repr=False)
    scope: str | None = None
    timeout: float = 10.0
    """Of one request, from its start to its last byte."""
    ahead: float = 60.0
    """So long before it expires a token is replaced; a short one after four fifths of its life."""
    patience: float = 5.0
    """A refusal is told again for so long without asking: the client below would ask at once."""


class NoToken(KafkaConnectionError):  # type: ignore[misc]
    """There is no token to be had; the text says why. Kafka's clients come back after it."""


class _Granted(BaseModel):
    access_token: Annotated[str, Field(min_length=1, max_length=MAX_ANSWER, pattern=r"^[!-~]+$")]
    expires_in: Annotated[float, Field(gt=0)] = 300.0
    """A server may leave it out."""


class _Denied(BaseModel):
    error: Annotated[str, Field(max_length=100, pattern=r"^[a-z_]+$")]


class ClientCredentials(AbstractTokenProvider):  # type: ignore[misc]
    """Gives a token that is valid for a while; all connections share it."""

    def __init__(
        self,
        policy: TokenPolicy,
        tls: ClientTls,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._policy = policy
        self._secret = policy.client_secret
        self.tls = tls
        self._clock = clock
        self._asking = asyncio.Lock()
        self._token: str | None = None
        self._refusal = ""
        self._until = 0.0
        """How long the token, or the refusal, is given again."""

    async def token(self) -> str:
        """Give a token. Raises NoToken."""
        async with self._asking:
            if self._clock() >= self._until:
                await self._ask()
            if self._token is None:
                raise NoToken(self._refusal)
            return self._token

    def use_secret(self, secret: SecretStr) -> None:
        """Ask with another secret from now on; a token that is valid stays in use."""
        self._secret = secret
        if self._token is None:
            self._until = 0.0

    async def _ask(self) -> None:
        try:
            granted = await self._granted()
        except NoToken as refusal:
            self._token, self._refusal = None, str(refusal.args[0])
            self._until = self._clock() + self._policy.patience
            return
        self._token = granted.access_token
        ahead = min(self._policy.ahead, granted.expires_in / 5)
        self._until = self._clock() + granted.expires_in - ahead

    async def _granted(self) -> _Granted:
        asked = {"grant_type": "client_credentials"}
        if self._policy.scope:
            asked["scope"] = self._policy.scope
        try:
            async with (
                asyncio.timeout(self._policy.timeout),
                httpx.AsyncClient(verify=self.tls.context, trust_env=False) as http,
                http.stream("POST", self._policy.url, data=asked, auth=self._basic()) as answer,
            ):
                body = bytearray()
                async for piece in answer.aiter_bytes():
                    body += piece
                    if len(body) > MAX_ANSWER:
                        raise self._none("its answer is too long")
                status = answer.status_code
        except TimeoutError:
            raise self._none(f"no answer within {self._policy.timeout:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            # Without what it comes from: a request's headers carry the secret.
            raise self._none(failed_handshake(error) or type(error).__name__) from None
        try:
            if status == httpx.codes.OK:
                return _Granted.model_validate_json(bytes(body))
            denied = _Denied.model_validate_json(bytes(body)).error
        except ValidationError:
            raise self._none(f"an answer {status} without a token") from None
        raise self._none(f"it refuses our client: {status} {denied}")

    def _basic(self) -> httpx.BasicAuth:
        """RFC 6749, 2.3.1: both are form-encoded before they become a user and a password."""
        return httpx.BasicAuth(
            quote(self._policy.client_id, safe=""),
            quote(self._secret.get_secret_value(), safe=""),
        )

    def _none(self, why: str) -> NoToken:
        return NoToken(f"no token from {self._policy.url}: {why}")
