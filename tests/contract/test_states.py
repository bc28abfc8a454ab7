"""Which operation is allowed in which state: every pair is tried (RULES 4.1, 4.2, 11)."""

from typing import Any

import httpx
import pytest

from sandbox.options import SandboxOptions
from sandbox.states import ConsignmentState

from .caller import Caller
from .document import Contract
from .samples import ORDER

_S = ConsignmentState
BEFORE_A_CARRIER = {_S.UNALLOCATED, _S.ALLOCATION_FAILED}
PASSING = {_S.ALLOCATING, _S.MANIFESTING, _S.CANCELLING}

# Written down here once more, by hand, so that a slip in the sandbox's own table is seen.
ALLOWED = {
    "update": BEFORE_A_CARRIER,
    "allocate": BEFORE_A_CARRIER,
    "cancel": BEFORE_A_CARRIER,
    "deallocate": {_S.ALLOCATED, _S.MANIFESTED, _S.MANIFEST_FAILED},
    "setreadytoship": {_S.ALLOCATED},
    "setnotreadytoship": {_S.READY_TO_SHIP},
    "manifest": {_S.ALLOCATED, _S.MANIFEST_FAILED, _S.READY_TO_SHIP},
    "dispatch": {_S.MANIFESTED},
    "addpackage": BEFORE_A_CARRIER,
    "deletepackage": BEFORE_A_CARRIER,
    "rename": set(_S) - PASSING - {_S.CANCELLED},
    "labels": set(_S) - BEFORE_A_CARRIER - PASSING - {_S.CANCELLED},
}
ENDS = {
    "allocate": _S.ALLOCATED,
    "cancel": _S.CANCELLED,
    "deallocate": _S.UNALLOCATED,
    "setreadytoship": _S.READY_TO_SHIP,
    "setnotreadytoship": _S.ALLOCATED,
    "manifest": _S.MANIFESTING,
    "dispatch": _S.DISPATCHED,
}


async def _put(pro: Caller, state: ConsignmentState) -> str:
    """A consignment in a state; carrier scans, which no call can make, are made up."""
    reference = await pro.pack()
    if state not in BEFORE_A_CARRIER:
        await pro.allocate(reference)
    pro.state.consignments[reference].state = state
    return reference


async def _attempt(pro: Caller, action: str, reference: str, *, many: bool) -> bool:
    """Whether PRO did it."""
    if action in ("cancel", "deallocate") and many:
        action += "list"
    response = await _CALLS.get(action, _change)(pro, action, reference)
    body: Any = response.json() if response.content else None
    if response.is_success and isinstance(body, list) and action != "update":
        (result,) = body
        code = result.get("StatusCode", result.get("HttpStatusCode"))
        return bool(result.get("IsSuccess", code == 200))
    # No code is documented for labels in a wrong state; 404 is the one that is listed.
    assert response.is_success or response.status_code == (404 if action == "labels" else 400)
    return response.is_success


async def _update(pro: Caller, _: str, reference: str) -> httpx.Response:
    return await pro.call("PUT", "/consignments", await pro.read(reference))


async def _labels(pro: Caller, _: str, reference: str) -> httpx.Response:
    return await pro.call("GET", f"/labels/{reference}")


async def _add_package(pro: Caller, _: str, reference: str) -> httpx.Response:
    return await pro.call("POST", f"/consignments/{reference}/addpackage", ORDER["Packages"][0])


async def _delete_package(pro: Caller, _: str, reference: str) -> httpx.Response:
    consignment = pro.state.consignments[reference]
    last = consignment.packages[0].model_copy(update={"reference": f"EP-of-{reference}"})
    consignment.packages.append(last)
    return await pro.call("DELETE", f"/packages/{last.reference}")


async def _rename(pro: Caller, _: str, reference: str) -> httpx.Response:
    path = f"/consignments/{reference}/setcustomerprovidedreference"
    return await pro.call("PUT", path, {"Reference": "another"})


async def _named(pro: Caller, action: str, reference: str) -> httpx.Response:
    path = "/allocation/allocate" if action == "allocate" else f"/consignments/{action}"
    return await pro.call("PUT", path, {"ConsignmentReferences": [reference]})


async def _bare_list(pro: Caller, action: str, reference: str) -> httpx.Response:
    return await pro.call("PUT", f"/consignments/{action}", [reference])


async def _change(pro: Caller, action: str, reference: str) -> httpx.Response:
    return await pro.call("PUT", f"/consignments/{reference}/{action}")


_CALLS = {
    "update": _update,
    "labels": _labels,
    "addpackage": _add_package,
    "deletepackage": _delete_package,
    "rename": _rename,
    "allocate": _named,
    "manifest": _named,
    "dispatch": _named,
    "setreadytoship": _bare_list,
    "setnotreadytoship": _bare_list,
    "cancellist": _bare_list,
    "deallocatelist": _bare_list,
}


@pytest.mark.parametrize("state", list(_S))
@pytest.mark.parametrize("action", list(ALLOWED))
async def test_every_state_change(pro: Caller, action: str, state: ConsignmentState) -> None:
    for many in (False, True):
        reference = await _put(pro, state)
        done = await _attempt(pro, action, reference, many=many)
        assert done is (state in ALLOWED[action])
        now = pro.state.consignments[reference].state
        assert now is (ENDS.get(action, state) if done else state)


@pytest.mark.parametrize("state", list(_S))
async def test_lenient_cancel(contract: Contract, state: ConsignmentState) -> None:
    never = PASSING | {
        _S.CANCELLED,
        _S.READY_TO_SHIP,
        _S.IN_TRANSIT_WAITING,
        _S.PARTIALLY_DELIVERED,
        _S.DELIVERED,
        _S.DELIVERY_FAILED,
    }
    pro = Caller(contract, SandboxOptions(lenient_cancel=True))
    async with pro.client:
        reference = await _put(pro, state)
        assert await _attempt(pro, "cancel", reference, many=False) is (state not in never)


async def test_a_refusal_says_why_and_changes_nothing(pro: Caller) -> None:
    reference = await pro.allocated()
    response = await pro.call("PUT", f"/consignments/{reference}/cancel")
    assert response.status_code == 400
    assert response.json()["Code"] == "InvalidState"
    assert "Allocated" in response.json()["Message"]
    assert pro.state.calls[-1].changed is False


async def test_deallocating_voids_the_allocation(pro: Caller) -> None:
    reference = await pro.allocated()
    before = await pro.read(reference)
    assert (await pro.call("PUT", f"/consignments/{reference}/deallocate")).content == b""
    bare = await pro.read(reference)
    assert (bare["Allocation"], bare["ConsignmentLegs"]) == (None, [])
    assert bare["Packages"][0]["ConsignmentLegs"] == []
    await pro.allocate(reference)
    again = await pro.read(reference)
    old = before["ConsignmentLegs"][0]["TrackingReferences"]
    assert again["ConsignmentLegs"][0]["TrackingReferences"] != old


async def test_one_bad_never_fails_the_rest(pro: Caller) -> None:
    good, other = await pro.pack(), await pro.pack()
    allocated = await pro.allocated()
    references = [good, "EC-000-000-000", allocated, other]
    results = await pro.good("PUT", "/consignments/cancellist", references)
    assert [each["IsSuccess"] for each in results] == [True, False, False, True]
    assert [each["Data"] for each in results] == references
    assert all(each["ApiLinks"] is None for each in results)


@pytest.mark.parametrize(
    "path", ["cancellist", "deallocatelist", "setreadytoship", "setnotreadytoship"]
)
@pytest.mark.parametrize("body", [[], {}, [1], "EC-000-000-000"])
async def test_a_list_of_references_is_wanted(pro: Caller, path: str, body: Any) -> None:
    assert (await pro.call("PUT", f"/consignments/{path}", body)).status_code == 400


@pytest.mark.parametrize("action", ["cancel", "deallocate"])
async def test_unknown_consignment(pro: Caller, action: str) -> None:
    response = await pro.call("PUT", f"/consignments/EC-000-000-000/{action}")
    assert response.status_code == 404
