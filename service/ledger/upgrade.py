"""Brings the ledger's tables up to this version; restores its trust after a restoration."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, func, select, update
from sqlalchemy.event import listen
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from service.ledger.clock import now_plus, system_microseconds
from service.ledger.database import Database, LedgerDown, upsert
from service.ledger.sqlite import equip
from service.ledger.tables import ledger_info, metadata

ADVISORY_LOCK = 7_236_150_943
"""Any number, as long as it is always this one."""
MIGRATIONS = Path(__file__).parent / "migrations"


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


@asynccontextmanager
async def _sqlalchemy(database: Database) -> AsyncIterator[AsyncConnection]:
    """Open a transaction in SQLAlchemy's own way, which Alembic needs.

    Raises LedgerDown for what is the database's fault.
    """
    await database.reach()  # whose words for a refusal are clearer
    engine = create_async_engine(
        database.url,
        connect_args=database.connect_arguments,
        poolclass=NullPool,
        hide_parameters=True,
    )
    if database.is_sqlite:
        listen(engine.sync_engine, "connect", lambda made, _: equip(made, system_microseconds))
    try:
        async with engine.begin() as connection:
            yield connection
    except (InterfaceError, OperationalError, OSError, TimeoutError) as error:
        raise LedgerDown(type(getattr(error, "orig", None) or error).__name__) from error
    finally:
        await engine.dispose()


async def upgrade(database: Database) -> bool:
    """Run the migrations that are still to be run; a new ledger is trusted from now on.

    Tells whether this version knows the ledger: that of a newer one is left as it is, which is what
    going back to an older version needs. Raises LedgerDown.
    """
    async with _sqlalchemy(database) as connection:
        if not database.is_sqlite:  # replicas that start together take turns
            await connection.execute(select(func.pg_advisory_xact_lock(ADVISORY_LOCK)))
        is_newer = await connection.run_sync(_upgrade_unless_newer)
    if is_newer:
        return False
    async with database.begin() as tx:
        known = await tx.execute(select(ledger_info.c.trusted_from))
        if known.scalar_one_or_none() is None:
            new = upsert(tx, ledger_info).values(only_row=1, trusted_from=now_plus())
            await tx.execute(new.on_conflict_do_nothing())
    return True


def _upgrade_unless_newer(connection: Connection) -> bool:
    config = _config(connection)
    known = {each.revision for each in ScriptDirectory.from_config(config).walk_revisions()}
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in known:
        return True
    command.upgrade(config, "head")
    return False


async def restored(database: Database) -> None:
    """Say that the ledger was restored: what older events ask for may have been done already."""
    async with database.begin() as tx:
        await tx.execute(update(ledger_info).values(trusted_from=now_plus()))


async def differences(database: Database) -> list[object]:
    """Compare the database's tables with this version's; empty when they agree."""

    def compare(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with _sqlalchemy(database) as connection:
        return await connection.run_sync(compare)
