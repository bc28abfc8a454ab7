"""Finds orders and consignments by any of their names."""

from collections.abc import Sequence

from starlette.responses import Response

from service.page.desk import Visit
from service.page.rendering import link
from service.page.shown import go_to, show
from service.page.state_words import ORDERS, of_consignment
from service.people.reading import Unknown
from service.people.views import Consignment, OrderSummary

PAGE_LENGTH = 25


async def show_search(visit: Visit) -> Response:
    """Show what bears a name; where that is one order, or nothing but events of it, go there."""
    reading, reference = visit.desk.reading, visit.asked("reference")
    if reference is None:
        latest = await reading.orders(PAGE_LENGTH, after=visit.asked("after"))
        return _found(visit, None, latest.items, (), latest.next)
    after = visit.asked("after")
    orders = await reading.orders(PAGE_LENGTH, reference=reference, after=after)
    consignments = await reading.consignments(PAGE_LENGTH, reference=reference)
    named = [one for one in consignments.items if one.consignment_reference == reference]
    if named:
        return go_to(visit, link("/consignment", reference=reference))
    if len(orders.items) == 1 and after is None:
        return go_to(visit, link("/order", reference=orders.items[0].order_reference))
    if not orders.items and not consignments.items:
        try:
            await reading.order(reference)
        except Unknown:
            return _found(visit, reference, (), (), None)
        return go_to(visit, link("/order", reference=reference))
    return _found(visit, reference, orders.items, consignments.items, orders.next)


def _found(
    visit: Visit,
    reference: str | None,
    orders: Sequence[OrderSummary],
    consignments: Sequence[Consignment],
    after: str | None,
) -> Response:
    return show(
        visit,
        "search.html",
        title="Find an order",
        here="/search",
        reference=reference,
        orders=[(order, ORDERS[order.state]) for order in orders],
        consignments=[(one, of_consignment(one.state)) for one in consignments],
        next=link("/search", reference=reference, after=after) if after else None,
    )
