"""The short form of `make chaos`: every kind of trouble once."""

import os
import random
from pathlib import Path

import pytest

from demo.broker import Broker
from demo.postgresql import Postgresql

from .report import report
from .running import Plan, run
from .stage import built

SEED = int(os.environ.get("CHAOS_SEED") or random.randrange(10**6))  # noqa: S311


@pytest.mark.kafka
@pytest.mark.postgresql
@pytest.mark.timeout(240)
async def test_every_promise_is_kept_while_everything_goes_wrong(
    own_broker: Broker, own_postgresql: Postgresql, tmp_path: Path
) -> None:
    async with built(own_broker, own_postgresql, tmp_path) as stage:
        findings = await run(stage, Plan(SEED, seconds=0.0, orders_per_second=1.5))
    if findings.broken:
        pytest.fail(report(findings, tmp_path), pytrace=False)
