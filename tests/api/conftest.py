"""What the tests of the operations API share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.reactions.world import world_of

from .desk import Office, office_of


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """Somebody with a token, a ledger that the reactions fill, and the stand-in of PRO."""
    async with world_of(tmp_path) as world, office_of(world) as made:
        yield made
