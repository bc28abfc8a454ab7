"""The parts of the chaos suite: it notices what did not happen, and means its seed."""

import asyncio
import contextlib
import random
from collections import Counter
from pathlib import Path

import pytest

from .door import Door
from .report import report
from .running import Findings, Plan
from .schedule import TRIES, Chronicle, Track, dealt, never_happened, rage
from .stream import DECK, Platform, Trait, Utterance


async def nothing(_: Utterance) -> None:
    """Publish into the void."""


def events_of(seed: int, orders: int) -> list[Utterance]:
    """Make the events of some orders."""
    platform = Platform(nothing, seed, 1.0, lambda _: 0)
    return [event for number in range(orders) for event in platform.order(f"WEB-{number}")]


async def felt(_: random.Random) -> bool:
    """Happen."""
    return True


async def missed(_: random.Random) -> bool:
    """Find no occasion."""
    return False


async def broken(_: random.Random) -> bool:
    """Break something that should not break."""
    raise RuntimeError("it did not come back")


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the pauses between blows take no time."""
    sleep = asyncio.sleep
    monkeypatch.setattr("tests.chaos.schedule.asyncio.sleep", lambda _: sleep(0))


@pytest.mark.usefixtures("no_pauses")
async def test_a_blow_that_never_happened_is_named() -> None:
    chronicle = Chronicle()
    tracks = [Track("one", {"felt": felt, "missed": missed}), Track("two", {"also felt": felt})]
    await rage(tracks, 1, 0.0, chronicle)
    assert never_happened(tracks, chronicle) == ["missed"]
    tried = [entry.text for entry in chronicle.entries if entry.text == "missed"]
    assert len(tried) == TRIES


@pytest.mark.usefixtures("no_pauses")
async def test_a_blow_that_breaks_something_is_a_fault_and_the_others_go_on() -> None:
    chronicle = Chronicle()
    await rage([Track("one", {"broken": broken, "felt": felt})], 1, 0.0, chronicle)
    assert chronicle.counts == {"felt": 1}
    assert chronicle.faults
    assert "it did not come back" in chronicle.faults[0]


@pytest.mark.usefixtures("no_pauses")
async def test_blows_go_on_round_by_round_until_the_time_is_over() -> None:
    chronicle = Chronicle()
    await rage([Track("one", {"felt": felt, "felt too": felt})], 1, 0.2, chronicle)
    assert min(chronicle.counts.values()) > 1


def test_each_common_blow_is_dealt_to_one_track() -> None:
    hands = dealt([{"a": felt, "b": felt, "c": felt}] * 2, random.Random(1))  # noqa: S311
    assert Counter(name for hand in hands for name in hand) == {"a": 1, "b": 1, "c": 1}


def test_the_same_seed_says_the_same() -> None:
    assert events_of(7, 40) == events_of(7, 40)
    assert events_of(7, 40) != events_of(8, 40)


def test_every_trait_comes_in_every_deck() -> None:
    platform = Platform(nothing, 1, 1.0, lambda _: 0)
    for number in range(sum(DECK.values())):
        list(platform.order(f"WEB-{number}"))
    assert platform.counts == {trait.value: count for trait, count in DECK.items()}
    assert set(DECK) == set(Trait)


async def test_a_shut_door_refuses_and_cuts_what_is_open() -> None:
    answering: list[asyncio.StreamWriter] = []

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answering.append(writer)
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                writer.write(line)
        writer.close()

    async with await asyncio.start_server(echo, "127.0.0.1", 0) as behind:
        door = Door(behind.sockets[0].getsockname()[1])
        await door.open()
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(b"anybody there?\n")
        assert await reader.readline() == b"anybody there?\n"
        await door.shut()
        assert await reader.readline() == b""
        assert await door.refuses()
        await door.open()
        assert not await door.refuses()
        await door.shut()
        writer.transport.abort()
        async with asyncio.timeout(5):
            while not all(one.is_closing() for one in answering):  # noqa: ASYNC110
                await asyncio.sleep(0.01)


def test_a_failure_tells_of_each_kind_the_seed_and_what_happened_when() -> None:
    chronicle = Chronicle()
    chronicle.note("PRO", "PRO refuses connections")
    findings = Findings(Plan(seed=7, seconds=1.0), chronicle, {})
    findings.broken = [*(f"overtaken: {number}" for number in range(9)), "two parcels: WEB-1"]
    told = report(findings, Path("/somewhere"))
    for wanted in (
        "10 broken promises",
        "overtaken: 4",
        "4 more of: overtaken",
        "two parcels: WEB-1",
        "PRO refuses connections",
        "CHAOS_SEED=7",
        "/somewhere",
    ):
        assert wanted in told
    assert "overtaken: 5" not in told
