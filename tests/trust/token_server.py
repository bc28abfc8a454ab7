"""A token endpoint (OAuth's client credentials) over TLS, whose tokens Kafka can verify."""

import asyncio
import base64
import json
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .certificates import Authority

CLIENT, SECRET, SCOPE = "orderflex client", "secret/of+the:client", "kafka"
ISSUER = "https://tokens.example"


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Signer:
    """Signs tokens; `jwks` is its public key, as Kafka reads it."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(65_537, 2048)

    def write_jwks(self, path: Path) -> None:
        numbers = self._key.public_key().public_numbers()
        key = {
            "kty": "RSA",
            "kid": "one",
            "alg": "RS256",
            "use": "sig",
            "n": _base64(numbers.n.to_bytes(256, "big")),
            "e": _base64(numbers.e.to_bytes(3, "big")),
        }
        path.write_text(json.dumps({"keys": [key]}))

    def token(self, subject: str, audience: str, seconds: float) -> str:
        """Sign a JWT."""
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "sub": subject,
            "aud": audience,
            "scope": SCOPE,
            "iat": now,
            "exp": now + int(seconds),
        }
        parts = ({"alg": "RS256", "kid": "one", "typ": "JWT"}, claims)
        text = ".".join(_base64(json.dumps(part).encode()) for part in parts)
        signature = self._key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{text}.{_base64(signature)}"


@dataclass
class TokenServer:
    """Gives tokens to the one client that it knows, and counts how often."""

    signer: Signer
    audience: str
    url: str = ""
    subject: str = "orderflex"
    seconds: float = 3600.0
    secret: str = SECRET
    given: list[str] = field(default_factory=list)
    refused: int = 0
    answer: tuple[int, bytes] | None = None
    """What it says instead of all that."""

    def answer_to(self, head: str, body: bytes) -> tuple[int, bytes]:
        """Answer a request."""
        if self.answer is not None:
            return self.answer
        asked = dict(parse_qsl(body.decode()))
        headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        who = {name.lower(): value for name, value in headers.items()}.get("authorization", "")
        user, _, secret = base64.b64decode(who.removeprefix("Basic ")).decode().partition(":")
        expected = {"grant_type": "client_credentials", "scope": SCOPE}
        if (unquote(user), unquote(secret), asked) != (CLIENT, self.secret, expected):
            self.refused += 1
            return 401, b'{"error": "invalid_client", "error_description": "who are you"}'
        token = self.signer.token(self.subject, self.audience, self.seconds)
        self.given.append(token)
        answer: dict[str, Any] = {"access_token": token, "expires_in": self.seconds}
        return 200, json.dumps(answer | {"token_type": "Bearer"}).encode()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next(
                int(line.split(":")[1])
                for line in head.lower().split("\r\n")
                if line.startswith("content-length")
            )
            status, body = self.answer_to(head, await reader.readexactly(length))
            writer.write(
                f"HTTP/1.1 {status} Whatever\r\ncontent-length: {len(body)}\r\n"
                "connection: close\r\n\r\n".encode()
                + body
            )
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, StopIteration):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving_tokens(server: TokenServer, authority: Authority) -> AsyncIterator[TokenServer]:
    """Serve on a free port of 127.0.0.1."""
    identity = authority.certificate("tokens", "127.0.0.1")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(identity.both)
    listener = await asyncio.start_server(server._serve, "127.0.0.1", 0, ssl=context)
    server.url = f"https://127.0.0.1:{listener.sockets[0].getsockname()[1]}/token"
    try:
        yield server
    finally:
        listener.close()
