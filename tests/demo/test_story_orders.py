"""The demo's orders are the same for the same seed, and fit the event contract."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from demo.cases import CASES, Case
from demo.orders import SHARE_OF_CASES, SHARE_OF_TROUBLE, Order, make_orders
from demo.sending import FORMS, Form, message
from demo.troubles import TROUBLES, Trouble, fault_for
from service.events.envelope import Incoming, Received, read
from service.events.received import OrderPlaced, StockPicked
from service.events.requested import ConsignmentRequested
from service.events.topics import EventType, Topics

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def _read(event_type: EventType, order: Order, data: dict[str, object], form: Form) -> Received:
    sent = message(event_type.value, order.reference, data, form)
    record = Incoming(sent.topic, 0, 0, sent.key, sent.value, sent.headers, NOW)
    return read(record, Topics(), 900_000)


def test_the_same_seed_makes_the_same_orders() -> None:
    assert make_orders(60, seed=3) == make_orders(60, seed=3)
    assert make_orders(60, seed=3) != make_orders(60, seed=4)


def test_the_first_order_leaves_from_two_warehouses() -> None:
    first = make_orders(1, seed=7)[0]
    goods = {
        first.place_of(pick).town: [line.good.name for line in pick.lines] for pick in first.picks
    }
    assert goods == {
        "Leeds": ["Silver necklace", "Silver bracelet"],
        "Bristol": ["Wool coat", "Felt hat"],
    }
    assert first.trouble is Trouble.NONE


def test_twenty_two_orders_show_every_case_and_every_trouble_once() -> None:
    orders = make_orders(22, seed=7)
    met = Counter(order.trouble for order in orders)
    assert met == Counter({Trouble.NONE: 12, **dict.fromkeys(TROUBLES, 1)})
    asked = Counter(order.case for order in orders)
    assert asked == Counter({Case.ORDINARY: 11, **dict.fromkeys(CASES, 1)})
    assert not [order for order in orders if order.trouble in TROUBLES and order.case in CASES]


def test_most_of_many_orders_are_ordinary_and_meet_no_trouble() -> None:
    orders = make_orders(2000, seed=7)
    troubled = sum(order.trouble is not Trouble.NONE for order in orders) / len(orders)
    special = sum(order.case is not Case.ORDINARY for order in orders) / len(orders)
    assert troubled == pytest.approx(SHARE_OF_TROUBLE, abs=0.03)
    assert special == pytest.approx(SHARE_OF_CASES, abs=0.03)
    assert len({order.reference for order in orders}) == len(orders)


def test_what_is_to_leave_is_told_of_each_case() -> None:
    leaving = {
        order.case: (order.leaving, order.called_off) for order in make_orders(len(CASES), seed=7)
    }
    assert leaving == {
        **dict.fromkeys(CASES, (1, 0)),
        Case.TWO_WAREHOUSES: (2, 0),
        Case.RETURN: (2, 0),
        Case.WITHDRAWN: (1, 1),
        Case.CANCELLED: (0, 1),
    }


@pytest.mark.parametrize("form", FORMS)
def test_every_event_fits_the_contract(form: Form) -> None:
    for order in make_orders(80, seed=11):
        placed = _read(EventType(order.event_type), order, order.data(), form)
        assert placed.envelope.form == form
        if not order.is_order:
            assert isinstance(placed.event, ConsignmentRequested)
            continue
        assert isinstance(placed.event, OrderPlaced)
        ordered = Counter({line.sku: line.quantity for line in placed.event.lines})
        picks = [pick for pick in order.picks if not pick.called_off] or order.picks
        for pick in picks:
            picked = _read(EventType.STOCK_PICKED, order, pick.data(order.reference), form)
            assert isinstance(picked.event, StockPicked)
            ordered.subtract({line.sku: line.quantity for line in picked.event.lines})
        assert not any(ordered.values()), "all that was ordered is picked, and no more"


def test_what_goes_abroad_says_what_customs_want_to_know() -> None:
    (abroad,) = [order for order in make_orders(22, seed=7) if order.case is Case.ABROAD]
    placed = _read(EventType.ORDER_PLACED, abroad, abroad.data(), "plain").event
    assert isinstance(placed, OrderPlaced)
    assert placed.customs_documentation is not None
    assert all(
        item.harmonisation_code and item.country_of_origin
        for package in placed.packages
        for item in package.items
    )


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
