"""The demo says what is true: two consignments for one pick, or none, never pass as a success."""

import json
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from demo.orders import make_orders
from demo.screen import Screen
from demo.summary import tell_verdict
from demo.troubles import Trouble
from demo.verdict import Facts, InPro, Verdict, judge
from demo.ways import Notice, Ways

ORDERS = make_orders(12, seed=7)


class Heard:
    """The ways of twelve orders and what PRO holds, all as it should be until it is spoilt."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []
        self.ways = Ways(ORDERS, self.notices.append)
        self.in_pro: list[InPro] = []
        for number, order in enumerate(ORDERS):
            self._carry(number)
            if order.trouble in (Trouble.OTHER_CONTENT, Trouble.TRUNCATED):
                headers = {"orderflex_error_class": "conflict"}
                self.ways.take("orderflex.dead-letters", order.reference, b"", headers)

    def _carry(self, number: int) -> None:
        order = ORDERS[number]
        if not order.ships:
            rejection = {"source": "pro", "code": "x", "message": "No such location."}
            self.say("order.rejected", number, {"rejection": rejection})
            return
        self.say("order.recorded", number, {"pro_order_reference": f"EO-{number}"})
        for pick in order.picks:
            ours = f"{order.reference}-{pick.reference}-MARK"
            about: dict[str, Any] = {
                "pick_reference": pick.reference,
                "consignment_reference": f"EC-{number}-{pick.reference}",
                "consignment_reference_provided_by_customer": ours,
                "carrier": {"name": "Northline"},
                "carrier_service": {"name": "Parcel 48"},
                "tracking_references": ["NL1"],
                "labels": {"address": "file:///labels/EC-1.pdf", "size_bytes": 9},
                "manifest_reference": "M-1",
            }
            for step in ("created", "allocated", "labelled", "manifested"):
                self.say(f"consignment.{step}", number, about)
            reference = str(about["consignment_reference"])
            self.in_pro.append(InPro(reference, ours, order.reference, "Manifested"))

    def say(self, topic: str, number: int, data: dict[str, Any], event_id: str = "") -> None:
        key = ORDERS[number].reference
        headers = {"ce_id": event_id or f"{topic}-{key}-{data.get('pick_reference')}"}
        self.ways.take(topic, key, json.dumps(data).encode(), headers)

    def verdict(self) -> Verdict:
        by_reference: dict[str, list[str]] = {}
        for each in self.in_pro:
            by_reference.setdefault(each.customer_reference, []).append(each.reference)
        return judge(self.ways.of.values(), Facts(self.in_pro, by_reference, [], {}))


@pytest.fixture
def heard() -> Heard:
    return Heard()


def test_one_consignment_for_each_pick_is_good(heard: Heard) -> None:
    verdict = heard.verdict()
    assert verdict.is_good
    assert (verdict.picks, verdict.consignments) == (12, 12)


def test_two_consignments_for_one_pick_are_said_loudly(heard: Heard) -> None:
    heard.in_pro.append(replace(heard.in_pro[3], reference="EC-SECOND"))
    verdict = heard.verdict()
    assert not verdict.is_good
    assert len(verdict.doubles) == 1
    assert "EC-SECOND" in verdict.doubles[0]
    screen = Screen()
    screen.console = Console(width=80, record=True)
    tell_verdict(screen, verdict)
    said = screen.console.export_text()
    assert "A PICK HAS MORE THAN ONE" in said
    assert "✗ 12 picks, 13 consignments" in said
    assert "TWO PARCELS" in said


def test_a_second_under_another_reference_is_found_too(heard: Heard) -> None:
    again = replace(heard.in_pro[3], reference="EC-SECOND", customer_reference="ANOTHER")
    heard.in_pro.append(again)
    assert "has 2 consignments for 1 picks" in heard.verdict().doubles[0]


def test_a_cancelled_second_harms_nobody(heard: Heard) -> None:
    heard.in_pro.append(replace(heard.in_pro[3], reference="EC-SECOND", state="Cancelled"))
    assert heard.verdict().is_good


def test_a_pick_without_a_consignment_is_missing(heard: Heard) -> None:
    lost = heard.in_pro.pop(3)
    verdict = heard.verdict()
    assert not verdict.is_good
    assert verdict.missing == [f"{lost.order_reference}: 0 of 1 consignments in PRO"]


def test_one_that_is_not_manifested_is_named(heard: Heard) -> None:
    heard.in_pro[0] = replace(heard.in_pro[0], state="Allocated")
    assert heard.verdict().other == [f"{heard.in_pro[0].reference} (WEB-41001) is Allocated"]


def test_a_consignment_that_nobody_ordered_is_named(heard: Heard) -> None:
    heard.in_pro.append(InPro("EC-X", "X", "WEB-99999", "Manifested"))
    assert heard.verdict().other == ["nobody ordered EC-X"]


def test_an_outcome_that_was_never_heard_is_named() -> None:
    ways = Ways(ORDERS[:1], lambda _: None)
    other = judge(ways.of.values(), Facts([], {}, [], {})).other
    assert other[0] == "WEB-41001: no order.recorded was heard"
    assert "WEB-41001 P2: no consignment.created was heard" in other


def test_a_dead_letter_too_many_is_named(heard: Heard) -> None:
    way = heard.ways.of["WEB-41012"]
    headers = {"orderflex_error_class": "bug", "orderflex_error_detail": "KeyError"}
    heard.ways.take("orderflex.dead-letters", "WEB-41012", b"", headers)
    assert way.is_stuck
    assert heard.verdict().other == ["WEB-41012: 1 dead letters too many"]


def test_an_outcome_said_again_changes_nothing(heard: Heard) -> None:
    heard.say(
        "order.recorded", 0, {"pro_order_reference": "EO-OTHER"}, "order.recorded-WEB-41001-None"
    )
    way = heard.ways.of["WEB-41001"]
    assert way.said_again == 1
    assert way.pro_reference == "EO-0"
    assert way.is_ready
