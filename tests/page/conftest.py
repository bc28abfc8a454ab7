"""What the tests of the operator page share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.reactions.world import World, world_of

from .visitor import Visitor, visitor_of


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A ledger that the reactions fill, and the stand-in of PRO."""
    async with world_of(tmp_path) as made:
        yield made


@pytest.fixture
async def visitor(world: World) -> AsyncIterator[Visitor]:
    """Ada, who is signed in."""
    async with visitor_of(world) as made:
        assert (await made.sign_in()).status_code == 303
        yield made
