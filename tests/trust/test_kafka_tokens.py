"""Tokens for Kafka: asked for once, used until shortly before they expire, and errors that tell."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from pydantic import SecretStr

from service.intake.kafka_tokens import ClientCredentials, NoToken, TokenPolicy
from service.tls import ClientTls, TlsPolicy

from .certificates import Authority
from .token_server import CLIENT, SCOPE, SECRET, Signer, TokenServer, serving_tokens


@dataclass
class Desk:
    """A token endpoint, who asks it, and the time."""

    server: TokenServer
    tls: ClientTls
    now: float = 1000.0

    def asking(self, secret: str = SECRET, url: str | None = None) -> ClientCredentials:
        policy = TokenPolicy(url or self.server.url, CLIENT, SecretStr(secret), SCOPE, timeout=2)
        assert secret not in repr(policy)
        return ClientCredentials(policy, self.tls, lambda: self.now)


@pytest.fixture
async def desk(authority: Authority, signer: Signer) -> AsyncIterator[Desk]:
    server = TokenServer(signer, "kafka", seconds=600)
    async with serving_tokens(server, authority):
        yield Desk(server, ClientTls(TlsPolicy(authority.file)))
        await asyncio.sleep(0.05)


async def test_all_connections_share_a_token(desk: Desk) -> None:
    asking = desk.asking()
    tokens = await asyncio.gather(*(asking.token() for _ in range(5)))
    assert len(set(tokens)) == len(desk.server.given) == 1


async def test_a_token_is_replaced_a_minute_before_it_expires(desk: Desk) -> None:
    asking = desk.asking()
    await asking.token()
    desk.now += 539
    await asking.token()
    assert len(desk.server.given) == 1
    desk.now += 2
    await asking.token()
    assert len(desk.server.given) == 2


async def test_a_short_one_is_replaced_after_four_fifths_of_its_life(desk: Desk) -> None:
    desk.server.seconds = 10
    asking = desk.asking()
    await asking.token()
    desk.now += 7.9
    await asking.token()
    desk.now += 0.2
    await asking.token()
    assert len(desk.server.given) == 2


async def test_a_refusal_is_told_again_without_asking_for_a_while(desk: Desk) -> None:
    asking = desk.asking("wrong-secret")
    for _ in range(3):
        with pytest.raises(NoToken, match="it refuses our client: 401 invalid_client") as refused:
            await asking.token()
        assert "wrong-secret" not in str(refused.value)
        assert "who are you" not in str(refused.value), "only the code is told"
    assert desk.server.refused == 1
    desk.now += 5
    with pytest.raises(NoToken):
        await asking.token()
    assert desk.server.refused == 2


async def test_another_secret_is_used_at_once_after_a_refusal(desk: Desk) -> None:
    asking = desk.asking("wrong")
    with pytest.raises(NoToken):
        await asking.token()
    asking.use_secret(SecretStr(SECRET))
    assert await asking.token() == desk.server.given[0]
    asking.use_secret(SecretStr("wrong again"))
    assert await asking.token() == desk.server.given[0], "what is valid stays in use"


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (500, b"<html>", "an answer 500 without a token"),
        (200, b"{}", "an answer 200 without a token"),
        (200, b'{"access_token": ""}', "an answer 200 without a token"),
        (200, b'{"access_token": "two\\nlines"}', "an answer 200 without a token"),
        (200, b'{"access_token": "t", "expires_in": -1}', "an answer 200 without a token"),
        (200, b'"' + b"x" * 70_000 + b'"', "its answer is too long"),
        (302, b"", "an answer 302 without a token"),
        (400, b'{"error": "Sorry, Quintessa!"}', "an answer 400 without a token"),
        (400, b'{"error": "invalid_scope"}', "it refuses our client: 400 invalid_scope"),
    ],
)
async def test_an_answer_that_is_no_token(desk: Desk, status: int, body: bytes, told: str) -> None:
    desk.server.answer = (status, body)
    with pytest.raises(NoToken) as refused:
        await desk.asking().token()
    assert str(refused.value).endswith(f"no token from {desk.server.url}: {told}")


async def test_nobody_there_and_somebody_else_there(desk: Desk) -> None:
    with pytest.raises(NoToken, match=r":1/token: ConnectError"):
        await desk.asking(url="https://127.0.0.1:1/token").token()
    desk.tls = ClientTls(TlsPolicy())
    with pytest.raises(NoToken, match="the certificate is not trusted"):
        await desk.asking().token()
