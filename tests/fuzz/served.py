"""The operations API on a real port, in a thread of its own, over either ledger."""

import asyncio
import contextlib
import socket
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from cryptography.fernet import Fernet
from pydantic import SecretStr
from starlette.types import ASGIApp

from service.api.access import Access
from service.api.app import create_app
from service.api.endpoints import Desk
from service.api.limits import limited
from service.events.envelope import Outgoing
from service.events.topics import Topics
from service.ledger.attention import Attention
from service.ledger.attention_kinds import AttentionPolicy
from service.ledger.database import Database, DatabasePolicy
from service.ledger.dead_letters import DeadLetters
from service.ledger.outcomes import OutcomeStore
from service.ledger.parked import ParkedEvents
from service.ledger.parked_rows import Reason, Subject
from service.ledger.sealing import Seal
from service.ledger.upgrade import upgrade
from service.people import views
from service.people.asking import Asking
from service.people.reading import Reading
from tests.api.desk import SOURCE, TOKEN, office_of
from tests.ledger.ledgers import record
from tests.reactions.goods import picked, placed
from tests.reactions.world import world_of

Making = Callable[[], AbstractAsyncContextManager[ASGIApp]]


@dataclass(frozen=True)
class Served:
    """An application that is served."""

    port: int

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def served(making: Making) -> Iterator[Served]:
    """Serve what is made, with the service's own limits."""
    listening = socket.create_server(("127.0.0.1", 0))
    ready, stop, failed = threading.Event(), threading.Event(), list[BaseException]()

    async def serve() -> None:
        async with making() as app:
            server = uvicorn.Server(limited(app))
            serving = asyncio.create_task(server.serve([listening]))
            ready.set()
            await asyncio.to_thread(stop.wait)
            server.should_exit = True
            await serving

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:  # noqa: BLE001 - told below
            failed.append(error)
            ready.set()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    ready.wait()
    try:
        if not failed:
            yield Served(listening.getsockname()[1])
    finally:
        stop.set()
        thread.join(20)
    assert not failed, failed


@asynccontextmanager
async def over_sqlite() -> AsyncIterator[ASGIApp]:
    """With an order that went the whole way, one that was refused, and dead letters."""
    with tempfile.TemporaryDirectory() as folder:
        async with world_of(Path(folder)) as world, office_of(world) as office:
            await world.react(placed())
            (created,) = await world.react(picked())
            (allocated,) = await world.react(created)
            await world.react(allocated)
            await world.react(placed("WEB-2", origin="NOWHERE"))
            for number in range(1, 20):
                await office.bury("WEB-1", number)
            yield office.client._transport.app  # type: ignore[attr-defined]


def over_postgresql(url: str) -> Making:
    """With a dead letter of an order."""

    @asynccontextmanager
    async def made() -> AsyncIterator[ASGIApp]:
        database = Database(DatabasePolicy(url))
        await upgrade(database)
        seal = Seal([Fernet.generate_key().decode()])
        attention, letters = Attention(database, AttentionPolicy()), DeadLetters(database, seal)

        async def publish(_: Outgoing) -> None:
            """Nobody reads it."""

        async def in_pro(_: str) -> views.InPro:
            raise AssertionError("there is no consignment")

        asking = Asking(database, OutcomeStore(seal), attention, Topics(), SOURCE, publish)
        reading = Reading(database, attention, letters, in_pro)
        subject, reason = Subject("stock.picked", "e", "WEB-1"), Reason("bug", "ValueError")
        await ParkedEvents(database, seal).bury(
            record(1), subject, attempt=4, reason=reason, holds=True
        )
        desk = Desk(reading, asking, attention, letters, max_replays=1)
        yield create_app(desk, Access({"ada": SecretStr(TOKEN)}))
        await database.close()

    return made
