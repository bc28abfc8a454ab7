"""A collector, and a world that has one."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from demo.broker import Broker
from tests.journeys.world import World, created

from .collector import Collector, collecting


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector of the test's own."""
    with collecting() as made:
        yield made


@pytest.fixture
async def world(broker: Broker, tmp_path: Path, collector: Collector) -> AsyncIterator[World]:
    """A world whose services trace to the collector."""
    async with created(broker, tmp_path) as made:
        made.environment["ORDERFLEX_TRACING_ENDPOINT"] = collector.endpoint
        made.environment["ORDERFLEX_TRACING_ENVIRONMENT"] = "test"
        yield made
