"""What the tests of the stand-in share."""

from collections.abc import AsyncIterator

import pytest

from sandbox.options import SandboxOptions

from .caller import Caller, Clock
from .document import Contract


@pytest.fixture(scope="session")
def contract() -> Contract:
    """PRO's OpenAPI document."""
    return Contract()


@pytest.fixture
def clock() -> Clock:
    """Time of the sandbox under test."""
    return Clock()


@pytest.fixture
async def pro(contract: Contract, clock: Clock) -> AsyncIterator[Caller]:
    """A sandbox in process; each of its answers is held against the contract."""
    caller = Caller(contract, SandboxOptions(clock=clock, manifest_seconds=5))
    async with caller.client:
        yield caller
