"""What every group of operations shares: the one path of a call, and how a body is read."""

from typing import TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter

from service.events import exact_json
from service.pro.calls import Calls, OnCall
from service.pro.policy import ProPolicy
from service.pro.problems import Answer

M = TypeVar("M", bound=BaseModel)


class Asking:
    """Has the connections; the groups of operations build on it."""

    def __init__(
        self,
        policy: ProPolicy,
        on_call: OnCall | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`transport` stands in for the network."""
        self._policy = policy
        self._calls = Calls(policy, on_call, transport)


def segment(reference: str) -> str:
    """A reference as one path segment."""
    if reference in ("", ".", ".."):
        raise ValueError("an empty or dotted reference names nothing")
    return quote(reference, safe="")


def listed(answer: Answer, adapter: TypeAdapter[tuple[M, ...]]) -> tuple[M, ...]:
    """Read a list."""
    return adapter.validate_python(exact_json.loads(answer.body))


def one(answer: Answer, model: type[M]) -> M:
    """Read an object."""
    return model.model_validate(exact_json.loads(answer.body))


def nothing(_: Answer) -> None:
    """Any 2xx will do; the body is empty or says nothing (RULES 11, 12 to 14)."""
