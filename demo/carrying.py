"""What is sent of one order, and what is waited for before the next is sent."""

import asyncio
import time

from demo.cases import Case, by_service
from demo.checkout import chosen_option
from demo.orders import Order, Pick
from demo.sending import Form, Message, Sender, message
from demo.stage import Stage
from demo.troubles import Trouble
from demo.ways import Way

HEAD_START = 1.5
"""Seconds that an early pick is ahead of its order."""


async def carry(stage: Stage, sender: Sender, way: Way, form: Form) -> None:
    """Send what the shop and the warehouse say of an order; returns when it is ready or stuck."""
    order = way.order
    option = ""
    if order.case is Case.OPTION:
        try:
            option = await asyncio.to_thread(chosen_option, stage.sandbox_url, order)
        except (LookupError, OSError) as error:
            way.failures.append(f"no delivery option: {error}")
            return
    placed = message(order.event_type, order.reference, order.data(option), form)
    way.placed_at = time.monotonic()
    if order.trouble is Trouble.EARLY_PICK:
        await _send_picks(sender, order, form)
        await asyncio.sleep(HEAD_START)
    if order.trouble is Trouble.TRUNCATED:
        await sender.send(placed.cut())
    await sender.send(placed)
    if order.is_order:
        await _until_recorded(way)
        await _pick(sender, way, form)
    if order.case is Case.REALLOCATED:
        await _give_to_another(sender, way, form)
    while not (way.is_ready or way.is_stuck):
        await way.until_change()


async def _until_recorded(way: Way) -> None:
    while not (way.pro_reference or way.rejection or way.is_stuck):
        await way.until_change()


async def _until_labelled(way: Way) -> None:
    while not (way.labelled or way.is_stuck):
        await way.until_change()


async def _pick(sender: Sender, way: Way, form: Form) -> None:
    order = way.order
    if way.is_stuck or not order.ships:
        return
    match (order.trouble, order.case):
        case (Trouble.EARLY_PICK, _):
            pass  # it is picked already
        case (Trouble.TOO_MANY, _):
            await _send_picks(sender, order, form, factor=3)
            while not (way.rejected_picks or way.is_stuck):
                await way.until_change()
            await _send_picks(sender, order, form)
        case (Trouble.OTHER_CONTENT, _):
            await _send_picks(sender, order, form)
            await _until_labelled(way)
            await _send_picks(sender, order, form, factor=2)
        case (_, Case.CANCELLED):
            await _send_picks(sender, order, form)
            await _until_labelled(way)
            data = {"order_reference": order.reference, "reason": "ordered by mistake"}
            await sender.send(message("order.cancelled", order.reference, data, form))
        case (_, Case.AMENDED):
            await _amend(sender, way, form)
            await _send_picks(sender, order, form)
        case (_, Case.WITHDRAWN):
            await _pick_anew(sender, way, form)
        case _:
            await _send_picks(sender, order, form)


async def _amend(sender: Sender, way: Way, form: Form) -> None:
    data = {"order_reference": way.order.reference, "version": 1, "tags": ["Signature"]}
    await sender.send(message("order.amended", way.order.reference, data, form))
    while not (way.is_amended or way.is_stuck):
        await way.until_change()


async def _pick_anew(sender: Sender, way: Way, form: Form) -> None:
    order = way.order
    first, second = order.picks
    await sender.send(_picked(order, first, form))
    await _until_labelled(way)
    data = {
        "order_reference": order.reference,
        "pick_reference": first.reference,
        "reason": "a box is torn",
    }
    await sender.send(message("pick.withdrawn", order.reference, data, form))
    while not (way.is_called_off or way.is_stuck):
        await way.until_change()
    await sender.send(_picked(order, second, form))


async def _give_to_another(sender: Sender, way: Way, form: Form) -> None:
    order = way.order
    await _until_labelled(way)
    for parcel in way.leaving:
        data = {
            "order_reference": order.reference,
            "consignment_reference": parcel.consignment,
            "consignment_reference_provided_by_customer": parcel.customer_reference,
            "request_reference": f"desk-{order.reference}",
            "allocation": [by_service(order.service)],
            "reason": "the carrier's van broke down",
        }
        told = message("consignment.reallocation_requested", order.reference, data, form)
        await sender.send(told)


async def _send_picks(sender: Sender, order: Order, form: Form, *, factor: int = 1) -> None:
    for pick in order.picks:
        picked = _picked(order, pick, form, factor=factor)
        await sender.send(picked)
        if order.trouble is Trouble.TWICE:
            await sender.send(picked)


def _picked(order: Order, pick: Pick, form: Form, *, factor: int = 1) -> Message:
    data = pick.data(order.reference, factor=factor)
    return message("stock.picked", order.reference, data, form)
