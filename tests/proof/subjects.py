"""What events are about, in the checker's own words."""

from collections.abc import Hashable

from tests.proof.facts import Data, Heard

FIRST = 1
"""The number of the first allocation."""


def order_of(data: Data) -> str:
    """Give the reference under which an outcome is numbered: its order's, or without an order the
    consignment's own."""
    own = data.get("consignment_reference_provided_by_customer")
    return str(data.get("order_reference") or own)


def subject_of(kind: str, data: Data) -> Hashable:
    """Give what an outcome is about, as the event that asked for it says too."""
    if "request_reference" in data:
        return data.get("consignment_reference"), data["request_reference"]
    if kind in ("consignment.created", "consignment.requested", "consignment.rejected"):
        pick = data.get("pick_reference")
        return order_of(data) if pick is None else (order_of(data), pick)
    if kind.startswith("consignment."):
        return data.get("consignment_reference")
    if kind.startswith(("pick.", "stock.")):
        return data.get("order_reference"), data.get("pick_reference")
    return data.get("order_reference")


def step_of(heard: Heard) -> tuple[str, int]:
    """Give the consignment that an outcome speaks of, and which of its allocations."""
    reference = str(heard.data.get("consignment_reference"))
    return reference, int(heard.data.get("allocation_number", FIRST))
