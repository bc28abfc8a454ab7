"""What the tests of intake share."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from .desk import Desk, desk_of


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """Intake with a reaction that does as it is told, and a real ledger."""
    async with desk_of(tmp_path / "ledger.db") as made:
        yield made


@pytest.fixture
def logs() -> Iterator[list[EventDict]]:
    """All that is logged meanwhile."""
    with capture_logs() as captured:
        yield captured
