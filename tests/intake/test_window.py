"""Whatever comes in whatever order, nothing is skipped, doubled or forgotten."""

from collections.abc import Callable
from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from service.intake.window import Lanes, OffsetWindow

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("admit"), st.sampled_from("abc")),
        st.tuples(st.just("start"), st.just("")),
        st.tuples(st.just("finish"), st.sampled_from("abc")),
        st.tuples(st.just("drop"), st.sampled_from(["all", "even", "odd", "late"])),
    ),
    max_size=60,
)


def without(waiting: dict[str, list[int]], gone: list[int]) -> dict[str, list[int]]:
    return {key: [item for item in items if item not in gone] for key, items in waiting.items()}


MEANT: dict[str, Callable[[int], bool]] = {
    "all": lambda _: True,
    "even": lambda item: item % 2 == 0,
    "odd": lambda item: item % 2 == 1,
    "late": lambda item: item > 10,
}


@given(STEPS, st.integers(1, 4))
def test_lanes_run_each_item_once_in_its_order_and_never_two_of_a_key(
    steps: list[tuple[str, str]], most: int
) -> None:
    lanes: Lanes[int] = Lanes(most)
    waiting: dict[str, list[int]] = {"a": [], "b": [], "c": []}
    running: dict[str, int] = {}
    started: list[int] = []
    dropped: list[int] = []
    finished = 0

    def start() -> None:
        for key, item in lanes.start():
            assert key not in running, "two of one key at once"
            assert item == waiting[key].pop(0), "not in the order of arrival"
            running[key] = item
            started.append(item)
        assert len(running) <= most
        idle = [key for key, items in waiting.items() if items and key not in running]
        assert not idle or len(running) == most, "a lane was forgotten"

    for number, (step, key) in enumerate(steps):
        if step == "admit":
            lanes.admit(key, number)
            waiting[key].append(number)
        elif step == "start":
            start()
        elif step == "drop":
            gone = lanes.drop_waiting(MEANT[key])
            assert sorted(gone) == sorted(filter(MEANT[key], chain(*waiting.values())))
            dropped += gone
            waiting = without(waiting, gone)
        elif key in running:
            lanes.finish(key)
            del running[key]
            finished += 1
        assert lanes.running == len(running)
        assert lanes.admitted == len(running) + sum(map(len, waiting.values()))
    while lanes.admitted:
        start()
        for key in list(running):
            lanes.finish(key)
            del running[key]
            finished += 1
    admitted = [number for number, (step, _) in enumerate(steps) if step == "admit"]
    assert sorted(started + dropped) == admitted
    assert finished == len(started)


@given(st.data())
def test_an_offset_is_committed_only_when_all_before_it_are_finished(data: st.DataObject) -> None:
    window = OffsetWindow()
    gaps = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=25))
    to_come = [sum(gaps[: n + 1]) for n in range(len(gaps))]  # compacted topics have gaps
    unfinished: list[int] = []
    admitted: list[int] = []
    finished: set[int] = set()
    committed = -1
    while to_come or unfinished:
        if to_come and (not unfinished or data.draw(st.booleans())):
            offset = to_come.pop(0)
            assert window.admit(offset)
            assert not window.admit(offset), "admitted twice"
            admitted.append(offset)
            unfinished.append(offset)
        else:
            done = data.draw(st.sampled_from(unfinished))
            window.finish(done)
            unfinished.remove(done)
            finished.add(done)
        assert window.unfinished == len(unfinished)
        position = window.position
        assert all(offset in finished for offset in admitted if offset < position)
        assert position == (min(unfinished) if unfinished else admitted[-1] + 1)
        wanted = window.to_commit()
        assert wanted in (None, position)
        if wanted is not None and data.draw(st.booleans()):
            assert wanted > committed, "a commit that goes back"
            window.committed(wanted)
            committed = wanted
    if committed < admitted[-1] + 1:
        assert window.to_commit() == admitted[-1] + 1
    window.committed(window.position)
    assert window.to_commit() is None


@given(st.data())
def test_what_is_given_back_is_read_again_and_nothing_is_committed_before_it_is_settled(
    data: st.DataObject,
) -> None:
    """The engine's part is played here: it reads on, runs, and goes back to what is given back."""
    window = OffsetWindow()
    last = data.draw(st.integers(1, 12))
    reading = 0
    running: list[int] = []
    settled: set[int] = set()
    committed = 0
    steps = 0
    while len(settled) <= last:
        steps += 1
        backs = steps < 60  # then all works, so that it comes to an end
        may = ["read"] * (reading <= last) + ["settle"] * bool(running)
        step = data.draw(st.sampled_from(may + ["give back"] * (bool(running) and backs)))
        if step == "read":
            assert window.admit(reading), f"{reading} would never run"
            running.append(reading)
            reading += 1
        else:
            offset = data.draw(st.sampled_from(running))
            running.remove(offset)
            if step == "settle":
                settled.add(offset)
                window.finish(offset)
            elif window.give_back(offset):
                assert reading > offset
                reading = offset
            else:
                assert reading <= offset, "would be read again by nobody"
        assert all(offset in settled for offset in range(window.position))
        assert window.position <= reading
        assert window.gap == max(0, reading - window.position)
        wanted = window.to_commit()
        if wanted is not None and data.draw(st.booleans()):
            assert wanted > committed or committed == 0
            window.committed(wanted)
            committed = wanted
    while reading <= last:
        assert window.admit(reading)
        window.finish(reading)
        reading += 1
    for offset in running:
        window.finish(offset)
    assert window.position == last + 1


def test_nothing_admitted_is_nothing_to_commit() -> None:
    assert OffsetWindow().to_commit() is None
