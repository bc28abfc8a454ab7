"""The tables come up from nothing, and say what the code says."""

import asyncio
import threading
from pathlib import Path

import pytest
from sqlalchemy import literal, select, text

from service.ledger.database import (
    Contended,
    Database,
    DatabasePolicy,
    LedgerDown,
    LedgerNotReady,
    StatementRefused,
)
from service.ledger.upgrade import differences, restored, upgrade

from .ledgers import Ledger


async def test_the_migrations_make_the_tables_of_this_version(ledger: Ledger) -> None:
    assert await differences(ledger.database) == []
    await ledger.database.check()


async def test_upgrading_twice_changes_nothing_and_keeps_the_trust(ledger: Ledger) -> None:
    await ledger.place()
    before = await _trusted_from(ledger)
    await ledger.forward(3600)
    await upgrade(ledger.database)
    await upgrade(ledger.database)
    assert await differences(ledger.database) == []
    assert await _trusted_from(ledger) == before


async def test_the_ledger_of_a_newer_version_stays_as_it_is_and_can_be_used(ledger: Ledger) -> None:
    """So an older version is gone back to by whatever runs its upgrade first."""
    assert await upgrade(ledger.database)
    async with ledger.database.begin() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        await tx.execute(text("ALTER TABLE orders ADD COLUMN of_tomorrow INTEGER"))
    assert not await upgrade(ledger.database)
    await ledger.database.check()
    async with ledger.database.begin() as tx:
        kept = await tx.execute(text("SELECT version_num FROM alembic_version"))
        assert kept.scalar_one() == "9999"


async def test_a_restored_ledger_is_trusted_from_that_moment_only(ledger: Ledger) -> None:
    before = await _trusted_from(ledger)
    await ledger.forward(3600)
    await restored(ledger.database)
    assert await _trusted_from(ledger) != before


async def test_a_missing_column_is_a_difference(ledger: Ledger) -> None:
    async with ledger.database.begin() as tx:
        await tx.execute(text("ALTER TABLE orders DROP COLUMN fully_packed"))
    assert await differences(ledger.database) != []


async def test_a_database_without_tables_asks_for_the_upgrade(
    ledger_url: str | None, tmp_path: Path
) -> None:
    database = Database(DatabasePolicy(ledger_url or f"sqlite+aiosqlite:///{tmp_path}/empty.db"))
    with pytest.raises(LedgerNotReady, match="orderflex ledger upgrade"):
        await database.check()
    await database.close()


@pytest.mark.parametrize(
    "url",
    [
        "sqlite+aiosqlite:////no/such/folder/ledger.db",
        "postgresql+asyncpg://somebody:hunter2@127.0.0.1:1/nowhere",
    ],
)
async def test_a_ledger_that_is_not_there_is_down_and_its_password_unsaid(url: str) -> None:
    database = Database(DatabasePolicy(url))
    for attempt in (upgrade(database), database.check()):
        with pytest.raises(LedgerDown) as caught:
            await attempt
        assert "hunter2" not in str(caught.value)
    await database.close()
    await _threads_ended()


async def test_a_database_error_never_repeats_the_values(ledger: Ledger) -> None:
    with pytest.raises((LedgerNotReady, StatementRefused)) as caught:
        async with ledger.database.begin() as tx:
            await tx.execute(
                text("INSERT INTO ledger_info VALUES (1, :name)").bindparams(name="Ada Okafor")
            )
    assert "Ada" not in str(caught.value)
    assert "Ada" not in str(caught.value.__cause__)


async def test_a_failed_transaction_leaves_nothing_behind(ledger: Ledger) -> None:
    async def fail() -> None:
        async with ledger.database.begin() as tx:
            await tx.execute(text("DELETE FROM ledger_info"))
            await tx.execute(text("SELECT * FROM no_such_table"))

    with pytest.raises((LedgerNotReady, StatementRefused)):
        await fail()
    await ledger.database.check()
    assert await _trusted_from(ledger)


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("40001", Contended),
        ("40P01", Contended),
        ("57P01", LedgerDown),
        ("53300", LedgerDown),
        ("22021", StatementRefused),
        ("23505", StatementRefused),
    ],
)
async def test_only_what_is_the_databases_fault_takes_the_ledger_down(
    postgresql_url: str, state: str, expected: type[Exception]
) -> None:
    database = Database(DatabasePolicy(postgresql_url))
    with pytest.raises(expected):
        async with database.begin() as tx:
            await tx.execute(text(f"DO $$ BEGIN RAISE EXCEPTION SQLSTATE '{state}'; END $$"))
    await database.close()


async def _threads_ended() -> None:
    """Wait for the threads of connections that failed: they speak to this test's event loop."""
    for _ in range(2000):
        if not any("_connection_worker" in thread.name for thread in threading.enumerate()):
            return
        await asyncio.sleep(0.005)
    raise AssertionError("a connection's thread goes on")


async def _trusted_from(ledger: Ledger) -> object:
    async with ledger.database.begin() as tx:
        return (await tx.execute(text("SELECT trusted_from FROM ledger_info"))).scalar_one()


@pytest.mark.postgresql
async def test_more_arguments_than_can_be_sent_are_our_fault(postgresql_url: str) -> None:
    database = Database(DatabasePolicy(postgresql_url))
    with pytest.raises(StatementRefused):
        async with database.begin() as tx:
            await tx.execute(select(literal(1).in_(list(range(40_000)))))
    await database.close()


@pytest.mark.postgresql
async def test_a_connection_that_goes_away_is_the_databases_fault(postgresql_url: str) -> None:
    database = Database(DatabasePolicy(postgresql_url))

    async def lose(*, by_us: bool) -> None:
        async with database.begin() as tx:
            if by_us:
                tx._session._connection.terminate()  # type: ignore[attr-defined]
            else:
                await tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
            await tx.execute(text("SELECT 1"))

    for by_us in (False, True):
        with pytest.raises(LedgerDown):
            await lose(by_us=by_us)
    async with database.begin() as tx:
        assert (await tx.execute(text("SELECT 1"))).scalar_one() == 1
    await database.close()
