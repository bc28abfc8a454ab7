"""An order: where it is, what it waits for, what belongs to it, and what happened to it."""

from starlette.responses import Response

from service.ledger.tables import OrderState, ParkedState
from service.page.attention_page import offered
from service.page.desk import Visit
from service.page.rendering import link
from service.page.shown import show
from service.page.state_words import (
    OPERATIONS,
    ORDERS,
    PICKS,
    of_consignment,
    way_of,
    where_is,
)
from service.page.timeline_words import line_of
from service.people.reading import Unknown
from service.people.views import Order


async def show_order(visit: Visit) -> Response:
    """Show one. Raises Unknown."""
    reference = visit.asked("reference")
    if reference is None:
        raise Unknown("no order is named")
    order = await visit.desk.reading.order(reference)
    timeline = await visit.desk.reading.timeline(reference)
    return show(
        visit,
        "order.html",
        title=f"Order {reference}",
        here="/search",
        order=order,
        chip=ORDERS[order.state],
        where=where_is(order),
        is_held=any(each.holds for each in order.waiting),
        # What is dead among them needs attention, and is listed there.
        waiting=[each for each in order.waiting if each.state is ParkedState.PARKED],
        items=[offered(item) for item in order.attention],
        picks=[(pick, PICKS[pick.state]) for pick in order.picks],
        consignments=[(one, of_consignment(one.state), way_of(one)) for one in order.consignments],
        operations=[(each, OPERATIONS[each.state]) for each in order.operations],
        lines=[line_of(entry) for entry in reversed(timeline.items)],
        actions=_actions(order),
    )


def _actions(order: Order) -> list[tuple[str, str]]:
    """Say what can be asked for, and where that begins."""
    again = link("/order/again", reference=order.order_reference)
    cancel = link("/order/cancel", reference=order.order_reference)
    is_refused = any("again" in item.actions for item in order.attention)
    actions = [("Do it again", again)] if is_refused else []
    if order.state not in (OrderState.CANCELLED, OrderState.NO_ORDER):
        actions.append(("Cancel the order", cancel))
    return actions
