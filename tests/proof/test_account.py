"""Each promise is broken once by hand, so that the checker is known to see it."""

from typing import Any

import pytest

from tests.proof.account import broken
from tests.proof.facts import (
    Account,
    Commit,
    Consignment,
    DeadLetter,
    Heard,
    Held,
    Place,
    Row,
    Said,
)

PICK = {"order_reference": "WEB-1", "pick_reference": "P-1", "items": [{"sku": "HAT"}]}


def said(event: str, offset: int, data: dict[str, Any] | None, key: str = "WEB-1") -> Said:
    return Said(Place(event, 0, offset), event, key, data)


def heard(event: str, sequence: int, offset: int = 0, **data: Any) -> Heard:
    told = {"order_reference": "WEB-1", "sequence": sequence} | data
    return Heard(Place(event, 0, offset), event, f"id-{sequence}", "WEB-1", told)


def of_consignment(event: str, sequence: int, reference: str = "EC-1", **data: Any) -> Heard:
    more = {"pick_reference": "P-1", "consignment_reference": reference} | data
    return heard(event, sequence, **more)


def made(reference: str = "EC-1", **more: Any) -> Consignment:
    known = {"direction": "Outbound", "state": "Manifested", "manifest_count": 1}
    return Consignment(reference, "WEB-1-P-1-ABC", "WEB-1", **{**known, **more})


def good() -> Account:
    """An order that went the whole way."""
    return Account(
        said=[
            said("order.placed", 0, {"order_reference": "WEB-1", "items": [1]}),
            said("stock.picked", 0, PICK),
            said("manifest.requested", 0, {"manifest_reference": "M-1"}, key="LEEDS_DC"),
        ],
        heard=[
            heard("order.recorded", 1),
            of_consignment("consignment.created", 2, direction="outbound"),
            of_consignment("consignment.allocated", 3),
            of_consignment("consignment.labelled", 4),
            of_consignment("consignment.manifested", 5),
        ],
        consignments=[made(states=("Unallocated", "Allocated", "Manifesting", "Manifested"))],
        pack_calls={"WEB-1-P-1-ABC": 1},
        commits=[Commit("stock.picked", 0, 1, at=9.0)],
        let_go={
            Place("order.placed", 0, 0): 1.0,
            Place("stock.picked", 0, 0): 2.0,
            Place("manifest.requested", 0, 0): 5.0,
            Place("consignment.created", 0, 0): 3.0,
            Place("consignment.allocated", 0, 0): 4.0,
        },
        settled={Place("stock.picked", 0, 0): 2.0},
    )


def only(account: Account, opening: str, *more: str) -> None:
    """Exactly these lines are told."""
    told = broken(account)
    assert len(told) == 1 + len(more), told
    for wanted, line in zip((opening, *more), told, strict=True):
        assert line.startswith(wanted), told


def test_a_good_run_breaks_nothing() -> None:
    assert broken(good()) == []


def test_what_is_not_seen_of_the_inside_breaks_nothing() -> None:
    account = good()
    account.let_go, account.settled = None, {}
    assert broken(account) == []


# 1


@pytest.mark.parametrize("event", ["order.placed", "stock.picked"])
def test_an_event_without_a_trace_is_forgotten(event: str) -> None:
    account = good()
    data = {"order_reference": "WEB-2", "pick_reference": "P-1"}
    account.said.append(said(event, 7, data, key="WEB-2"))
    only(account, f"forgotten: {event} WEB-2 at {event}/0/7")


def test_what_nobody_can_read_needs_a_dead_letter() -> None:
    account = good()
    account.said.append(said("stock.picked", 8, None))
    only(account, "forgotten: stock.picked WEB-1 at stock.picked/0/8")
    account.dead_letters.append(DeadLetter(Place("stock.picked", 0, 8), "not_json"))
    assert broken(account) == []


def test_a_row_accounts_for_an_event_and_a_refusal_answers_it() -> None:
    account = good()
    account.said.append(said("stock.picked", 7, {**PICK, "pick_reference": "P-2"}))
    account.rows.append(Row(Place("stock.picked", 0, 7), "parked"))
    assert broken(account) == []
    account.rows.clear()
    account.heard.append(heard("pick.rejected", 6, pick_reference="P-2"))
    assert broken(account) == []


def test_a_request_to_manifest_has_to_be_let_go() -> None:
    account = good()
    account.let_go = {
        p: at for p, at in (account.let_go or {}).items() if "manifest" not in p.topic
    }
    only(account, "forgotten: manifest.requested LEEDS_DC")


def test_an_outcome_that_asks_for_a_next_step_is_followed_by_it() -> None:
    account = good()
    account.heard.append(
        of_consignment("consignment.created", 6, "EC-2", direction="inbound", pick_reference="P-1")
    )
    only(account, "forgotten: consignment.created of EC-2")
    account.heard.append(of_consignment("consignment.allocation_failed", 7, "EC-2"))
    assert broken(account) == []


def test_a_parcel_that_pro_manifested_has_to_be_told() -> None:
    account = good()
    account.heard.pop()
    only(account, "forgotten: EC-1 is Manifested in PRO")


def test_other_content_under_a_finished_reference_needs_a_dead_letter() -> None:
    account = good()
    account.said.append(said("stock.picked", 1, {**PICK, "items": [{"sku": "SHOE"}]}))
    only(account, "swallowed: stock.picked ('WEB-1', 'P-1')")
    account.dead_letters.append(DeadLetter(Place("stock.picked", 0, 1), "conflict"))
    assert broken(account) == []


def test_a_repetition_is_no_conflict_and_a_refused_reference_is_free() -> None:
    account = good()
    account.said.append(said("stock.picked", 1, dict(reversed(PICK.items()))))
    assert broken(account) == []
    account.said.append(said("stock.picked", 2, {**PICK, "items": []}))
    account.heard.append(heard("pick.rejected", 6, pick_reference="P-1"))
    assert broken(account) == []


# 2


def test_two_live_consignments_of_one_pick_are_two_parcels() -> None:
    account = good()
    account.consignments.append(made("EC-2", state="Unallocated", manifest_count=0))
    account.pack_calls = {"WEB-1-P-1-ABC": 2}
    only(account, "two parcels: WEB-1-P-1-ABC has EC-1, EC-2 (PRO was asked 2 times)")


def test_a_return_or_a_cancelled_stray_is_no_second_parcel() -> None:
    account = good()
    account.consignments.append(made("EC-2", direction="Inbound", state="Unallocated"))
    account.consignments.append(made("EC-3", state="Cancelled"))
    assert broken(account) == []


def test_what_was_allocated_must_have_been_announced() -> None:
    account = good()
    states = ("Unallocated", "Allocated", "Cancelled")
    account.consignments.append(made("EC-2", state="Cancelled", states=states))
    only(account, "unannounced: EC-2")


def test_a_carrier_is_told_once() -> None:
    account = good()
    account.consignments[0] = made(manifest_count=2)
    only(account, "manifested twice: EC-1")


def test_one_pick_is_announced_as_one_outbound_consignment() -> None:
    account = good()
    account.heard += [
        of_consignment("consignment.created", 6, "EC-2", direction="outbound"),
        of_consignment("consignment.allocated", 7, "EC-2"),
        of_consignment("consignment.labelled", 8, "EC-2"),
    ]
    only(account, "two parcels: ('WEB-1', 'P-1') was announced as EC-1, EC-2")


# 3


def test_a_later_event_of_an_order_must_not_be_settled_first() -> None:
    account = good()
    account.said.append(said("stock.picked", 5, {**PICK, "pick_reference": "P-2"}))
    account.heard.append(heard("pick.rejected", 6, pick_reference="P-2"))
    account.settled = {Place("stock.picked", 0, 0): 8.0, Place("stock.picked", 0, 5): 7.0}
    only(account, "overtaken: stock.picked/0/5 of WEB-1 was settled before stock.picked/0/0")


def test_another_order_or_partition_overtakes_nobody() -> None:
    account = good()
    other = {**PICK, "order_reference": "WEB-2"}
    account.said += [
        said("stock.picked", 5, other, key="WEB-2"),
        Said(Place("stock.picked", 1, 0), "stock.picked", "WEB-1", PICK),
    ]
    account.rows.append(Row(Place("stock.picked", 0, 5), "dead"))
    account.settled = {
        Place("stock.picked", 0, 0): 8.0,
        Place("stock.picked", 0, 5): 7.0,
        Place("stock.picked", 1, 0): 1.0,
    }
    assert broken(account) == []


def test_a_missing_number_is_a_gap() -> None:
    account = good()
    account.heard.append(heard("order.rejected", 7))
    only(account, "a gap: outcomes [6] of WEB-1")


def test_two_outcomes_must_not_share_a_number() -> None:
    account = good()
    told = heard("order.rejected", 1)
    account.heard.append(Heard(told.place, told.type, "id-other", told.key, told.data))
    only(account, "one number twice: outcome 1 of WEB-1")


def test_an_outcome_said_again_says_the_same() -> None:
    account = good()
    account.heard.append(account.heard[0])
    assert broken(account) == []
    account.heard.append(heard("order.recorded", 1, pro_order_reference="EO-9"))
    only(account, "two contents: outcome id-1 (order.recorded)")


# 4


def test_an_offset_must_not_be_committed_before_its_event_is_let_go() -> None:
    account = good()
    account.commits.insert(0, Commit("stock.picked", 0, 1, at=1.5))
    only(account, "past a gap: 1 of stock.picked/0 committed before stock.picked/0/0")


def test_an_outcome_that_we_consume_is_held_to_the_same() -> None:
    account = good()
    account.commits.append(Commit("consignment.created", 0, 1, at=2.9))
    only(account, "past a gap: 1 of consignment.created/0")


# 5


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_no_step_of_a_consignment_is_left_out(missing: int) -> None:
    account = good()
    gone = account.heard.pop(missing)
    account.heard.append(heard("order.rejected", missing + 1))
    told = broken(account)
    assert any(line.startswith("out of turn: EC-1") and gone.type in line for line in told), told


def test_the_steps_are_numbered_and_heard_in_order() -> None:
    account = good()
    account.heard[3], account.heard[4] = account.heard[4], account.heard[3]
    only(account, "out of turn: EC-1 was heard consignment.manifested before consignment.labelled")
    account.hearing_is_ordered = False
    assert broken(account) == []
    account.heard[3] = of_consignment("consignment.manifested", 4)
    account.heard[4] = of_consignment("consignment.labelled", 5)
    only(account, "out of turn: EC-1 numbers consignment.manifested before consignment.labelled")


# 6


def test_what_waits_behind_a_hold_drains_in_the_order_of_its_queue() -> None:
    account = good()
    account.rows += [Row(Place("stock.picked", 2, n), "parked") for n in (1, 2)]
    account.held = [
        Held("WEB-1", Place("stock.picked", 2, 1), sequence=2),
        Held("WEB-1", Place("order.placed", 1, 4), sequence=1),
        Held("WEB-1", Place("stock.picked", 2, 2), sequence=3),
        Held("WEB-1", Place("order.placed", 1, 4), sequence=9),
    ]
    account.settled = {Place("order.placed", 1, 4): 5.0, Place("stock.picked", 2, 1): 6.0}
    assert broken(account) == []
    account.settled = {Place("order.placed", 1, 4): 5.0, Place("stock.picked", 2, 1): 4.0}
    only(account, "drained out of order: stock.picked/2/1 of WEB-1 before order.placed/1/4")
