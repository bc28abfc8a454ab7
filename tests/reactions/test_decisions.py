"""What we decide, without anybody asked: as tables."""

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.ledger.orders import KnownOrder, Line
from service.ledger.tables import OrderState
from service.picks import Pack, Reject, Wait, customer_reference, decide
from service.pro import states
from service.reactions.manifest_confirmation import Manifested, NotManifested, Pending, Seen
from service.reactions.manifest_confirmation import decide as how_it_ended

from .goods import picked


def line(number: int, sku: str | None, reference: str | None = None, kg: str = "1.5") -> Line:
    size = (Decimal(10 * (number + 1)), Decimal(20), Decimal(5))
    return Line(number, sku, reference, 10, 0, Decimal(kg), *size)


def order(*lines: Line, state: OrderState = OrderState.RECORDED) -> KnownOrder:
    return KnownOrder("WEB-1", state, "EO-1", "LEEDS_DC", fully_packed=False, lines=lines)


ORDER = order(line(0, "POT"), line(1, "CUP", "L-1", "0.25"), line(2, "CUP", "L-2", "0.3"))


def by(quantity: int = 1, **names: str) -> dict[str, Any]:
    return {"quantity": quantity, **names}


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        (None, "not known"),
        (order(line(0, "POT"), state=OrderState.PLACED), "is placed, not recorded"),
        (order(line(0, "POT"), state=OrderState.REJECTED), "is rejected, not recorded"),
    ],
)
def test_a_pick_waits_for_its_order(known: KnownOrder | None, reason: str) -> None:
    decision = decide(picked("P-1", by(sku="POT")), known)
    assert isinstance(decision, Wait)
    assert reason in decision.reason


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (by(sku="KETTLE"), "not part of the order"),
        (by(item_reference="L-9"), "not part of the order"),
        (by(sku="POT", item_reference="L-1"), "not part of the order"),
        (by(sku="CUP"), "more than one line"),
        (by(pro_reference="3f2a"), "PRO's own reference alone"),
    ],
)
def test_an_item_that_names_no_line_is_rejected_by_its_place(
    item: dict[str, Any], message: str
) -> None:
    decision = decide(picked("P-1", by(sku="POT"), item), ORDER)
    assert isinstance(decision, Reject)
    assert decision.rejection.code == "item_not_on_order"
    assert decision.rejection.details[0].target == "packages[0].items[1]"
    assert message in decision.rejection.message


@pytest.mark.parametrize(
    ("items", "quantities"),
    [
        ([by(sku="POT")], {0: 1}),
        ([by(item_reference="L-1")], {1: 1}),
        ([by(sku="CUP", item_reference="L-2")], {2: 1}),
        ([by(2, sku="POT"), by(3, sku="POT"), by(4, item_reference="L-2")], {0: 5, 2: 4}),
    ],
)
def test_items_are_counted_by_the_line_they_name(
    items: list[dict[str, Any]], quantities: dict[int, int]
) -> None:
    decision = decide(picked("P-1", *items), ORDER)
    assert isinstance(decision, Pack)
    assert decision.quantities == quantities


def test_weight_and_box_left_out_are_worked_out_from_the_ordered_items() -> None:
    decision = decide(picked("P-1", by(2, sku="POT"), by(3, item_reference="L-2")), ORDER)
    assert isinstance(decision, Pack)
    (package,) = decision.picked.packages
    assert package.weight is not None
    assert package.weight.value == Decimal("3.9")
    assert package.dimensions is not None
    size = package.dimensions
    assert [float(side) for side in (size.length, size.width, size.height)] == [30, 20, 25]


def test_weight_and_box_that_were_measured_are_kept() -> None:
    measured = {
        "weight": {"value": 9, "unit": "kg"},
        "dimensions": {"length": 1, "width": 2, "height": 3, "unit": "m"},
    }
    items = [by(sku="POT")]
    packages = [
        {**measured, "items": items},
        {"weight": measured["weight"], "items": items},
        {"package_size_reference": "SMALL", "items": items},
    ]
    decision = decide(picked("P-1", packages=packages), ORDER)
    assert isinstance(decision, Pack)
    both, weight_only, box = decision.picked.packages
    assert both == picked("P-1", packages=packages).packages[0]
    assert weight_only.weight is not None
    assert weight_only.weight.value == 9
    assert weight_only.dimensions is not None
    assert weight_only.dimensions.length == 10
    assert (box.weight, box.dimensions) == (None, None)
    assert decision.quantities == {0: 3}


@pytest.mark.parametrize(
    ("seen", "code", "seconds", "expected"),
    [
        *((state, None, 0, "manifested") for state in sorted(states.IS_MANIFESTED)),
        *((state, "not_queued", 9000, "manifested") for state in sorted(states.IS_MANIFESTED)),
        *((state, None, 900, "pending") for state in sorted(states.PASSING)),
        ("Manifesting", "not_queued", 9000, "pending"),
        (states.READY_TO_SHIP, None, 900, "pending"),
        (states.READY_TO_SHIP, None, 901, "not_taken"),
        (states.READY_TO_SHIP, "not_queued", 0, "not_queued"),
        (states.ALLOCATED, None, 0, "pending"),
        (states.ALLOCATED, "not_queued", 0, "not_queued"),
        (states.MANIFEST_FAILED, None, 0, "manifest_failed"),
        (states.MANIFEST_FAILED, "refused_by_pro", 0, "manifest_failed"),
        (states.CANCELLED, None, 0, "left_the_manifest"),
        (states.UNALLOCATED, "not_queued", 0, "left_the_manifest"),
        ("AWordOfTomorrow", None, 0, "pending"),
        ("AWordOfTomorrow", "not_queued", 0, "pending"),
    ],
)
def test_how_a_consignment_of_a_manifest_ended(
    seen: str, code: str | None, seconds: float, expected: str
) -> None:
    match how_it_ended(Seen(seen), code, seconds):
        case Manifested():
            assert expected == "manifested"
        case Pending():
            assert expected == "pending"
        case NotManifested(problem):
            assert problem.code == expected
            assert problem.message


REFERENCES = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=100)


@given(st.tuples(REFERENCES, REFERENCES), st.tuples(REFERENCES, REFERENCES))
def test_no_two_picks_share_their_reference_in_pro(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    assert (customer_reference(*one) == customer_reference(*other)) == (one == other)


@given(REFERENCES, st.integers(0, 100))
def test_moving_the_border_between_order_and_pick_makes_another_pick(
    both: str, border: int
) -> None:
    at, beyond = border % len(both), (border + 1) % len(both)
    if at != beyond:
        first = customer_reference(both[:at], both[at:])
        assert first != customer_reference(both[:beyond], both[beyond:])


@given(REFERENCES, REFERENCES)
def test_the_reference_in_pro_is_short_and_plain(order_reference: str, pick: str) -> None:
    made = customer_reference(order_reference, pick)
    assert len(made) <= 50
    assert re.fullmatch("[A-Za-z0-9-]+", made)
    assert made == customer_reference(order_reference, pick)


def test_the_reference_in_pro_can_be_read_by_people() -> None:
    assert customer_reference("WEB-204817", "pick-1").startswith("WEB-204817-pick-1-")
