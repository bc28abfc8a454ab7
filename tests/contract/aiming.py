"""Generated calls that get past the first refusal: a good call, one value of it generated."""

import asyncio
import copy
import itertools
from collections.abc import Mapping
from typing import Any

from sandbox.operations import find
from sandbox.options import SandboxOptions

from .caller import Caller, Clock
from .document import Contract
from .test_operations import CALLS


class Target:
    """A sandbox of its own, in which a good call of one operation was just made."""

    def __init__(self, contract: Contract, operation: str) -> None:
        pro = Caller(contract, SandboxOptions(clock=Clock(), manifest_seconds=5))
        asyncio.run(self._make(pro, operation))
        good = pro.state.calls[-1]
        found = find(good.method, good.path)
        assert found is not None
        assert found[0].name == operation
        self.app = pro.app
        self.path_parameters: Mapping[str, Any] = found[1]
        """Of the good call."""
        self._body = good.request_body
        self._turn = itertools.count()

    async def _make(self, pro: Caller, operation: str) -> None:
        async with pro.client:
            await CALLS[operation](pro)

    def body(self, generated: Any) -> Any:
        """The good call's body with one value from a generated body, each time another one."""
        return _one_changed(self._body, generated, next(self._turn))


def _one_changed(good: Any, generated: Any, turn: int) -> Any:
    if isinstance(good, dict) and isinstance(generated, dict) and generated:
        names = sorted(generated)
        name = names[turn % len(names)]
        inner = _one_changed(good.get(name), generated[name], turn // len(names))
        return copy.deepcopy(good) | {name: inner}
    if isinstance(good, list) and good and isinstance(generated, list) and generated:
        place = turn % min(len(good), len(generated))
        inner = _one_changed(good[place], generated[place], turn // 2)
        return [*copy.deepcopy(good[:place]), inner, *copy.deepcopy(good[place + 1 :])]
    return generated
