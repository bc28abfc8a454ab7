"""Brings the ledger's tables up to this version; restores its trust after a restoration."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, func, insert, select, update

from service.ledger.clock import now_plus
from service.ledger.database import Database
from service.ledger.tables import ledger_info, metadata

ADVISORY_LOCK = 7_236_150_943
"""Any number, as long as it is always this one."""
MIGRATIONS = Path(__file__).parent / "migrations"


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


async def upgrade(database: Database) -> None:
    """Run the migrations that are still to be run; a new ledger is trusted from now on.

    Raises LedgerDown.
    """
    async with database.begin() as tx:
        if not database.is_sqlite:  # replicas that start together take turns
            await tx.execute(select(func.pg_advisory_xact_lock(ADVISORY_LOCK)))
        await tx.run_sync(lambda connection: command.upgrade(_config(connection), "head"))
        known = await tx.execute(select(ledger_info.c.trusted_from))
        if known.scalar_one_or_none() is None:
            await tx.execute(insert(ledger_info).values(only_row=1, trusted_from=now_plus()))


async def restored(database: Database) -> None:
    """Say that the ledger was restored: what older events ask for may have been done already."""
    async with database.begin() as tx:
        await tx.execute(update(ledger_info).values(trusted_from=now_plus()))


async def differences(database: Database) -> list[object]:
    """Compare the database's tables with this version's; empty when they agree."""

    def compare(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with database.begin() as tx:
        return await tx.run_sync(compare)
