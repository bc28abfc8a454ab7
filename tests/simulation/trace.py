"""What happened in a run, step by step: the same for the same seed, letter by letter."""

import hashlib
from collections import Counter
from collections.abc import Callable


class Trace:
    """The steps of one run. `clock` gives seconds since it began."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lines: list[tuple[float, str, str]] = []
        self.happened: Counter[str] = Counter()
        """How often each kind of trouble was made."""

    def note(self, who: str, what: str) -> float:
        """Write a step down; gives its number, which serves as a time without ties."""
        self._lines.append((self._clock(), who, what))
        return float(len(self._lines))

    def trouble(self, kind: str, who: str, what: str = "") -> None:
        """Write down trouble that was made on purpose."""
        self.happened[kind] += 1
        self.note(who, f"!! {kind} {what}".rstrip())

    @property
    def step(self) -> float:
        """The number of the last step."""
        return float(len(self._lines))

    def lines(self, last: int | None = None) -> list[str]:
        """Give the steps as lines, or only the last ones."""
        chosen = self._lines if last is None else self._lines[-last:]
        return [f"{at:10.3f} {who:<9} {what}" for at, who, what in chosen]

    def digest(self) -> str:
        """Give a text that two runs share only if they went the same way."""
        return hashlib.sha256("\n".join(self.lines()).encode()).hexdigest()[:16]
