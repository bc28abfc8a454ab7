"""What the tests of the reactions share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from .world import World, world_of


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """The reactions, a ledger, and the stand-in of PRO; all share a clock that a test moves."""
    async with world_of(tmp_path) as made:
        yield made
