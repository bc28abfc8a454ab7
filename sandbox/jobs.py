"""What is to happen later, as data: it can be kept in a file and done after a restart."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.state import SandboxState

Action = Callable[["SandboxState", list[str]], None]
_ACTIONS: dict[str, Action] = {}


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to do."""

    number: int
    due: datetime
    action: str
    arguments: list[str]
    """References, mostly: whatever they name may have changed until it is due."""

    def carry_out(self, state: "SandboxState") -> None:
        """Does it."""
        _ACTIONS[self.action](state, self.arguments)


def action(name: str) -> Callable[[Action], Action]:
    """Gives a function the name under which jobs ask for it."""

    def register(function: Action) -> Action:
        _ACTIONS[name] = function
        return function

    return register
