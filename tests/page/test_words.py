"""There is a plain word for everything that a page may have to tell."""

from datetime import UTC, datetime, timedelta

import pytest

from service.events.malformed import MalformedReason
from service.intake.gate import Closed
from service.intake.ladder import Why
from service.intake.step_guard import Paused
from service.ledger.attention_kinds import SAID, Action, Kind
from service.ledger.history import What
from service.ledger.lookups import OperationKind
from service.ledger.tables import OperationState, OrderState, ParkedState, PickState
from service.ledger.waiting import Stage
from service.page import consignment_page, intake, kind_words, state_words, timeline_words
from service.page.rendering import ago, link
from service.people.views import Entry, Item
from service.people.words import because
from service.pro import states

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def test_every_closed_list_has_its_words() -> None:
    assert set(kind_words.KINDS) == set(Kind)
    assert set(kind_words.ACTIONS) == set(Action)
    assert set(intake.WHY_CLOSED) == set(Closed)
    assert set(intake.WHY_STEP_PAUSED) == set(Paused)
    assert set(state_words.ORDERS) == {*OrderState, None}
    assert set(state_words.PICKS) == set(PickState)
    assert set(state_words.OPERATIONS) == set(OperationState)
    assert set(state_words.PARKED) == set(ParkedState)
    assert set(state_words.STAGES) == set(Stage) - {Stage.TO_BE_RECORDED}
    assert {"labels", "label", "commercial_invoice", "cn22", "cn23"} == set(consignment_page.KINDS)


@pytest.mark.parametrize("reason", [*Why, *MalformedReason])
def test_every_reason_to_wait_or_to_give_up_is_told(reason: str) -> None:
    assert because(reason) != reason


@pytest.mark.parametrize("what", What)
@pytest.mark.parametrize("operation", [*OperationKind, None])
def test_every_line_of_a_history_is_a_sentence(what: What, operation: OperationKind | None) -> None:
    details = {} if operation is None else {"operation": operation.value}
    line = timeline_words.line_of(Entry(at=NOW, what=what.value, event_id=None, details=details))
    assert len(line.says.split()) > 1
    assert "_" not in line.says


def test_a_line_tells_who_decided_and_all_that_is_kept() -> None:
    details = {"event": "stock.picked", "by": "ada", "reason": "mended", "ways": [{"way": "none"}]}
    line = timeline_words.line_of(
        Entry(at=NOW, what=What.REPLAYED.value, event_id="event-1", details=details)
    )
    assert (line.says, line.because) == ("ada had stock.picked replayed", "mended")
    assert dict(line.details)["ways"] == "way none"
    assert dict(line.details)["event id"] == "event-1"


def test_a_failed_manifest_says_whom_it_failed_for_and_its_code() -> None:
    details = {"operation": "confirm_manifest", "consignment": "EC-1", "code": "not_taken"}
    entry = Entry(at=NOW, what=What.REFUSED.value, event_id=None, details=details)
    assert timeline_words.line_of(entry).says == "The carrier was not told of EC-1 (not_taken)"


def test_a_word_of_a_later_version_is_shown_as_it_is() -> None:
    entry = Entry(at=NOW, what="teleported", event_id=None, details={})
    assert timeline_words.line_of(entry).says == "teleported"
    assert state_words.of_consignment("SomethingNew").word == "Something new"


@pytest.mark.parametrize("state", sorted(states.KNOWN))
def test_every_state_of_pro_is_in_separate_words(state: str) -> None:
    assert state_words.of_consignment(state).word.replace(" ", "").lower() == state.lower()


def test_a_parcel_that_went_wrong_does_not_look_well() -> None:
    tones = {state: state_words.of_consignment(state).tone for state in states.KNOWN}
    assert {tones[state] for state in ("Lost", "Damaged", "DeliveryFailed")} == {"bad"}
    assert {tones[state] for state in ("Delayed", "HeldByCarrier", "Allocated")} == {"wait"}
    assert {tones[state] for state in ("Manifested", "InTransit", "Delivered")} == {"good"}
    assert states.KNOWN >= state_words._IN_TROUBLE | state_words._HELD_UP


@pytest.mark.parametrize("kind", Kind)
def test_every_action_that_is_offered_begins_somewhere(kind: Kind) -> None:
    item = Item(
        item=f"{kind.value}:1",
        kind=kind,
        since=NOW,
        order_reference="WEB-1",
        pick_reference=None,
        consignment_reference="EC-1",
        shipping_location_reference=None,
        dead_letter=7 if Action.REPLAY in SAID[kind].actions else None,
        why="",
        do="",
        actions=SAID[kind].actions,
    )
    for action in item.actions:
        assert kind_words.address_of(action, item)
    bare = item.model_copy(
        update={"order_reference": None, "consignment_reference": None, "dead_letter": None}
    )
    assert kind_words.about(bare) == (f"{kind.value}:1", None)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (7_200, "2 hours ago"),
        (86_400 * 3, "3 days ago"),
        (-0.5, "just now"),
        (-30, "in a moment"),
        (-120, "in 2 minutes"),
    ],
)
def test_times_are_told_from_now(seconds: float, told: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == told


def test_an_address_keeps_whatever_stands_in_a_name() -> None:
    assert link("/order", reference="A/B &c=d", pick=None) == "/order?reference=A%2FB+%26c%3Dd"
