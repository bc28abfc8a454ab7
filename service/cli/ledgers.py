"""`orderflex ledger …`"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import typer
from cryptography.fernet import Fernet

from service import from_settings
from service.ledger import upgrade as upgrades
from service.ledger.database import Database
from service.settings import load

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="The ledger: what the service remembers.")


def with_ledger(work: Callable[[Database], Awaitable[T]]) -> T:
    """Open the ledger, do some work with it, close it."""

    async def run() -> T:
        database = from_settings.database_of(load())
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


@app.command("upgrade")
def upgrade() -> None:
    """Bring the ledger's tables up to this version (safe to repeat)."""
    if with_ledger(upgrades.upgrade):
        typer.echo("The ledger is up to date.")
    else:
        typer.echo("The ledger is that of a newer version: it stays as it is, and can be used.")


@app.command("restored")
def restored() -> None:
    """Say that the ledger was restored from a copy, before the service starts on it.

    What older events ask for is then looked up in PRO first, so that nothing is packed twice.
    """

    async def say(database: Database) -> None:
        await database.check()
        await upgrades.restored(database)

    with_ledger(say)
    typer.echo("Events from before this moment are looked up in PRO before PRO is asked.")


@app.command("new-key")
def new_key() -> None:
    """Print a new key for ORDERFLEX_PAYLOAD_KEYS."""
    typer.echo(Fernet.generate_key().decode())
