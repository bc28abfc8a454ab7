"""A clock that stands still until a test moves it."""

from types import ModuleType

import pytest


class Time:
    """Stands in for the module `time`."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


def stopped(monkeypatch: pytest.MonkeyPatch, module: ModuleType) -> Time:
    """Give a module a clock that stands still."""
    made = Time()
    monkeypatch.setattr(module, "time", made)
    return made
