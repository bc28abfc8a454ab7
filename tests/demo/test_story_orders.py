"""The demo's orders are the same for the same seed, and fit the event contract."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from demo.orders import SHARE_OF_TROUBLE, Order, make_orders
from demo.sending import FORMS, Form, message
from demo.troubles import TROUBLES, Trouble, fault_for
from service.events.envelope import Incoming, Received, read
from service.events.received import OrderPlaced, StockPicked
from service.events.topics import EventType, Topics

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def _read(event_type: EventType, order: Order, data: dict[str, object], form: Form) -> Received:
    sent = message(event_type.value, order.reference, data, form)
    record = Incoming(sent.topic, 0, 0, sent.key, sent.value, sent.headers, NOW)
    return read(record, Topics(), 900_000)


def test_the_same_seed_makes_the_same_orders() -> None:
    assert make_orders(60, seed=3) == make_orders(60, seed=3)
    assert make_orders(60, seed=3) != make_orders(60, seed=4)


def test_the_first_order_is_picked_twice() -> None:
    first = make_orders(1, seed=7)[0]
    goods = [[line.good.name for line in pick.lines] for pick in first.picks]
    assert goods == [["Silver necklace", "Silver bracelet"], ["Wool coat", "Felt hat"]]
    assert first.trouble is Trouble.NONE


def test_twelve_orders_show_every_trouble_once() -> None:
    met = Counter(order.trouble for order in make_orders(12, seed=7))
    assert met == Counter({Trouble.NONE: 2, **dict.fromkeys(TROUBLES, 1)})


def test_most_of_many_orders_meet_no_trouble() -> None:
    orders = make_orders(2000, seed=7)
    share = sum(order.trouble is not Trouble.NONE for order in orders) / len(orders)
    assert share == pytest.approx(SHARE_OF_TROUBLE, abs=0.03)
    assert len({order.reference for order in orders}) == len(orders)


@pytest.mark.parametrize("form", FORMS)
def test_every_event_fits_the_contract(form: Form) -> None:
    for order in make_orders(80, seed=11):
        placed = _read(EventType.ORDER_PLACED, order, order.data(), form)
        assert isinstance(placed.event, OrderPlaced)
        assert placed.envelope.form == form
        ordered = Counter({line.sku: line.quantity for line in placed.event.lines})
        for pick in order.picks:
            picked = _read(EventType.STOCK_PICKED, order, pick.data(order.reference), form)
            assert isinstance(picked.event, StockPicked)
            ordered.subtract({line.sku: line.quantity for line in picked.event.lines})
        assert not any(ordered.values()), "all that was ordered is picked, and no more"


def test_no_order_reference_is_part_of_another() -> None:
    """Faults are matched by a part of the reference."""
    references = [order.reference for order in make_orders(5000, seed=1)]
    assert len({len(reference) for reference in references}) == 1


def test_only_troubles_of_pro_have_a_fault() -> None:
    rule = fault_for(Trouble.LOST_ANSWER, "WEB-41002")
    assert rule is not None
    assert rule["match"] == {"order_reference_provided_by_customer": "WEB-41002"}
    assert fault_for(Trouble.TWICE, "WEB-41002") is None
    assert fault_for(Trouble.NONE, "WEB-41002") is None
