"""Whose turn it is: nobody waits for ever, and nobody goes before whom it has to follow."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.events.topics import EventType
from service.ledger.tables import ParkedState
from service.ledger.turns import (
    BEHIND,
    REPLAYED,
    STEP_OFF,
    TOO_EARLY,
    InLine,
    Place,
    ahead_of,
    may_run,
)

PLACED = InLine(EventType.ORDER_PLACED, None)
AMENDED = InLine(EventType.ORDER_AMENDED, None)
CANCELLED = InLine(EventType.ORDER_CANCELLED, None)
PICKED = InLine(EventType.STOCK_PICKED, None)
WITHDRAWN = InLine(EventType.PICK_WITHDRAWN, None)
CREATED = {name: InLine(EventType.CONSIGNMENT_CREATED, name) for name in ("EC-1", "EC-2")}
ALLOCATED = {name: InLine(EventType.CONSIGNMENT_ALLOCATED, name) for name in ("EC-1", "EC-2")}
STARTED = InLine(EventType.CONSIGNMENT_REALLOCATION_STARTED, "EC-1")
REALLOCATE = InLine(EventType.CONSIGNMENT_REALLOCATION_REQUESTED, "EC-1")
EVENTS = [
    PLACED,
    AMENDED,
    PICKED,
    WITHDRAWN,
    *CREATED.values(),
    *ALLOCATED.values(),
    STARTED,
    REALLOCATE,
]
ANY_EVENT = st.sampled_from([*EVENTS, CANCELLED])
TRIED = ("retryable", "busy", "unknown", REPLAYED)


def parked(sequence: int, event: InLine, error_class: str = "retryable") -> Place:
    return Place(sequence, event, ParkedState.PARKED, error_class, holds=True)


def dead(
    sequence: int, event: InLine, error_class: str = "retryable", *, holds: bool = True
) -> Place:
    return Place(sequence, event, ParkedState.DEAD, error_class, holds)


@st.composite
def lines(draw: st.DrawFn, *, with_dead: bool) -> list[Place]:
    """The line of an order, whatever led to it; what waits for nothing is never too early, and a
    cancellation is never behind."""
    line: list[Place] = []
    for sequence in range(1, draw(st.integers(1, 8)) + 1):
        event = draw(ANY_EVENT)
        classes = [STEP_OFF, *TRIED, *([TOO_EARLY] if event.stage else [])]
        if event != CANCELLED:
            classes.append(BEHIND)
        place = parked(sequence, event, draw(st.sampled_from(classes)))
        if with_dead and draw(st.booleans()):
            end = draw(st.sampled_from([ParkedState.DEAD, ParkedState.DISCARDED]))
            place = replace(place, state=end, holds=draw(st.booleans()))
        line.append(place)
    return line


def is_waiting(place: Place) -> bool:
    return place.state is ParkedState.PARKED and place.error_class != STEP_OFF


def builds_on(place: Place, line: list[Place]) -> list[Place]:
    """Those that have to end before an event can: of earlier stages, and for what takes picks back
    the picks, which make consignments."""
    takes_back = place.event in (CANCELLED, WITHDRAWN)
    return [
        one
        for one in line
        if is_waiting(one)
        and one.event != CANCELLED
        and (one.event.stage < place.event.stage or (takes_back and one.event == PICKED))
    ]


def run_one(line: list[Place], data: st.DataObject) -> list[Place]:
    """Let one of those run whose turn it is; one that is too early ends after what it waits for."""
    turns = [place for place in line if is_waiting(place) and may_run(place, line)]
    found_early: list[Place] = []
    may_end: list[Place] = []
    for place in turns:
        if not builds_on(place, line):
            may_end.append(place)
        elif place.error_class not in (TOO_EARLY, "awaiting_lookup"):
            found_early.append(place)
    assert may_end + found_early, f"all wait for one another: {line}"
    chosen = data.draw(st.sampled_from(may_end + found_early))
    if chosen in may_end or data.draw(st.booleans()):
        return [one for one in line if one is not chosen]
    waits_as = "awaiting_lookup" if chosen.event == CANCELLED else TOO_EARLY
    early = replace(chosen, error_class=waits_as)
    return [early if one is chosen else one for one in line]


@given(lines(with_dead=False), st.data())
def test_nobody_waits_for_ever(line: list[Place], data: st.DataObject) -> None:
    while any(map(is_waiting, line)):
        line = run_one(line, data)


@given(lines(with_dead=True), st.data())
def test_nobody_waits_for_ever_once_people_discard_what_is_dead(
    line: list[Place], data: st.DataObject
) -> None:
    while letters := [place for place in line if place.state is ParkedState.DEAD]:
        discarded = data.draw(st.sampled_from(letters))
        line = [
            replace(one, state=ParkedState.DISCARDED) if one is discarded else one for one in line
        ]
    while any(map(is_waiting, line)):
        line = run_one(line, data)


@pytest.mark.parametrize("event", [one for one in EVENTS if one is not REALLOCATE])
def test_a_reallocation_that_came_too_early_holds_nobody_it_may_wait_for(event: InLine) -> None:
    assert ahead_of(event, [parked(1, REALLOCATE, TOO_EARLY)]) is None


def test_what_came_too_early_and_what_was_tried_behind_it_do_not_wait_for_the_order_together() -> (
    None
):
    early = parked(1, PICKED, TOO_EARLY)
    tried = parked(2, PICKED, "busy")
    assert ahead_of(PLACED, [early, tried]) is None
    assert not may_run(tried, [early, tried])


def passes_nobody(before: Place, later: Place) -> bool:
    """Whether neither is a cancellation, nor the earlier a withdrawal that came too early."""
    early = before.event == WITHDRAWN and before.error_class == TOO_EARLY
    return CANCELLED not in (before.event, later.event) and not early


@given(lines(with_dead=True))
def test_a_cancellation_waits_behind_nobody_and_holds_nobody_up(line: list[Place]) -> None:
    assert ahead_of(CANCELLED, line) is None
    waiting = [one for one in line if one.event == CANCELLED and is_waiting(one)]
    without = [one for one in line if one not in waiting]
    for event in EVENTS:
        assert ahead_of(event, line) == ahead_of(event, without)


@pytest.mark.parametrize("event", EVENTS)
def test_a_cancellation_that_died_holds_its_order(event: InLine) -> None:
    letter = dead(1, CANCELLED)
    assert ahead_of(event, [letter]) is letter


@given(lines(with_dead=False), ANY_EVENT)
def test_a_withdrawal_that_came_too_early_holds_nobody(line: list[Place], event: InLine) -> None:
    for letter in (parked(0, WITHDRAWN, TOO_EARLY), dead(0, WITHDRAWN, TOO_EARLY)):
        assert ahead_of(event, [letter, *line]) == ahead_of(event, line)


@given(lines(with_dead=True))
def test_events_of_a_stage_run_in_the_order_they_came(line: list[Place]) -> None:
    for number, later in enumerate(line):
        for before in line[:number]:
            same = (before.event.stage, before.event.consignment_reference) == (
                later.event.stage,
                later.event.consignment_reference,
            )
            if same and is_waiting(before) and passes_nobody(before, later):
                assert not may_run(later, line), f"{later} overtakes {before}"


@given(lines(with_dead=True), ANY_EVENT)
def test_one_waits_behind_what_runs_or_is_dead_never_behind_what_waits_itself(
    line: list[Place], event: InLine
) -> None:
    ahead = ahead_of(event, line)
    if ahead is not None:
        assert ahead.state is ParkedState.DEAD or (is_waiting(ahead) and may_run(ahead, line))


@pytest.mark.parametrize("name", ["EC-1", "EC-2"])
@pytest.mark.parametrize("event", EVENTS)
def test_a_dead_letter_of_a_consignment_holds_its_consignment_and_nothing_else(
    name: str, event: InLine
) -> None:
    letter = dead(1, CREATED[name])
    held = ahead_of(event, [letter]) is letter
    assert held == (event.consignment_reference == name)


@given(lines(with_dead=False), ANY_EVENT)
def test_a_dead_letter_of_another_consignment_is_as_if_it_were_not_there(
    line: list[Place], event: InLine
) -> None:
    letter = dead(0, InLine(EventType.CONSIGNMENT_CREATED, "EC-another"))
    assert ahead_of(event, [letter, *line]) == ahead_of(event, line)


@pytest.mark.parametrize("event", EVENTS)
def test_a_dead_letter_of_the_order_holds_all_of_it(event: InLine) -> None:
    letter = dead(1, PICKED)
    assert ahead_of(event, [letter]) is letter


@given(st.lists(st.tuples(ANY_EVENT, st.sampled_from([TOO_EARLY, BEHIND, *TRIED])), max_size=6))
def test_what_came_too_early_never_holds_an_earlier_stage_up_nor_does_what_waits_behind_it(
    behind: list[tuple[InLine, str]],
) -> None:
    line = [parked(1, PICKED, TOO_EARLY)]
    line += [
        parked(number, event, why)
        for number, (event, why) in enumerate(behind, start=2)
        if event.stage >= PICKED.stage
    ]
    assert ahead_of(PLACED, line) is None
    assert ahead_of(PICKED, line) is line[0]
    assert ahead_of(CREATED["EC-1"], line) is line[0]


@pytest.mark.parametrize("event", EVENTS)
def test_a_dead_letter_that_came_too_early_lets_pass_what_it_waited_for(event: InLine) -> None:
    letter = dead(1, PICKED, TOO_EARLY)
    assert (ahead_of(event, [letter]) is None) == (event.stage < PICKED.stage)


@given(st.lists(st.tuples(ANY_EVENT, st.integers(0, 2)), max_size=6), ANY_EVENT)
def test_a_step_off_a_discarded_event_and_a_letter_that_holds_not_hold_nobody(
    found: list[tuple[InLine, int]], event: InLine
) -> None:
    line = [
        (
            parked(number, one, STEP_OFF),
            dead(number, one, holds=False),
            replace(dead(number, one), state=ParkedState.DISCARDED),
        )[kind]
        for number, (one, kind) in enumerate(found)
    ]
    assert ahead_of(event, line) is None


@given(lines(with_dead=True))
def test_places_after_its_own_never_matter(line: list[Place]) -> None:
    for number, place in enumerate(line):
        assert may_run(place, line) == may_run(place, line[:number])
