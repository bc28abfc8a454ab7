"""The operations API in this process, over the reactions' world; Kafka is a list."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx
from pydantic import SecretStr

from service.api.access import Access
from service.api.app import create_app
from service.api.endpoints import Desk
from service.events.envelope import Outgoing
from service.events.topics import Topics
from service.ledger.attention import Attention
from service.ledger.attention_kinds import AttentionPolicy
from service.ledger.dead_letters import DeadLetters
from service.ledger.outcomes import OutcomeStore
from service.ledger.parked import ParkedEvents
from service.ledger.parked_rows import Reason, Subject
from service.people.asking import Asking
from service.people.in_pro import state_in_pro
from service.people.reading import Reading
from tests.ledger.ledgers import record
from tests.reactions.world import World

TOKEN = "a-token-of-twenty-characters"
SOURCE = "urn:orderflex:people"
CANARY = "Quintessa"
"""A name that stands in the events, and must stand in no answer."""


@dataclass
class Office:
    """Somebody with a token."""

    world: World
    client: httpx.AsyncClient
    published: list[Outgoing] = field(default_factory=list)
    trouble: list[Exception] = field(default_factory=list)
    """What publishing raises next."""

    async def get(self, path: str, **query: Any) -> Any:
        """Read what is there."""
        answer = await self.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, **body: Any) -> httpx.Response:
        """Ask for something."""
        return await self.client.post(path, json=body)

    async def bury(self, order: str | None, offset: int = 1, *, holds: bool = True) -> int:
        """Make a dead letter; gives its number."""
        parked = ParkedEvents(self.world.database, self.world.seal)
        subject = Subject("stock.picked" if order else "unreadable", f"event-{offset}", order)
        value = json.dumps({"order_reference": order, "note": CANARY}).encode()
        reason = Reason("bug", "ValueError, traceback 0123456789ab")
        row = await parked.bury(
            record(offset, value), subject, attempt=4, reason=reason, holds=holds
        )
        return row.sequence

    async def queue(self, order: str, offset: int) -> None:
        """Have another event of an order wait."""
        parked = ParkedEvents(self.world.database, self.world.seal)
        subject = Subject("stock.picked", f"event-{offset}", order)
        await parked.park_behind(record(offset), subject, 60.0)


@asynccontextmanager
async def office_of(world: World) -> AsyncIterator[Office]:
    published: list[Outgoing] = []
    trouble: list[Exception] = []

    async def publish(outgoing: Outgoing) -> None:
        if trouble:
            raise trouble.pop()
        published.append(outgoing)

    attention = Attention(world.database, AttentionPolicy())
    letters = DeadLetters(world.database, world.seal)
    desk = Desk(
        reading=Reading(world.database, attention, letters, partial(state_in_pro, world.pro)),
        asking=Asking(
            world.database,
            OutcomeStore(world.seal),
            attention,
            Topics(),
            SOURCE,
            publish,
        ),
        attention=attention,
        letters=letters,
        max_replays=1,
    )
    app = create_app(desk, Access({"ada": SecretStr(TOKEN), "bo": SecretStr(TOKEN[::-1])}))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False),
        base_url="http://orderflex",
        headers={"Authorization": f"Bearer {TOKEN}"},
    ) as client:
        yield Office(world, client, published, trouble)
