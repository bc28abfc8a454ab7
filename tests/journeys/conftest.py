"""A world for each journey."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from demo.broker import Broker

from .world import World, created


@pytest.fixture
async def world(broker: Broker, tmp_path: Path) -> AsyncIterator[World]:
    """A world whose ledger is an SQLite file."""
    async with created(broker, tmp_path) as made:
        yield made


@pytest.fixture
async def world_on_postgresql(
    broker: Broker, tmp_path: Path, postgresql_url: str
) -> AsyncIterator[World]:
    """A world whose ledger is a real PostgreSQL."""
    async with created(broker, tmp_path, ledger_url=postgresql_url) as made:
        yield made
