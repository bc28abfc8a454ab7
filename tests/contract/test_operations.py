"""Every operation of the contract is there."""

from collections.abc import Awaitable, Callable

import pytest

from sandbox.operations import OPERATIONS
from sandbox.states import ConsignmentState

from .caller import Caller
from .carrier_turns import TURNS as CARRIER_TURNS
from .document import Contract
from .order_turns import TURNS as ORDER_TURNS
from .samples import ORDER, PACK


def test_the_table_is_the_contract(contract: Contract) -> None:
    table = {each.name: (each.method, each.path) for each in OPERATIONS}
    assert table == contract.operations
    assert len(table) == len(OPERATIONS)


def test_the_states_are_those_of_the_contract(contract: Contract) -> None:
    listed = contract.document["components"]["schemas"]["ConsignmentState"]["enum"]
    assert {state.value for state in ConsignmentState} == set(listed)


def test_the_judge_finds_fault(contract: Contract) -> None:
    link = {"Rel": "Order", "Href": "https://apisandbox.electioapp.com/orders/EO-1"}
    assert contract.problems("createOrder", 201, [link]) == []
    assert contract.problems("createOrder", 201, link)
    assert contract.problems("createOrder", 201, [link | {"href": "x"}])
    assert contract.problems("createOrder", 200, [link])
    assert contract.problems("cancelConsignment", 200, {"Message": "done"})
    assert contract.problems("getOrder", 404, {"code": "NotFound"})
    group = {"Reference": "UK", "Quotes": []}
    assert contract.problems("getServiceGroupQuotes", 200, [group]) == []
    assert contract.problems("getServiceGroupQuotes", 200, [group | {"more": 1}])
    assert contract.problems("getServiceGroupQuotes", 200, [{"Reference": "UK"}])
    status = {"ConsignmentReferenceForAllLegsAssignedByMpd": "EC-1", "Status": "Allocated"}
    assert contract.problems("getConsignmentStatus", 200, status) == []
    late = status | {"ExpectedDeliveryDate": "2026-03-06T00:00:00"}
    assert contract.problems("getConsignmentStatus", 200, late)


def test_the_judge_finds_fault_with_what_is_sent(contract: Contract) -> None:
    assert contract.problems_of_request("createOrder", ORDER) == []
    assert contract.problems_of_request("createOrder", ORDER | {"more": 1}) == []
    assert contract.problems_of_request("createOrder", ORDER | {"Packages": []})
    assert contract.problems_of_request("createOrder", None)
    assert contract.problems_of_request("packOrder", PACK | {"OrderReference": 1})
    assert contract.problems_of_request("getOrder", ORDER)


async def _in_state(pro: Caller, state: ConsignmentState) -> str:
    reference = await pro.pack()
    if state in (ConsignmentState.ALLOCATED, ConsignmentState.READY_TO_SHIP):
        await pro.allocate(reference)
    if state is ConsignmentState.READY_TO_SHIP:
        await pro.good("PUT", "/consignments/setreadytoship", [reference])
    return reference


_S = ConsignmentState
Act = Callable[[Caller], Awaitable[object]]


def _on(method: str, path: str, state: ConsignmentState = _S.ALLOCATED) -> Act:
    async def call(pro: Caller) -> object:
        reference = await _in_state(pro, state)
        order = pro.state.consignments[reference].order_reference
        return await pro.good(method, path.format(reference, order=order))

    return call


def _list(path: str, state: ConsignmentState = _S.ALLOCATED, field: str = "") -> Act:
    async def call(pro: Caller) -> object:
        references = [await _in_state(pro, state)]
        verb = "POST" if path.endswith("Query") else "PUT"
        return await pro.good(verb, path, {field: references} if field else references)

    return call


async def _update(pro: Caller) -> object:
    consignment = await pro.read(await pro.pack())
    return await pro.good("PUT", "/consignments", consignment)


async def _of_orders(pro: Caller) -> object:
    return await pro.good("PUT", "/orders/consignments", {"OrderReferences": [await pro.order()]})


async def _from_query(pro: Caller) -> object:
    await pro.allocated()
    return await pro.good("POST", "/consignments/manifestFromQuery", {"States": ["Allocated"]})


async def _carrier_service(pro: Caller) -> object:
    body = {"ConsignmentReferences": [await pro.pack()], "MpdCarrierServiceReference": "NL_P48"}
    return await pro.good("PUT", "/allocation/allocatewithcarrierservice", body)


CALLS: dict[str, Act] = {
    **ORDER_TURNS,
    **CARRIER_TURNS,
    "createOrder": Caller.order,
    "packOrder": Caller.pack,
    "getOrder": _on("GET", "/orders/{order}"),
    "getConsignmentsForOrders": _of_orders,
    "updateConsignment": _update,
    "getConsignment": _on("GET", "/consignments/{0}"),
    "getConsignmentStatus": _on("GET", "/consignments/{0}/status"),
    "getConsignmentByClientReference": _on("GET", "/consignments/clientReference/WEB-204817-P1"),
    "getConsignmentStatusByClientReference": _on(
        "GET", "/consignments/clientReference/WEB-204817-P1/status"
    ),
    "searchConsignments": _on("GET", "/consignments/10/0"),
    "searchConsignmentReferences": _on("GET", "/consignments/getConsignmentReferences"),
    "cancelConsignment": _on("PUT", "/consignments/{0}/cancel", _S.UNALLOCATED),
    "cancelConsignments": _list("/consignments/cancellist", _S.UNALLOCATED),
    "deallocateConsignment": _on("PUT", "/consignments/{0}/deallocate"),
    "deallocateConsignments": _list("/consignments/deallocatelist"),
    "setReadyToShip": _list("/consignments/setreadytoship"),
    "setNotReadyToShip": _list("/consignments/setnotreadytoship", _S.READY_TO_SHIP),
    "allocateDefaultRules": Caller.allocated,
    "allocateWithCarrierService": _carrier_service,
    "getLabels": _on("GET", "/labels/{0}"),
    "getLabelsInFormat": _on("GET", "/labels/{0}/pdf"),
    "manifestConsignments": _list("/consignments/manifest", field="ConsignmentReferences"),
    "manifestFromQuery": _from_query,
    "getShippingLocations": _on("GET", "/shippinglocations"),
    "getShippingLocation": _on("GET", "/shippinglocations/LEEDS_DC"),
    "getPackageSizes": _on("GET", "/packagesizes"),
    "getCarrierServices": _on("GET", "/carrierservices"),
}


@pytest.mark.parametrize("operation", [each.name for each in OPERATIONS])
async def test_answers_as_the_contract_says(pro: Caller, operation: str) -> None:
    # The caller holds every answer against the contract; here each operation gets its turn.
    await CALLS[operation](pro)
    last = pro.state.calls[-1]
    assert last.operation == operation
    assert last.status is not None
    assert last.status < 300
