"""The client and the stand-in of PRO: two readings of the same documents meet."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from sandbox.app import create_app
from sandbox.options import DEFAULT_KEY, SandboxOptions
from sandbox.state import SandboxState
from service.pro import states
from service.pro.client import ProClient
from service.pro.contract import (
    CreateConsignmentRequest,
    CreateOrderRequest,
    ManifestFromQueryRequest,
    PackOrderRequest,
    SelectDeliveryOption,
    ShippingDateRange,
)
from service.pro.documents import (
    Amendments,
    destination_location_of,
    origin_location_of,
    with_amendments,
    with_destination_location,
    with_origin,
)
from service.pro.parts import Address, CustomsDocumentation
from service.pro.policy import ProPolicy
from service.pro.problems import Refused
from service.pro.results import Allocated, Done, Failed, NotAllocated, PackResult
from tests.contract.caller import Clock
from tests.contract.goods import CONSIGNMENT
from tests.contract.samples import ORDER, PACK

URL = "http://sandbox"
CUSTOMS = {"CategoryType": "Gift", "ReceiversShippingCost": 4.99}
SHIPS = "2026-03-04T00:00:00+00:00"


@dataclass
class Desk:
    """A client at work, and what PRO holds."""

    pro: ProClient
    state: SandboxState
    clock: Clock
    transport: httpx.ASGITransport

    async def order(self, **changes: Any) -> str:
        """The worked sample's order."""
        body = ORDER | {"CustomsDocumentation": CUSTOMS, "ShippingDate": SHIPS} | changes
        return await self.pro.create_order(CreateOrderRequest.model_validate_json(dump(body)))

    async def packed(self, order: str | None = None, **changes: Any) -> PackResult:
        """The worked sample's pick."""
        body = PACK | {"OrderReference": order or await self.order()} | changes
        return await self.pro.pack_order(PackOrderRequest.model_validate_json(dump(body)))

    async def allocated(self, number: int) -> list[str]:
        """Some consignments that have a carrier service."""
        made = [(await self.packed()).outbound for _ in range(number)]
        found = await self.pro.allocate_default_rules(made)
        assert all(isinstance(result, Allocated) for result in found.values())
        return made

    async def states_of(self, references: Sequence[str]) -> list[str]:
        """As PRO tells them."""
        return [await self.pro.get_consignment_status(reference) for reference in references]

    async def said(self, path: str) -> Any:
        """PRO's own words, past our client."""
        headers = {"ocp-apim-subscription-key": DEFAULT_KEY, "electio-api-version": "1.1"}
        async with httpx.AsyncClient(transport=self.transport, base_url=URL) as http:
            return (await http.get(path, headers=headers)).json()


def dump(body: object) -> str:
    return json.dumps(body)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    clock = Clock()
    app = create_app(SandboxOptions(clock=clock, manifest_seconds=5))
    transport = httpx.ASGITransport(app)
    policy = ProPolicy(base_url=URL, api_key=SecretStr(DEFAULT_KEY), page_size=3)
    async with ProClient(policy, transport=transport) as pro:
        yield Desk(pro, app.state.sandbox, clock, transport)


async def test_an_order_sent_back_unchanged_stays_the_same(desk: Desk) -> None:
    reference = await desk.order()
    before = await desk.said(f"/orders/{reference}")
    document = await desk.pro.get_order(reference)
    assert [i.sku for p in document.order.packages for i in p.items] == ["TEA-POT-01", "TEA-CUP-04"]
    await desk.pro.update_order(document)
    assert await desk.said(f"/orders/{reference}") == before


async def test_an_amended_order_differs_in_what_was_amended(desk: Desk) -> None:
    reference = await desk.order()
    before = await desk.said(f"/orders/{reference}")
    amendments = Amendments(
        required_delivery_date=None,
        customs_documentation=CustomsDocumentation(category_type="Documents"),
        tags=(),
    )
    await desk.pro.update_order(with_amendments(await desk.pro.get_order(reference), amendments))
    after = await desk.said(f"/orders/{reference}")
    assert after["RequiredDeliveryDate"] is None
    assert after["CustomsDocumentation"]["CategoryType"] == "Documents"
    assert after["Tags"] == []
    amended = ("RequiredDeliveryDate", "CustomsDocumentation", "Tags")
    assert without(after, *amended) == without(before, *amended)


def without(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}


async def test_an_address_is_added_once_and_then_updated(desk: Desk) -> None:
    reference = await desk.order()
    back = Address(address_type="Return", shipping_location_reference="BRISTOL_WH")
    with pytest.raises(Refused):
        await desk.pro.update_order_address(reference, back)
    await desk.pro.add_order_address(reference, back)
    with pytest.raises(Refused):
        await desk.pro.add_order_address(reference, back)
    await desk.pro.update_order_address(reference, back)
    order = (await desk.pro.get_order(reference)).order
    assert order.address_types == {"Origin", "Destination", "Return"}
    assert len(order.addresses) == 3


async def test_a_pick_from_another_location_leaves_from_there(desk: Desk) -> None:
    reference = (await desk.packed()).outbound
    before = await desk.said(f"/consignments/{reference}")
    document = await desk.pro.get_consignment_document(reference)
    assert origin_location_of(document) == "LEEDS_DC"
    await desk.pro.update_consignment(with_origin(document, "BRISTOL_WH"))
    after = await desk.said(f"/consignments/{reference}")
    assert after["Addresses"][0]["Town"] == "Bristol"
    assert after["Addresses"][1] == before["Addresses"][1]
    assert without(after, "Addresses") == without(before, "Addresses")
    again = await desk.pro.get_consignment_document(reference)
    assert origin_location_of(again) == "BRISTOL_WH"


async def test_its_return_goes_back_there(desk: Desk) -> None:
    inbound = (await desk.packed(GenerateReturn=True)).inbound
    assert inbound is not None
    document = await desk.pro.get_consignment_document(inbound)
    assert destination_location_of(document) == "LEEDS_DC"
    await desk.pro.update_consignment(with_destination_location(document, "BRISTOL_WH"))
    after = await desk.pro.get_consignment_document(inbound)
    assert destination_location_of(after) == "BRISTOL_WH"
    assert after.consignment.direction == "Inbound"


async def test_an_unknown_location_is_refused_and_nothing_changed(desk: Desk) -> None:
    reference = (await desk.packed()).outbound
    document = await desk.pro.get_consignment_document(reference)
    with pytest.raises(Refused):
        await desk.pro.update_consignment(with_origin(document, "ATLANTIS"))
    assert await desk.pro.get_consignment_document(reference) == document


async def test_an_allocated_consignment_is_not_updated(desk: Desk) -> None:
    (reference,) = await desk.allocated(1)
    document = await desk.pro.get_consignment_document(reference)
    assert document.consignment.consignment_state not in states.CAN_BE_UPDATED
    with pytest.raises(Refused):
        await desk.pro.update_consignment(with_origin(document, "BRISTOL_WH"))


async def test_what_has_to_be_done_before_a_cancellation(desk: Desk) -> None:
    ready, allocated = await desk.allocated(2)
    fresh = (await desk.packed()).outbound
    everything = [ready, allocated, fresh]
    await desk.pro.set_ready_to_ship([ready])
    assert [await state_group(desk, reference) for reference in everything] == [
        states.CANCEL_AFTER_NOT_READY,
        states.CANCEL_AFTER_DEALLOCATION,
        states.CANCEL_AT_ONCE,
    ]
    found = await desk.pro.cancel_consignments(everything)
    assert [type(found[reference]) for reference in everything] == [Failed, Failed, Done]
    assert await desk.pro.set_not_ready_to_ship([ready]) == {ready: Done(ready)}
    found = await desk.pro.deallocate_consignments([ready, allocated])
    assert list(found.values()) == [Done(ready), Done(allocated)]
    found = await desk.pro.cancel_consignments([ready, allocated])
    assert list(found.values()) == [Done(ready), Done(allocated)]
    assert set(await desk.states_of(everything)) == {states.CANCELLED}


async def state_group(desk: Desk, reference: str) -> frozenset[str]:
    state = await desk.pro.get_consignment_status(reference)
    groups = (
        states.CANCEL_AT_ONCE,
        states.CANCEL_AFTER_DEALLOCATION,
        states.CANCEL_AFTER_NOT_READY,
        states.TOO_LATE_TO_CANCEL,
    )
    (group,) = [group for group in groups if state in group]
    return group


async def test_a_consignment_without_an_order(desk: Desk) -> None:
    request = CreateConsignmentRequest.model_validate_json(dump(CONSIGNMENT))
    reference = await desk.pro.create_consignment(request)
    (line,) = await desk.pro.find_consignments("SOLO-1")
    assert (line.reference, line.state) == (reference, states.UNALLOCATED)
    document = await desk.pro.get_consignment_document(reference)
    before = await desk.said(f"/consignments/{reference}")
    await desk.pro.update_consignment(document)
    assert await desk.said(f"/consignments/{reference}") == before


async def test_a_delivery_option_becomes_an_order(desk: Desk) -> None:
    headers = {"ocp-apim-subscription-key": DEFAULT_KEY, "electio-api-version": "1.1"}
    async with httpx.AsyncClient(transport=desk.transport, base_url=URL) as http:
        offered = await http.post("/deliveryoptions", headers=headers, json=CONSIGNMENT)
    option = offered.json()["DeliveryOptions"][0]["Reference"]
    chosen = SelectDeliveryOption(reference=option, order_reference_provided_by_customer="WEB-1")
    reference = await desk.pro.select_delivery_option_as_order(chosen)
    order = (await desk.pro.get_order(reference)).order
    assert order.order_reference_provided_by_customer == "WEB-1"
    assert order.delivery_option_reference == option
    assert [i.quantity for p in order.packages for i in p.items] == [1, 4]
    desk.clock.forward(timedelta(days=9).total_seconds())
    with pytest.raises(Refused):
        await desk.pro.select_delivery_option_as_order(chosen)


async def test_a_group_allocates_or_tells_why_not(desk: Desk) -> None:
    reference = (await desk.packed()).outbound
    with pytest.raises(Refused):
        await desk.pro.allocate_service_group(reference, "NOBODY'S")
    failed = await desk.pro.allocate_service_group(reference, "WORLD")
    assert isinstance(failed, NotAllocated)
    assert await desk.states_of([reference]) == [states.ALLOCATION_FAILED]
    found = await desk.pro.allocate_service_group(reference, "UK_NEXT_DAY")
    assert isinstance(found, Allocated)
    assert found.carrier_service_reference == "NL_P24"


async def test_a_batch_is_searched_and_manifested_by_the_same_criteria(desk: Desk) -> None:
    batch = await desk.allocated(4)
    later = await desk.order(ShippingDate="2026-03-09T00:00:00+00:00")
    other = (await desk.packed(later)).outbound
    await desk.pro.allocate_default_rules([other])
    await desk.pro.set_ready_to_ship([*batch, other])
    criteria: dict[str, Any] = {
        "shipping_location_reference": "LEEDS_DC",
        "carrier": "NORTHLINE",
        "labels_printed": False,
        "ships_from": date(2026, 3, 4),
        "ships_until": date(2026, 3, 5),
    }
    ready = await searched(desk, **criteria, states=["ReadyToShip", "Allocated"])
    assert ready == dict.fromkeys(batch, "ReadyToShip")
    one_day = ShippingDateRange.model_validate({"StartDate": SHIPS, "EndDate": SHIPS})
    queued = await desk.pro.manifest_from_query(
        ManifestFromQueryRequest(
            shipping_location_references=("LEEDS_DC",),
            states=("ReadyToShip",),
            carriers=("NORTHLINE",),
            labels_printed=False,
            shipping_date_ranges=one_day,
        )
    )
    assert (queued.found, queued.queued, queued.failed) == (4, 4, ())
    assert await searched(desk, **criteria) == dict.fromkeys(batch, "Manifesting")
    desk.clock.forward(6)
    assert await searched(desk, **criteria) == dict.fromkeys(batch, states.MANIFESTED)
    assert await desk.states_of([other]) == [states.READY_TO_SHIP]


async def searched(desk: Desk, **criteria: Any) -> dict[str, str]:
    async with aclosing(desk.pro.search_consignments(**criteria)) as lines:
        return {line.reference: line.state async for line in lines}
