"""A person looks things up and acts over HTTP, while the service runs on real Kafka."""

from typing import Any

import httpx
import pytest

from demo.processes import free_port

from .world import World, order, pick

pytestmark = [pytest.mark.kafka]

TOKEN = "a-token-of-a-fulfilment-desk"


def desk(world: World) -> httpx.AsyncClient:
    """Start the service with its operations API; gives a client that has a token."""
    port = free_port()
    world.start_service(
        ORDERFLEX_API_TOKENS=f"desk={TOKEN}",
        ORDERFLEX_API_PORT=str(port),
        ORDERFLEX_ATTENTION_EVERY="0.5",
    )
    return httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {TOKEN}"}
    )


async def read(client: httpx.AsyncClient, path: str) -> Any:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def act(client: httpx.AsyncClient, path: str, **body: Any) -> None:
    answer = await client.post(path, json={"because": "a person says so"} | body)
    assert answer.status_code == 202, answer.text


async def counted(world: World, kind: str) -> float:
    """What the metric says of a kind."""
    async with httpx.AsyncClient() as client:
        page = (await client.get(f"http://127.0.0.1:{world.port}/metrics")).text
    wanted = f'orderflex_needs_attention{{kind="{kind}"}} '
    return next(
        (float(line.removeprefix(wanted)) for line in page.splitlines() if line.startswith(wanted)),
        -1.0,
    )


async def test_what_pro_refused_is_found_mended_and_done_again_over_http(world: World) -> None:
    async with desk(world) as client:
        await world.ready()
        world.fault("status", "createOrder", status=400)
        await world.say("order.placed", order("WEB-1", ("HAT", 1)))
        await world.until_outcomes("order.rejected", 1)
        (item,) = (await read(client, "/attention"))["items"]
        assert (item["kind"], item["order_reference"]) == ("order_rejected", "WEB-1")
        for _ in range(100):
            if await counted(world, "order_rejected") == 1.0:
                break
        assert await counted(world, "order_rejected") == 1.0

        world.pro.state.faults.clear()
        for _ in range(2):
            await client.post("/orders/WEB-1/again", json={"because": "set up"})
        await world.until_outcomes("order.recorded", 1)
        await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
        (labelled,) = await world.until_outcomes("consignment.labelled", 1)

        reference = labelled.data["consignment_reference"]
        (found,) = (await read(client, f"/orders?reference={reference}"))["items"]
        assert found["order_reference"] == "WEB-1"
        shown = await read(client, f"/consignments/{reference}?ask_pro=true")
        assert (shown["state"], shown["in_pro"]["state"]) == ("Allocated", "Allocated")
        whats = [entry["what"] for entry in (await read(client, "/orders/WEB-1/timeline"))["items"]]
        assert whats.index("refused") < whats.index("asked to be done again")
        assert (await read(client, "/attention"))["items"] == []
        assert len(world.pro.state.orders) == 1


async def test_a_consignment_is_allocated_again_and_its_order_cancelled_over_http(
    world: World,
) -> None:
    async with desk(world) as client:
        await world.ready()
        await world.say("order.placed", order("WEB-1", ("HAT", 1)))
        await world.until_outcomes("order.recorded", 1)
        await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
        (labelled,) = await world.until_outcomes("consignment.labelled", 1)
        reference = labelled.data["consignment_reference"]
        ways = [{"way": "carrier_service", "reference": "PP_ECO"}]
        await act(client, f"/consignments/{reference}/reallocate", allocation=ways)
        await world.until_outcomes("consignment.labelled", 1, allocation_number=2)
        shown = await read(client, f"/consignments/{reference}")
        assert shown["carrier_service_reference"] == "PP_ECO"

        await act(client, "/orders/WEB-1/cancel")
        await world.until_outcomes("order.cancellation_applied", 1)
        assert (await read(client, "/orders/WEB-1"))["state"] == "cancelled"
        assert str(next(iter(world.pro.state.consignments.values())).state) == "Cancelled"


async def test_a_dead_letter_is_shown_without_its_content_and_replayed_over_http(
    world: World,
) -> None:
    async with desk(world) as client:
        await world.ready()
        await world.say("order.placed", {"order_reference": "WEB-1", "nonsense": "Okafor"})
        await world.until(lambda: len(world.dead_letters) == 1, "a dead letter")
        (letter,) = (await read(client, "/dead-letters"))["items"]
        answer = await client.get(f"/dead-letters/{letter['number']}")
        assert "Okafor" not in answer.text
        assert letter["reason"] == "schema"
        assert (await read(client, "/holds"))["items"] == []
        discarded = await client.post(
            f"/dead-letters/{letter['number']}/discard", json={"because": "sent anew"}
        )
        assert discarded.json()["remark"] == "discarded by desk: sent anew"


async def test_without_a_token_setting_there_is_no_api_and_without_a_token_no_answer(
    world: World,
) -> None:
    async with desk(world) as client:
        await world.ready()
        answer = await client.get("/orders", headers={"Authorization": "Bearer nobody"})
        assert answer.status_code == 401
    port = free_port()
    world.services[0].stop()
    world.start_service(ORDERFLEX_API_PORT=str(port))
    await world.ready()
    async with httpx.AsyncClient() as nobody:
        with pytest.raises(httpx.ConnectError):
            await nobody.get(f"http://127.0.0.1:{port}/orders")
