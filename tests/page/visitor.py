"""Somebody before the operator page, in this process; Kafka is a list."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx
from cryptography.fernet import Fernet
from pydantic import SecretStr
from starlette.applications import Starlette

from service.events.envelope import Outgoing
from service.events.published import ConsignmentAllocated, ConsignmentCreated
from service.events.topics import Topics
from service.ledger.attention import Attention
from service.ledger.attention_kinds import AttentionPolicy
from service.ledger.dead_letters import DeadLetters, Decision, Which
from service.ledger.outcomes import OutcomeStore
from service.page.access import Access, ProxyPolicy
from service.page.app import create_app
from service.page.attempts import Attempts, AttemptsPolicy
from service.page.desk import Desk
from service.page.sessions import SessionPolicy, Sessions
from service.papers.folder import PaperFolder
from service.people.asking import Asking
from service.people.in_pro import state_in_pro
from service.people.papers import Papers
from service.people.reading import Reading
from service.people.tokens import Tokens
from service.people.unshipped import Unshipped
from tests.api.desk import CANARY, SOURCE, Office
from tests.reactions.goods import item, picked, placed
from tests.reactions.world import World, only

from .html import Shown, read

TOKENS = {"ada": "a-token-of-twenty-characters", "bo": "another-token-of-many-letters"}
HOST = "page.example"
BROWSER = {"sec-fetch-site": "same-origin", "origin": f"https://{HOST}"}
"""What a browser says beside a form of the same site."""
POLICY = SessionPolicy(idle=1800, longest=43_200, https=False)


@dataclass
class Visitor(Office):
    """Somebody with a browser. `client` is that browser."""

    app: Starlette = field(default_factory=Starlette)
    reasons: dict[str, Sequence[str]] = field(default_factory=dict)
    slowed: dict[str, Sequence[str]] = field(default_factory=dict)

    async def sign_in(self, who: str = "ada", **headers: str) -> httpx.Response:
        """Sign in by a token."""
        return await self.client.post(
            "/sign-in", data={"token": TOKENS[who]}, headers=BROWSER | headers
        )

    async def look(self, path: str, status: int = 200) -> Shown:
        """Open a page."""
        answer = await self.client.get(path)
        assert answer.status_code == status, (answer.status_code, answer.text)
        assert CANARY not in answer.text
        return read(answer.text)

    async def send(self, path: str, **fields: str) -> httpx.Response:
        """Open a page with a form, and send that with these fields."""
        shown = await self.look(path)
        return await self.client.post(path, data=shown.forms[-1] | fields, headers=BROWSER)

    async def told(self, answer: httpx.Response) -> Shown:
        """Go where a browser is sent after a form."""
        assert answer.status_code == 303, (answer.status_code, answer.text)
        return await self.look(answer.headers["location"])

    async def letters_decided(self, order: str, decision: Decision) -> None:
        """Have the dead letters of an order discarded by somebody else."""
        letters = DeadLetters(self.world.database, self.world.seal)
        for letter in await letters.find(Which(order_reference=order)):
            await letters.discard(letter.sequence, decision)

    async def labelled(self, order: str = "WEB-1", pick: str = "P-1") -> str:
        """Carry an order as far as its labels; gives the consignment."""
        names = {"contact": {"first_name": CANARY, "last_name": CANARY, "mobile": "07700900123"}}
        address = {
            "address_line_1": CANARY,
            "town": "Norwich",
            "postcode": "NR1 1AA",
            "country": "GB",
        }
        world = self.world
        await world.react(placed(order, item(quantity=2), destination=names | address))
        world.clock.forward(1)
        created = only(ConsignmentCreated, await world.react(picked(pick, order=order)))
        world.clock.forward(1)
        allocated = only(ConsignmentAllocated, await world.react(created))
        world.clock.forward(1)
        await world.react(allocated)
        return created.consignment_reference


def desk_of(
    world: World,
    published: list[Outgoing],
    trouble: list[Exception],
    reasons: Mapping[str, Sequence[str]],
    slowed: Mapping[str, Sequence[str]],
) -> Desk:
    """What the pages work with, over the reactions' world."""

    async def publish(outgoing: Outgoing) -> None:
        if trouble:
            raise trouble.pop()
        published.append(outgoing)

    attention = Attention(world.database, AttentionPolicy())
    letters = DeadLetters(world.database, world.seal)
    outcomes = OutcomeStore(world.seal)
    return Desk(
        reading=Reading(world.database, attention, letters, partial(state_in_pro, world.pro)),
        asking=Asking(world.database, outcomes, attention, Topics(), SOURCE, publish),
        attention=attention,
        letters=letters,
        unshipped=Unshipped(world.database),
        papers=Papers(world.database, outcomes, PaperFolder(world.papers)),
        not_ready=lambda: reasons,
        slowed=lambda: slowed,
        now=world.clock,
        max_replays=1,
    )


@asynccontextmanager
async def visitor_of(
    world: World,
    *,
    tokens: Mapping[str, str] = TOKENS,
    proxy: ProxyPolicy | None = None,
    policy: SessionPolicy = POLICY,
    attempts: AttemptsPolicy | None = None,
    **client: Any,
) -> AsyncIterator[Visitor]:
    """Somebody before a page with these ways in. `client` is more about the browser."""
    published: list[Outgoing] = []
    trouble: list[Exception] = []
    reasons: dict[str, Sequence[str]] = {}
    slowed: dict[str, Sequence[str]] = {}
    sessions = Sessions([Fernet.generate_key()], policy, world.clock)
    access = Access(
        Tokens({name: SecretStr(token) for name, token in tokens.items()}), proxy, sessions
    )
    desk = desk_of(world, published, trouble, reasons, slowed)
    clock = world.clock
    app = create_app(
        desk,
        access,
        sessions,
        Attempts(attempts or AttemptsPolicy(), lambda: clock().timestamp()),
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=True, **client)
    async with httpx.AsyncClient(transport=transport, base_url=f"https://{HOST}") as browser:
        yield Visitor(world, browser, published, trouble, app, reasons, slowed)
