"""Fills a ledger with orders of the past, each with all that an order leaves there."""

import asyncpg
from sqlalchemy.engine import make_url

_CHUNK = 50_000
"""Orders in one statement."""

# One order that really went the whole way is the pattern; the columns by which rows are found get
# names of their own, all others are as they were.
# Of equal length, so that every index grows at its end.
_NUMBER = "lpad(n::text, 9, '0')"
_OWN_ORDER = f"'past-' || {_NUMBER}"
_OWN_CONSIGNMENT = f"'EC-past-' || {_NUMBER}"
_OWN_PICK = f"'past-' || {_NUMBER} || '-pick'"
_RENAMED = {
    "orders": {"order_reference": _OWN_ORDER},
    "order_lines": {"order_reference": _OWN_ORDER},
    "picks": {
        "order_reference": _OWN_ORDER,
        "customer_reference": _OWN_PICK,
    },
    "consignments": {
        "consignment_reference": _OWN_CONSIGNMENT,
        "order_reference": _OWN_ORDER,
        "customer_reference": _OWN_PICK,
    },
    "operations": {
        "operation_key": "replace(replace(operation_key, $1, {order}), $2, {consignment})",
        "subject": f"'order:past-' || {_NUMBER}",
        "order_reference": _OWN_ORDER,
    },
    "history": {
        "entry": "nextval('{sequence}')",
        "order_reference": _OWN_ORDER,
    },
}

_SECONDARY_INDEXES = """
    SELECT c.relname AS name, pg_get_indexdef(i.indexrelid) AS definition
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid = ANY ($1::text[]::regclass[]) AND NOT i.indisunique
"""
"""They are made anew at the end, which takes a fraction of keeping them up row by row."""


async def fill(ledger_url: str, pattern: str, first: int, last: int) -> dict[str, int]:
    """Add past orders number `first` to `last`, made after the order `pattern`; PostgreSQL only.

    Gives how many rows each table holds then.
    """
    dsn = make_url(ledger_url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("SET synchronous_commit = off")
        await connection.execute("SET session_replication_role = replica")  # no foreign key checks
        await connection.execute("SET maintenance_work_mem = '512MB'")
        indexes = await connection.fetch(_SECONDARY_INDEXES, list(_RENAMED))
        for index in indexes:
            await connection.execute(f'DROP INDEX "{index["name"]}"')
        consignment = await connection.fetchval(
            "SELECT consignment_reference FROM consignments WHERE order_reference = $1", pattern
        )
        sequence = await connection.fetchval("SELECT pg_get_serial_sequence('history', 'entry')")
        for table, renamed in _RENAMED.items():
            statement = await _statement(connection, table, renamed, sequence)
            for start in range(first, last + 1, _CHUNK):
                await connection.execute(
                    statement, pattern, consignment, start, min(start + _CHUNK - 1, last)
                )
        for index in indexes:
            await connection.execute(index["definition"])
        for table in _RENAMED:
            await connection.execute(f"VACUUM (ANALYZE) {table}")
        await connection.execute("CHECKPOINT")
        return {
            table: await connection.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608 - ours
            for table in _RENAMED
        }
    finally:
        await connection.close()


async def _statement(
    connection: asyncpg.Connection, table: str, renamed: dict[str, str], sequence: str
) -> str:
    rows = await connection.fetch(
        "SELECT column_name FROM information_schema.columns WHERE table_name = $1", table
    )
    columns = [row["column_name"] for row in rows]
    values = [
        renamed.get(name, f'"{name}"').format(
            order=_OWN_ORDER, consignment=_OWN_CONSIGNMENT, sequence=sequence
        )
        for name in columns
    ]
    quoted = ", ".join(f'"{name}"' for name in columns)
    # Only names of our own tables and columns are put in.
    return (
        f"INSERT INTO {table} ({quoted}) "  # noqa: S608
        f"SELECT {', '.join(values)} FROM {table}, generate_series($3::int, $4::int) AS n "
        f"WHERE order_reference = $1 AND $2::text IS NOT NULL"
    )
