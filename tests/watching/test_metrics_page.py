"""The metrics page of a running service: well named, and complete as far as it was promised."""

import asyncio
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from demo.broker import Broker
from service.metrics import METRICS, Name
from tests.journeys.world import World, created, order, pick

pytestmark = [pytest.mark.kafka]


@pytest.fixture(scope="module")
def page(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a service tells that has carried one order to its labels."""
    return asyncio.run(page_of_a_run(broker, tmp_path_factory.mktemp("page")))


async def page_of_a_run(broker: Broker, folder: Path) -> str:
    async with created(broker, folder) as world:
        world.start_service()
        await world.ready()
        await world.say("order.placed", order("WEB-1", ("TEA-POT-01", 1)))
        await world.say("stock.picked", pick("WEB-1", "P-1", [("TEA-POT-01", 1)]))
        await world.until_outcomes("consignment.labelled", 1)
        text = await told(world)
        while f"{Name.CONSUMER_LAG}{{" not in text:
            text = await told(world)
        return text


async def told(world: World) -> str:
    """Give the metrics page of a world's service."""
    async with httpx.AsyncClient() as client:
        return (await client.get(f"http://127.0.0.1:{world.port}/metrics")).text


@pytest.mark.prometheus
def test_every_name_is_as_prometheus_wants_it(page: str) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not here; it comes with: apt-get install prometheus")
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=page, text=True, capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_every_metric_of_the_list_is_there_with_its_kind_and_labels(page: str) -> None:
    families = {family.name: family for family in text_string_to_metric_families(page)}
    assert set(families) == {metric.name.value.removesuffix("_total") for metric in METRICS}
    for metric in METRICS:
        family = families[metric.name.value.removesuffix("_total")]
        assert family.type == metric.kind
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(metric.labels), sample


def test_the_pick_was_in_time_and_nothing_lags_behind(page: str) -> None:
    samples = [
        sample for family in text_string_to_metric_families(page) for sample in family.samples
    ]
    counted = {sample.name: sample.value for sample in samples if not sample.labels}
    assert (counted[Name.PICKS_DUE], counted[Name.PICKS_IN_TIME]) == (1, 1)
    assert counted[f"{Name.PICK_TO_CONSIGNMENT}_count"] == 1
    lags = [sample for sample in samples if sample.name == Name.CONSUMER_LAG]
    assert {sample.value for sample in lags} == {0}
    assert {sample.labels["partition"] for sample in lags} == {"0", "1", "2", "3"}
    in_time = [s for s in samples if s.name == f"{Name.PICK_TO_CONSIGNMENT}_bucket"]
    assert "120.0" in {sample.labels["le"] for sample in in_time}
