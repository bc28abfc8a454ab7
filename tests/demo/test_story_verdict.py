"""The demo says what is true: two consignments for one pick, or none, never pass as a success."""

import json
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from demo.cases import CASES, Case
from demo.orders import Order, Pick, make_orders
from demo.screen import Screen
from demo.summary import tell_verdict
from demo.troubles import TROUBLES, Trouble
from demo.verdict import Facts, InPro, Verdict, judge
from demo.ways import Notice, Ways

ORDERS = make_orders(len(CASES) + len(TROUBLES) + 1, seed=7)
NUMBER = {order.case: number for number, order in enumerate(ORDERS) if order.case in CASES}
ORDINARY = len(ORDERS) - 1
STEPS = ("created", "allocated", "labelled", "manifested")


class Heard:
    """The ways of the orders and what PRO holds, all as it should be until it is spoilt."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []
        self.ways = Ways(ORDERS, self.notices.append)
        self.in_pro: list[InPro] = []
        self.papers: dict[str, str] = {}
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
        if order.is_order:
            self.say("order.recorded", number, {"pro_order_reference": f"EO-{number}"})
        if order.case is Case.AMENDED:
            self.say("order.amendment_applied", number, {"version": 1})
        if order.trouble is Trouble.TOO_MANY:
            rejection = {"source": "orderflex", "code": "x", "message": "Too many."}
            self.say("pick.rejected", number, {"rejection": rejection})
        for pick in order.picks:
            self._make(number, pick, "outbound")
            if pick.with_return:
                self._make(number, pick, "inbound")
            if pick.called_off:
                self.say("order.cancellation_applied", number, {"consignments": []})

    def _make(self, number: int, pick: Pick, direction: str) -> None:
        order = ORDERS[number]
        reference = f"EC-{number}-{pick.reference}-{direction}"
        ours = f"{order.reference}-{pick.reference}-MARK" if order.is_order else order.reference
        service = order.service or "NL_P48"
        told: dict[str, Any] = {
            "pick_reference": pick.reference,
            "consignment_reference": reference,
            "consignment_reference_provided_by_customer": ours,
            "allocation_number": 1,
            "direction": direction,
            "shipping_location_reference": order.place_of(pick).reference,
            "carrier": {"name": "Northline"},
            "carrier_service": {"name": "Parcel", "reference": service},
            "labels": self._paper(reference, "label"),
            "customs_documents": [],
            "manifest_reference": "M-1",
        }
        if order.case is Case.ABROAD:
            kinds = ("commercial_invoice", "cn22")
            told["customs_documents"] = [self._paper(reference, kind) for kind in kinds]
        if order.case is Case.REALLOCATED:
            self.say("consignment.created", number, told, "first")
            told["allocation_number"] = 2
        for step in STEPS[: 3 if pick.called_off else 4]:
            self.say(f"consignment.{step}", number, told)
        if pick.called_off:
            self.say("consignment.cancelled", number, told)
        state = "Cancelled" if pick.called_off else "Manifested"
        place = order.place_of(pick).reference
        self.in_pro.append(
            InPro(reference, ours, order.reference, state, direction, place, service)
        )

    def _paper(self, reference: str, kind: str) -> dict[str, str]:
        address = f"file:///papers/{reference}/{kind}.pdf"
        self.papers[address] = f"digest of {address}"
        return {"kind": kind, "address": address, "sha256": self.papers[address]}

    def say(self, topic: str, number: int, data: dict[str, Any], event_id: str = "") -> None:
        key = ORDERS[number].reference
        headers = {"ce_id": event_id or f"{topic}-{key}-{data.get('consignment_reference')}"}
        self.ways.take(topic, key, json.dumps(data).encode(), headers)

    def spoil(self, case: Case, **spoilt: Any) -> InPro:
        """Have PRO hold the first consignment of a case's order otherwise."""
        reference = ORDERS[NUMBER[case]].reference
        place = next(n for n, each in enumerate(self.in_pro) if each.order_reference == reference)
        self.in_pro[place] = replace(self.in_pro[place], **spoilt)
        return self.in_pro[place]

    def verdict(self) -> Verdict:
        return judge(self.ways.of.values(), Facts(self.in_pro, [], {}, self.papers))


@pytest.fixture
def heard() -> Heard:
    return Heard()


def of(case: Case) -> Order:
    return ORDERS[NUMBER[case]]


def told_by(verdict: Verdict, heard: Heard) -> str:
    screen = Screen()
    screen.console = Console(width=80, record=True)
    tell_verdict(screen, verdict, list(heard.ways.of.values()))
    return " ".join(screen.console.export_text().split())


def test_all_that_is_due_and_nothing_else_is_good(heard: Heard) -> None:
    verdict = heard.verdict()
    assert (verdict.doubles, verdict.missing, verdict.other) == ([], [], [])
    assert (verdict.due, verdict.consignments) == (22, 22)
    said = told_by(verdict, heard)
    assert "✓ 22 consignments due, 22 in PRO, no pick has two." in said
    assert "1 abroad with customs documents, 1 with a return, 2 called off, none" in said
    assert all(way.is_ready and not way.is_stuck for way in heard.ways.of.values())


def test_two_consignments_for_one_pick_are_said_loudly(heard: Heard) -> None:
    heard.in_pro.append(replace(heard.in_pro[3], reference="EC-SECOND"))
    verdict = heard.verdict()
    assert not verdict.is_good
    assert any("EC-SECOND" in double for double in verdict.doubles)
    said = told_by(verdict, heard)
    assert "A PICK HAS MORE THAN ONE" in said
    assert "✗ 22 consignments due, 23 in PRO" in said
    assert "TWO PARCELS" in said


def test_a_second_under_another_reference_is_found_too(heard: Heard) -> None:
    again = replace(heard.in_pro[3], reference="EC-SECOND", customer_reference="ANOTHER")
    heard.in_pro.append(again)
    assert "has 2 consignments where 1 were due" in heard.verdict().doubles[0]


def test_a_cancelled_second_harms_nobody(heard: Heard) -> None:
    heard.in_pro.append(replace(heard.in_pro[3], reference="EC-SECOND", state="Cancelled"))
    assert heard.verdict().is_good


def test_a_pick_without_a_consignment_is_missing(heard: Heard) -> None:
    lost = heard.in_pro.pop()
    verdict = heard.verdict()
    assert not verdict.is_good
    assert verdict.missing == [f"{lost.order_reference}: 0 of 1 consignments in PRO"]


def test_a_missing_return_is_missing(heard: Heard) -> None:
    heard.in_pro = [each for each in heard.in_pro if each.direction == "outbound"]
    reference = of(Case.RETURN).reference
    assert heard.verdict().missing == [f"{reference}: 1 of 2 consignments in PRO"]


@pytest.mark.parametrize(
    ("case", "spoilt", "said"),
    [
        (Case.RETURN, {"state": "Allocated"}, "is Allocated"),
        (Case.TWO_WAREHOUSES, {"place": "BRISTOL_WH"}, "is at BRISTOL_WH, not LEEDS_DC"),
        (Case.SERVICE_GROUP, {"service": "PP_ECO"}, "goes by PP_ECO, not NL_P24"),
        (Case.REALLOCATED, {"service": "NL_P48"}, "goes by NL_P48, not NL_P24"),
        (Case.ABROAD, {"service": "KW_EXP"}, "was told to go by NL_P48, PRO says KW_EXP"),
        (Case.OPTION, {"manifests": 2}, "was manifested 2 times"),
    ],
)
def test_what_pro_holds_otherwise_is_named(
    heard: Heard, case: Case, spoilt: dict[str, Any], said: str
) -> None:
    it = heard.spoil(case, **spoilt)
    assert heard.verdict().other[0] == f"{it.reference} ({it.order_reference}) {said}"


@pytest.mark.parametrize("case", [Case.CANCELLED, Case.WITHDRAWN])
def test_what_was_called_off_and_lives_is_named(heard: Heard, case: Case) -> None:
    heard.spoil(case, state="Allocated")
    verdict = heard.verdict()
    assert f"{of(case).reference}: 1 that were called off are alive" in verdict.other
    assert not verdict.doubles


def test_a_cancellation_that_was_refused_is_named(heard: Heard) -> None:
    rejection = {"source": "orderflex", "code": "not_cancelled", "message": "Too late."}
    number = NUMBER[Case.CANCELLED]
    heard.say("order.cancellation_rejected", number, {"rejection": rejection})
    assert heard.verdict().other == [
        f"{ORDERS[number].reference}: order.cancellation_rejected: Too late."
    ]


def test_an_amendment_that_was_never_told_is_named(heard: Heard) -> None:
    reference = of(Case.AMENDED).reference
    heard.ways.of[reference].is_amended = False
    assert heard.verdict().other == [f"{reference}: no order.amendment_applied was heard"]


def test_papers_that_are_not_what_was_told_are_named(heard: Heard) -> None:
    address = next(address for address in heard.papers if address.endswith("cn22.pdf"))
    heard.papers[address] = "another digest"
    (named,) = heard.verdict().other
    assert "cn22 of EC-" in named
    assert named.endswith("is not what was told")


def test_customs_documents_that_are_due_and_not_there_are_named(heard: Heard) -> None:
    for parcel in heard.ways.of[of(Case.ABROAD).reference].parcels.values():
        parcel.papers = parcel.papers[:1]
    (named,) = heard.verdict().other
    assert named.endswith("has 0 CN22 or CN23, 1 due")


def test_labels_of_an_allocation_that_was_taken_back_do_not_count(heard: Heard) -> None:
    way = heard.ways.of[of(Case.REALLOCATED).reference]
    (parcel,) = way.parcels.values()
    old = {"allocation_number": 1, "consignment_reference": parcel.consignment}
    late = {**old, "labels": {"address": "file:///old", "sha256": "0"}, "customs_documents": []}
    heard.say("consignment.labelled", NUMBER[Case.REALLOCATED], late, "late")
    assert parcel.papers[0].address != "file:///old"
    parcel.allocation_number = 1
    assert not way.is_ready


def test_a_consignment_that_nobody_ordered_is_named(heard: Heard) -> None:
    heard.in_pro.append(InPro("EC-X", "X", "WEB-99999", "Manifested"))
    assert heard.verdict().other == ["nobody ordered EC-X"]


def test_an_outcome_that_was_never_heard_is_named() -> None:
    ways = Ways(ORDERS[:1], lambda _: None)
    other = judge(ways.of.values(), Facts([], [], {}, {})).other
    assert other == [
        "WEB-41001: no order.recorded was heard",
        "WEB-41001: 0 of 2 consignment.created were heard",
    ]


def test_a_dead_letter_too_many_is_named(heard: Heard) -> None:
    reference = ORDERS[ORDINARY].reference
    headers = {"orderflex_error_class": "bug", "orderflex_error_detail": "KeyError"}
    heard.ways.take("orderflex.dead-letters", reference, b"", headers)
    assert heard.ways.of[reference].is_stuck
    assert heard.verdict().other == [f"{reference}: 1 dead letters too many"]


def test_an_outcome_said_again_changes_nothing(heard: Heard) -> None:
    heard.say(
        "order.recorded", 0, {"pro_order_reference": "EO-OTHER"}, "order.recorded-WEB-41001-None"
    )
    way = heard.ways.of["WEB-41001"]
    assert way.said_again == 1
    assert way.pro_reference == "EO-0"
    assert way.is_ready
