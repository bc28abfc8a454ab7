"""Which operation is allowed in which state: every pair is tried (RULES 4.1, 4.2, 11)."""

from typing import Any

import pytest

from sandbox.options import SandboxOptions
from sandbox.states import ConsignmentState

from .caller import Caller
from .document import Contract

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
    "labels": set(_S) - BEFORE_A_CARRIER - PASSING - {_S.CANCELLED},
}
ENDS = {
    "allocate": _S.ALLOCATED,
    "cancel": _S.CANCELLED,
    "deallocate": _S.UNALLOCATED,
    "setreadytoship": _S.READY_TO_SHIP,
    "setnotreadytoship": _S.ALLOCATED,
    "manifest": _S.MANIFESTING,
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
    if action == "update":
        response = await pro.call("PUT", "/consignments", await pro.read(reference))
    elif action == "labels":
        response = await pro.call("GET", f"/labels/{reference}")
    elif action in ("allocate", "manifest"):
        path = "/allocation/allocate" if action == "allocate" else "/consignments/manifest"
        response = await pro.call("PUT", path, {"ConsignmentReferences": [reference]})
    elif many or action not in ("cancel", "deallocate"):
        path = f"/consignments/{action}{'list' if action in ('cancel', 'deallocate') else ''}"
        response = await pro.call("PUT", path, [reference])
    else:
        response = await pro.call("PUT", f"/consignments/{reference}/{action}")
    body: Any = response.json() if response.content else None
    if response.status_code < 300 and isinstance(body, list) and action != "update":
        (result,) = body
        return bool(result.get("IsSuccess", result.get("StatusCode") == 200))
    # No code is documented for labels in a wrong state; 404 is the one that is listed.
    assert response.status_code in (200, 404 if action == "labels" else 400)
    return response.status_code == 200


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
