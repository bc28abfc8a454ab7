"""The same ledger on both databases: what a test asks of `ledger` holds for each of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from .ledgers import Ledger, on_postgresql, on_sqlite


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def ledger_url(request: pytest.FixtureRequest) -> str | None:
    """An empty PostgreSQL database; None stands for SQLite."""
    if request.param == "sqlite":
        return None
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture
async def ledger(ledger_url: str | None, tmp_path: Path) -> AsyncIterator[Ledger]:
    """A ledger with its tables."""
    if ledger_url is None:
        made = await on_sqlite(tmp_path / "ledger.db")
    else:
        made = await on_postgresql(ledger_url)
    yield made
    await made.database.close()
