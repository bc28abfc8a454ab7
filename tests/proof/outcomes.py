"""What the event contract says of who answers whom, in the checker's own words.

Written out and not derived from the service's tables: a mistake there must not hide here.
"""

ANSWERS = {
    "order.placed": ("order.recorded", "order.rejected"),
    "order.cancelled": ("order.cancellation_applied", "order.cancellation_rejected"),
    "stock.picked": ("consignment.created", "pick.rejected"),
    "pick.withdrawn": ("pick.withdrawal_applied", "pick.withdrawal_rejected"),
    "consignment.requested": ("consignment.created", "consignment.rejected"),
    "consignment.reallocation_requested": (
        "consignment.reallocation_started",
        "consignment.reallocation_rejected",
    ),
}
"""Outcomes of which one answers an event. `manifest.requested` may have none."""
REJECTIONS = frozenset({"order.rejected", "pick.rejected", "consignment.rejected"})
"""After these a reference is free for other content."""
NEXT_STEP = {
    "consignment.created": ("consignment.allocated", "consignment.allocation_failed"),
    "consignment.reallocation_started": ("consignment.allocated", "consignment.allocation_failed"),
    "consignment.allocated": ("consignment.labelled",),
}
"""Outcomes that are events for our own next step, and what answers them, unless the consignment is
cancelled or allocated anew."""
CHAIN = (
    "consignment.created",
    "consignment.allocated",
    "consignment.labelled",
    "consignment.manifested",
)
"""In the order in which they are said of one consignment."""
BEGINS_ANEW = "consignment.reallocation_started"
"""In the place of the first of these, from the second allocation on."""
WAS_ALLOCATED = frozenset(
    {"Allocated", "ReadyToShip", "Manifesting", "Manifested", "ManifestFailed"}
)
"""States of PRO from which a carrier may come for it."""
CANCELLATIONS = ANSWERS["order.cancelled"]
WITHDRAWALS = ANSWERS["pick.withdrawn"]
GOES_ON = (
    "order.recorded",
    "consignment.created",
    "consignment.allocated",
    "consignment.labelled",
    "consignment.reallocation_started",
)
"""What must not be said of an order any more once its cancellation is answered."""
