"""What the event contract says of who answers whom, in the checker's own words.

Written out and not derived from the service's tables: a mistake there must not hide here.
"""

ANSWERS = {
    "order.placed": ("order.recorded", "order.rejected"),
    "stock.picked": ("consignment.created", "pick.rejected"),
}
"""Outcomes of which one answers an event. `manifest.requested` may have none."""
REJECTIONS = frozenset({"order.rejected", "pick.rejected"})
"""After these a reference is free for other content."""
NEXT_STEP = {
    "consignment.created": ("consignment.allocated", "consignment.allocation_failed"),
    "consignment.allocated": ("consignment.labelled",),
}
"""Outcomes that are events for our own next step, and what answers them."""
CHAIN = (
    "consignment.created",
    "consignment.allocated",
    "consignment.labelled",
    "consignment.manifested",
)
"""In the order in which they are said of one consignment."""
WAS_ALLOCATED = frozenset(
    {"Allocated", "ReadyToShip", "Manifesting", "Manifested", "ManifestFailed"}
)
"""States of PRO from which a carrier may come for it."""
