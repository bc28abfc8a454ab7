"""While a release is rolled out, replicas of the version before work on the new ledger."""

import re
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Column, Connection, MetaData, Table, delete, insert, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from service.ledger.upgrade import MIGRATIONS

ONLY_ADDS = (
    r"CREATE TABLE \S+ ",
    r"CREATE INDEX \S+ ON ",
    r"ALTER TABLE \S+ ADD COLUMN \S+ \S+( WITH TIME ZONE)?( DEFAULT \S+ NOT NULL)?$",
    r"UPDATE \S+ SET ",
)
"""What a migration may say: nothing that an earlier version reads or writes is taken from it."""

WIDENED = {("0003", "ALTER TABLE consignments ALTER COLUMN pick_reference DROP NOT NULL")}
"""Allowed for once: versions before 0003 can't read a consignment without an order."""


def _config(**attributes: object) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes.update(attributes)
    return config


def _migrations() -> list[Script]:
    """All of them, the first one first."""
    return list(ScriptDirectory.from_config(_config()).walk_revisions())[::-1]


def _statements(migration: Script) -> list[str]:
    """What a migration says to PostgreSQL, each statement on one line."""
    said = StringIO()
    options = {"as_sql": True, "output_buffer": said}
    context = MigrationContext.configure(dialect=postgresql.dialect(), opts=options)  # type: ignore[no-untyped-call]
    with Operations.context(context):
        migration.module.upgrade()
    lines = (re.sub(r"\s+", " ", each).strip() for each in said.getvalue().split(";"))
    return [line for line in lines if line]


@pytest.mark.parametrize("migration", _migrations(), ids=lambda each: each.revision)
def test_a_migration_only_adds(migration: Script) -> None:
    said = _statements(migration)
    assert said
    for statement in said:
        allowed = any(re.match(each, statement) for each in ONLY_ADDS)
        assert allowed or (migration.revision, statement) in WIDENED, statement


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE orders DROP COLUMN facts",
        "ALTER TABLE orders RENAME facts TO known",
        "ALTER TABLE orders ADD COLUMN colour TEXT NOT NULL",
        "ALTER TABLE orders ALTER COLUMN facts SET NOT NULL",
        "ALTER TABLE picks ADD CONSTRAINT one UNIQUE (pick_reference)",
        "CREATE UNIQUE INDEX one ON picks (pick_reference)",
        "DROP TABLE leases",
    ],
)
def test_what_an_old_replica_could_not_bear_would_be_seen(statement: str) -> None:
    assert not any(re.match(each, statement) for each in ONLY_ADDS)


@pytest.mark.postgresql
@pytest.mark.parametrize("version", [each.revision for each in _migrations()[:-1]])
async def test_the_newest_ledger_takes_the_rows_of_an_earlier_version(
    postgresql_url: str, version: str
) -> None:
    engine = create_async_engine(postgresql_url)
    try:
        tables = await _tables_at(engine, version)
        await _upgrade(engine, "head")
        async with engine.begin() as connection:
            for table in tables:
                await connection.execute(insert(table).values(_row(table)))
            for table in tables:
                found = (await connection.execute(select(table))).mappings().one()
                assert {name: found[name] for name in _row(table)} == _row(table)
                await connection.execute(update(table).values(_row(table)))
            for table in reversed(tables):
                await connection.execute(delete(table))
    finally:
        await engine.dispose()


async def _upgrade(engine: AsyncEngine, version: str) -> None:
    async with engine.begin() as opened:
        await opened.run_sync(lambda sync: command.upgrade(_config(connection=sync), version))


async def _tables_at(engine: AsyncEngine, version: str) -> list[Table]:
    """The tables as an earlier version knows them, those that others refer to first."""
    await _upgrade(engine, version)

    def reflect(connection: Connection) -> list[Table]:
        found = MetaData()
        found.reflect(connection)
        return [table for table in found.sorted_tables if table.name != "alembic_version"]

    async with engine.begin() as opened:
        return await opened.run_sync(reflect)


def _row(table: Table) -> dict[str, Any]:
    """A value for each column; texts agree, so that rows refer to each other."""
    return {column.name: _value(column) for column in table.columns}


def _value(column: Column[Any]) -> Any:
    samples: dict[type, Any] = {
        str: "1",
        bytes: b"1",
        bool: True,
        int: 1,
        object: {"a": 1},  # JSON
        datetime: datetime(2026, 3, 2, tzinfo=UTC),
    }
    return samples[column.type.python_type]
