"""The whole way of an order, in each form of event, on each ledger, with one replica and two."""

import asyncio
import json
import uuid
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import create_async_engine

from service.ledger.tables import metadata
from tests.pro.test_mapping import CREATE_ORDER, PACK_ORDER, PICKED, PLACED

from .world import World, manifest, order, pick

pytestmark = [pytest.mark.kafka]

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


async def go_the_whole_way(world: World) -> None:
    """Two warehouses, two picks, two consignments, one manifest."""
    await world.say(
        "order.placed",
        order("WEB-7", ("NECKLACE", 1), ("BRACELET", 1), ("COAT", 1), ("HAT", 1)),
    )
    await world.say("stock.picked", pick("WEB-7", "GEMS", [("NECKLACE", 1), ("BRACELET", 1)]))
    await world.say("stock.picked", pick("WEB-7", "CLOTHES", [("COAT", 1), ("HAT", 1)]))
    await world.until_outcomes("consignment.labelled", 2)
    await world.say("manifest.requested", manifest("M-1"))
    await world.until_outcomes("consignment.manifested", 2)


async def test_an_order_goes_the_whole_way(world: World) -> None:
    world.start_service()
    await world.ready()
    await go_the_whole_way(world)
    said = world.outcomes()
    assert [outcome.data["sequence"] for outcome in said if outcome.type == "order.recorded"] == [1]
    sequences = sorted(outcome.data["sequence"] for outcome in said)
    assert sequences == list(range(1, len(said) + 1))
    assert {outcome.key for outcome in said} == {"WEB-7"}
    assert all(outcome.headers["ce_source"] == "urn:orderflex" for outcome in said)
    found = (await world.inspect("consignments"))["consignments"]
    assert [one["state"] for one in found] == ["Manifested", "Manifested"]


@pytest.mark.postgresql
async def test_two_replicas_on_postgresql_share_the_work(world_on_postgresql: World) -> None:
    world = world_on_postgresql
    world.start_service()
    await world.ready()
    world.start_service(ORDERFLEX_HTTP_PORT="0")
    for number in range(10):
        await world.say("order.placed", order(f"WEB-{number}", ("HAT", 2)))
        await world.say("stock.picked", pick(f"WEB-{number}", "P-1", [("HAT", 1)]))
        await world.say("stock.picked", pick(f"WEB-{number}", "P-2", [("HAT", 1)]))
    await world.until_outcomes("consignment.labelled", 20)
    await world.say("manifest.requested", manifest("M-1"))
    await world.until_outcomes("consignment.manifested", 20)
    by_pick = await world.consignments_of_picks()
    assert [len(made) for made in by_pick.values()] == [1] * 20
    assert len(await world.calls("packOrder")) == 20


async def test_sigterm_drains_and_commits_so_that_nothing_is_delivered_again(
    world: World,
) -> None:
    service = world.start_service()
    await world.ready()
    world.fault("latency", "createOrder", seconds=0.5)
    for number in range(5):
        await world.say("order.placed", order(f"WEB-{number}", ("HAT", 1)))
    await world.until(lambda: len(world.pro.state.calls) >= 1, "PRO is asked")
    await asyncio.to_thread(service.stop, 15)
    assert service.returncode == 0
    world.start_service()
    await world.until_outcomes("order.recorded", 5)
    await world.say("order.placed", order("LAST", ("HAT", 1)))
    await world.until_outcomes("order.recorded", 6)
    assert len(await world.calls("createOrder")) == 6
    assert len([h for h in world.heard if h.type == "order.recorded"]) == 6


@pytest.mark.parametrize("form", ["plain", "binary", "structured"])
async def test_each_form_of_event_is_taken_and_its_trace_carried_to_the_outcome(
    world: World, form: str
) -> None:
    world.start_service()
    await world.ready()
    data = order("WEB-1", ("HAT", 1))
    attributes = {
        "specversion": "1.0",
        "id": uuid.uuid4().hex,
        "source": "/shop",
        "type": "order.placed",
        "time": "2026-03-01T10:00:00Z",
    }
    headers: list[tuple[str, bytes]] = [("traceparent", TRACEPARENT.encode())]
    value: Any = data
    if form == "binary":
        headers += [(f"ce_{name}", text.encode()) for name, text in attributes.items()]
        headers.append(("content-type", b"application/json"))
    if form == "structured":
        headers.append(("content-type", b"application/cloudevents+json"))
        value = {**attributes, "data": data}
    await world.producer.send_and_wait(
        f"{world.prefix}order.placed", json.dumps(value).encode(), b"WEB-1", headers=headers
    )
    (recorded,) = await world.until_outcomes("order.recorded", 1)
    assert recorded.headers["traceparent"] == TRACEPARENT
    assert recorded.headers["ce_specversion"] == "1.0"
    assert recorded.headers["ce_dataschema"] == "urn:orderflex:event:order.recorded:v1"


async def test_the_documented_sample_bodies_reach_pro_field_by_field(world: World) -> None:
    world.start_service()
    await world.ready()
    await world.say("order.placed", PLACED)
    (recorded,) = await world.until_outcomes("order.recorded", 1)
    await world.say("stock.picked", PICKED)
    (created,) = await world.until_outcomes("consignment.created", 1)
    calls = (await world.inspect("calls?bodies=true"))["calls"]
    bodies = {call["operation"]: call["request_body"] for call in calls}
    assert bodies["createOrder"] == json.loads(CREATE_ORDER)
    # Only these two are not the sample's own: PRO's reference of the order, and the pick's.
    assert bodies["packOrder"] == {
        **json.loads(PACK_ORDER),
        "OrderReference": recorded.data["pro_order_reference"],
        "OrderReferenceProvidedByCustomer": created.data[
            "consignment_reference_provided_by_customer"
        ],
    }


@pytest.mark.postgresql
async def test_names_and_addresses_are_in_no_log_metric_or_ledger(
    world_on_postgresql: World,
) -> None:
    world = world_on_postgresql
    world.start_service(ORDERFLEX_LOG_LEVEL="debug")
    await world.ready()
    await world.say("stock.picked", pick("WEB-7", "EARLY", [("HAT", 1)]))
    await go_the_whole_way(world)
    async with httpx.AsyncClient() as client:
        metrics = (await client.get(f"http://127.0.0.1:{world.port}/metrics")).text
    await asyncio.to_thread(world.services[0].stop, 15)
    log = (world.folder / "service-1.log").read_text()
    ledger = await everything_in(world.environment["ORDERFLEX_LEDGER_URL"])
    for place in (log, metrics, ledger):
        assert "consignment" in place
        for canary in ("Okafor", "Quarry", "NR1 1AA", "07700900123"):
            assert canary not in place


async def everything_in(ledger_url: str) -> str:
    """Every row of every table, as text."""
    engine = create_async_engine(ledger_url)
    try:
        async with engine.connect() as connection:
            rows = [
                str(tuple(row))
                for table in metadata.sorted_tables
                for row in await connection.execute(select(table))
            ]
    finally:
        await engine.dispose()
    return "\n".join(rows)


async def test_a_paused_replica_that_wakes_late_doubles_nothing(world: World) -> None:
    slow = world.start_service()
    await world.ready()
    await world.say("order.placed", order("WEB-1", ("HAT", 1)))
    await world.until_outcomes("order.recorded", 1)
    world.fault("latency", "packOrder", times=1, seconds=1.0)
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
    await world.until(
        lambda: any(call.path.endswith("/pack") for call in world.pro.state.calls),
        "PRO is asked to pack",
    )
    slow.pause()
    world.start_service(ORDERFLEX_HTTP_PORT="0")
    await world.until_outcomes("consignment.created", 1)
    slow.resume()
    await world.until_outcomes("consignment.labelled", 1)
    assert [len(made) for made in (await world.consignments_of_picks()).values()] == [1]
