"""What is called off, allocated anew or lies elsewhere: each promise is broken once by hand."""

from typing import Any

import pytest

from tests.proof.account import broken
from tests.proof.facts import Account, AllocatedFrom, Consignment, DeadLetter, Heard, Place, Said

PICK = {"order_reference": "WEB-1", "pick_reference": "P-1", "shipping_location_reference": "B"}
CANCEL = {"order_reference": "WEB-1"}
WITHDRAW = {"order_reference": "WEB-1", "pick_reference": "P-1"}
TOO_LATE = {"code": "not_cancelled", "details": [{"code": "too_late", "target": "EC-1"}]}


class Story:
    """An account that is told event by event; outcomes are numbered as they are told."""

    def __init__(self) -> None:
        self.account = Account()
        self.number = 0

    def say(self, event: str, **data: Any) -> Place:
        place = Place(event, 0, len(self.account.said))
        self.account.said.append(Said(place, event, "WEB-1", data))
        return place

    def tell(self, event: str, **data: Any) -> None:
        self.number += 1
        more = {"order_reference": "WEB-1", "sequence": self.number} | data
        place = Place(event, 0, self.number)
        self.account.heard.append(Heard(place, event, f"id-{self.number}", "WEB-1", more))

    def tell_of(self, event: str, allocation: int = 1, **data: Any) -> None:
        names = {"pick_reference": "P-1", "consignment_reference": "EC-1"}
        names["consignment_reference_provided_by_customer"] = "WEB-1-P-1-ABC"
        self.tell(event, allocation_number=allocation, **{**names, **data})

    def hold(self, state: str, reference: str = "EC-1", direction: str = "Outbound") -> None:
        made = Consignment(reference, "WEB-1-P-1-ABC", "WEB-1", direction, state)
        self.account.consignments = [
            *(one for one in self.account.consignments if one.reference != reference),
            made,
        ]

    def only(self, opening: str) -> None:
        told = broken(self.account)
        assert len(told) == 1, told
        assert told[0].startswith(opening), told


@pytest.fixture
def story() -> Story:
    """A pick that lies elsewhere, and is labelled."""
    story = Story()
    story.say("order.placed", order_reference="WEB-1", origin="A", items=[1])
    story.say("stock.picked", **PICK)
    story.tell("order.recorded")
    story.tell_of("consignment.created", direction="outbound", shipping_location_reference="B")
    story.tell_of("consignment.allocated")
    story.tell_of("consignment.labelled")
    story.hold("Allocated")
    story.account.allocated_from.append(AllocatedFrom("EC-1", "B"))
    assert broken(story.account) == []
    return story


def cancelled(story: Story, answer: str = "order.cancellation_applied", **more: Any) -> None:
    story.say("order.cancelled", **CANCEL)
    story.tell_of("consignment.cancelled")
    story.tell(answer, **more)
    story.hold("Cancelled")


def test_a_cancelled_order_breaks_nothing(story: Story) -> None:
    cancelled(story)
    story.say("order.cancelled", **CANCEL, reason="once more")
    assert broken(story.account) == []


def test_a_cancellation_has_its_answer_or_a_dead_letter(story: Story) -> None:
    place = story.say("order.cancelled", **CANCEL)
    story.only("forgotten: order.cancelled")
    story.account.dead_letters.append(DeadLetter(place, "bug"))
    assert broken(story.account) == []


@pytest.mark.parametrize(
    ("event", "data"),
    [
        ("pick.withdrawn", WITHDRAW),
        ("consignment.requested", {"consignment_reference_provided_by_customer": "R-1"}),
        (
            "consignment.reallocation_requested",
            {**CANCEL, "consignment_reference": "EC-1", "request_reference": "R-2"},
        ),
    ],
)
def test_whatever_else_is_asked_for_is_answered(
    story: Story, event: str, data: dict[str, Any]
) -> None:
    story.say(event, **data)
    story.only(f"forgotten: {event}")


def test_one_request_to_allocate_anew_is_no_answer_to_another(story: Story) -> None:
    of_it = {"consignment_reference": "EC-1"}
    rejected = "consignment.reallocation_rejected"
    story.say("consignment.reallocation_requested", **CANCEL, **of_it, request_reference="R-1")
    story.tell_of(rejected, request_reference="R-1")
    assert broken(story.account) == []
    story.say("consignment.reallocation_requested", **CANCEL, **of_it, request_reference="R-2")
    story.only("forgotten: consignment.reallocation_requested")


def test_of_a_cancelled_order_nothing_is_alive(story: Story) -> None:
    cancelled(story)
    story.hold("Unallocated", "EC-9")
    story.only("alive: EC-9 of WEB-1, which is cancelled, is Unallocated")


def test_but_what_was_told_as_too_late(story: Story) -> None:
    story.say("order.cancelled", **CANCEL)
    story.tell("order.cancellation_rejected", rejection=TOO_LATE)
    assert broken(story.account) == []


def test_what_was_told_as_too_late_is_told_by_name(story: Story) -> None:
    story.say("order.cancelled", **CANCEL)
    other = {"code": "not_cancelled", "details": [{"code": "too_late", "target": "EC-9"}]}
    story.tell("order.cancellation_rejected", rejection=other)
    story.only("alive: EC-1 of WEB-1, which is cancelled, is Allocated")


def test_nothing_goes_on_once_a_cancellation_is_answered(story: Story) -> None:
    cancelled(story)
    story.say("stock.picked", order_reference="WEB-1", pick_reference="P-2")
    story.hold("Cancelled", "EC-2")
    names: dict[str, Any] = {"pick_reference": "P-2", "consignment_reference": "EC-2"}
    story.tell_of("consignment.created", **names)
    story.tell_of("consignment.allocation_failed", **names)
    story.only("goes on: consignment.created EC-2 of WEB-1")


def withdrawn(story: Story) -> None:
    story.say("pick.withdrawn", **WITHDRAW)
    story.tell_of("consignment.cancelled")
    story.tell("pick.withdrawal_applied", pick_reference="P-1")
    story.hold("Cancelled")


def test_of_a_withdrawn_pick_nothing_is_alive(story: Story) -> None:
    withdrawn(story)
    assert broken(story.account) == []
    story.hold("Unallocated", "EC-9")
    story.only("alive: EC-9 of ('WEB-1', 'P-1'), which is withdrawn, is Unallocated")


def test_what_was_rejected_and_withdrawn_may_be_picked_anew() -> None:
    story = Story()
    story.tell("pick.withdrawal_rejected", pick_reference="P-1")
    story.tell_of("consignment.created", direction="outbound")
    story.tell_of("consignment.allocation_failed")
    story.hold("AllocationFailed")
    assert broken(story.account) == []


def test_what_was_withdrawn_can_be_picked_again(story: Story) -> None:
    withdrawn(story)
    story.account.must_fit.add(("WEB-1", "REST"))
    story.say("stock.picked", order_reference="WEB-1", pick_reference="REST")
    rejection = {"code": "more_than_remains", "message": "1 picked, 0 left"}
    story.tell("pick.rejected", pick_reference="REST", rejection=rejection)
    story.only("still taken: ('WEB-1', 'REST')")


@pytest.mark.parametrize("location", ["A", None])
def test_nothing_is_allocated_at_the_wrong_location(story: Story, location: str | None) -> None:
    story.account.allocated_from.append(AllocatedFrom("EC-1", location))
    story.only(f"wrong origin: EC-1 was allocated at {location}, not B")


def test_nor_is_it_said_to_lie_where_nobody_said_so(story: Story) -> None:
    story.account.said[1] = Said(Place("stock.picked", 0, 1), "stock.picked", "WEB-1", WITHDRAW)
    story.only("wrong origin: EC-1 is said to lie at B")


def test_each_allocation_has_its_own_steps(story: Story) -> None:
    started = "consignment.reallocation_started"
    story.tell_of(started, 2, request_reference="R-1")
    story.tell_of("consignment.allocated", 2)
    story.tell_of("consignment.labelled", 2)
    story.tell_of("consignment.manifested", 2)
    story.hold("Manifested")
    assert broken(story.account) == []
    story.tell_of("consignment.labelled", 3)
    story.only("out of turn: EC-1 (allocation 3) was consignment.labelled")


def test_nothing_is_said_of_an_allocation_once_the_next_has_begun(story: Story) -> None:
    story.account.heard.pop()
    story.number -= 1
    story.tell_of("consignment.reallocation_started", 2, request_reference="R-1")
    story.tell_of("consignment.allocation_failed", 2)
    assert broken(story.account) == []
    story.tell_of("consignment.labelled", 1)
    story.only("out of turn: consignment.labelled of EC-1 was said of a void allocation")


def test_an_allocation_begun_anew_is_followed_by_its_end(story: Story) -> None:
    story.tell_of("consignment.reallocation_started", 2, request_reference="R-1")
    story.only("forgotten: consignment.reallocation_started of EC-1")


def test_a_cancellation_ends_the_steps(story: Story) -> None:
    story.account.heard.pop()
    story.number -= 1
    story.tell_of("consignment.cancelled")
    assert broken(story.account) == []
    story.tell_of("consignment.labelled")
    story.only("out of turn: consignment.labelled of EC-1 was said after its cancellation")


def test_what_nobody_was_told_of_is_not_told_as_cancelled(story: Story) -> None:
    story.tell_of("consignment.cancelled", consignment_reference="EC-7")
    story.only("out of turn: EC-7 was cancelled before it was created")
