"""Who strikes when: tracks side by side, each a seeded order of its blows, one after the other."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from .blows import Blows

TRIES = 3
"""How often a blow that finds no occasion is tried before the run counts as one without it."""


@dataclass(frozen=True)
class Entry:
    """Something that happened, `at` seconds after the beginning."""

    at: float
    track: str
    text: str


@dataclass
class Chronicle:
    """What was done, how often it really happened, and what should never have."""

    began: float = field(default_factory=time.monotonic)
    entries: list[Entry] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def note(self, track: str, text: str) -> None:
        """Write down what happens now."""
        self.entries.append(Entry(time.monotonic() - self.began, track, text))


@dataclass(frozen=True)
class Track:
    """Blows that come one after the other. With `in_turn` in their given order."""

    name: str
    blows: Blows
    in_turn: bool = False

    async def run(self, dice: random.Random, seconds: float, chronicle: Chronicle) -> None:
        """Strike every blow at least once, then round by round until the time is over."""
        deadline = time.monotonic() + seconds
        first_round = self._shuffled(dice) * TRIES
        for name in first_round:
            if not chronicle.counts[name]:
                await self._strike(name, dice, chronicle)
        while True:
            for name in self._shuffled(dice):
                if time.monotonic() >= deadline:
                    return
                await self._strike(name, dice, chronicle)

    def _shuffled(self, dice: random.Random) -> list[str]:
        names = list(self.blows)
        if not self.in_turn:
            dice.shuffle(names)
        return names

    async def _strike(self, name: str, dice: random.Random, chronicle: Chronicle) -> None:
        await asyncio.sleep(dice.uniform(0.1, 0.8))
        chronicle.note(self.name, name)
        try:
            happened = await self.blows[name](dice)
        except Exception as error:  # noqa: BLE001 - the run goes on, and ends as failed
            chronicle.faults.append(f"{name}: {type(error).__name__}: {error}")
            chronicle.note(self.name, f"{name}: {type(error).__name__}")
            return
        if happened:
            chronicle.counts[name] += 1
        chronicle.note(self.name, f"{name}: over" if happened else f"{name}: did not come to it")


def never_happened(tracks: Sequence[Track], chronicle: Chronicle) -> list[str]:
    """Name the blows that no one has felt: a run without them proves less than it says."""
    wanted = dict.fromkeys(name for track in tracks for name in track.blows)
    return [name for name in wanted if not chronicle.counts[name]]


def dealt(blows: Sequence[Blows], dice: random.Random) -> list[Blows]:
    """Deal the blows that several tracks have in common, so that each is on one of them."""
    names = list(blows[0])
    dice.shuffle(names)
    return [
        {name: own[name] for name in names[number :: len(blows)]}
        for number, own in enumerate(blows)
    ]


async def rage(tracks: Sequence[Track], seed: int, seconds: float, chronicle: Chronicle) -> None:
    """Run all tracks side by side."""
    async with asyncio.TaskGroup() as group:
        for track in tracks:
            dice = random.Random(f"{track.name} {seed}")  # noqa: S311
            group.create_task(track.run(dice, seconds, chronicle))
