"""A caller of PRO whose every answer is held against the contract."""

import copy
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from sandbox.app import create_app
from sandbox.operations import find
from sandbox.options import DEFAULT_KEY, SandboxOptions
from sandbox.state import SandboxState

from .document import Contract
from .samples import ORDER, PACK

# Refusals of the gateway or of the sandbox itself, which no operation of the contract lists;
# 400 is judged as the BadRequest of the other operations.
UNLISTED = {406, 415, 429, 500, 503}

HEADERS = {"ocp-apim-subscription-key": DEFAULT_KEY, "electio-api-version": "1.1"}


class Clock:
    """Time that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 8, 15, 30, 123456, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The time."""
        return self.now

    def forward(self, seconds: float) -> None:
        """Moves it on."""
        self.now += timedelta(seconds=seconds)


class Caller:
    """Calls a sandbox in process."""

    def __init__(self, contract: Contract, options: SandboxOptions) -> None:
        self.app = create_app(options)
        self.state: SandboxState = self.app.state.sandbox
        self._contract = contract
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app),
            base_url="http://sandbox",
            headers=HEADERS,
            event_hooks={"response": [self._judge]},
        )

    async def _judge(self, response: httpx.Response) -> None:
        await response.aread()
        request = response.request
        found = find(request.method, request.url.raw_path.decode().partition("?")[0])
        if found is None or request.url.path.startswith("/_sandbox"):
            return
        problems = judge(self._contract, found[0].name, response.status_code, response.content)
        assert not problems, (request.method, str(request.url), response.text, problems)
        if response.is_success:
            # What the sandbox takes and PRO's document does not would mislead a client.
            sent = json.loads(request.content) if request.content else None
            problems = self._contract.problems_of_request(found[0].name, sent)
            assert not problems, (request.method, str(request.url), sent, problems)

    async def call(self, method: str, path: str, body: Any = None, **named: Any) -> httpx.Response:
        """One call; a body is sent as JSON."""
        return await self.client.request(method, path, json=body, **named)

    async def good(self, method: str, path: str, body: Any = None) -> Any:
        """The body of a 2xx or 300 answer."""
        response = await self.call(method, path, body)
        assert response.status_code < 400, response.text
        return response.json() if response.content else None

    async def order(self, **changes: Any) -> str:
        """Makes the sample order; its EO- reference."""
        links = await self.good("POST", "/orders", changed(ORDER, changes))
        return last_segment(links)

    async def pack(self, order: str | None = None, **changes: Any) -> str:
        """Packs the sample pick; the EC- reference of the outbound consignment."""
        order = order or await self.order()
        body = changed(PACK, {"OrderReference": order} | changes)
        answer = await self.good("POST", f"/orders/{order}/pack", body)
        return made(answer, "ConsignmentCreated")

    async def allocate(self, *references: str) -> list[dict[str, Any]]:
        """Allocates by default rules; the summaries."""
        body = {"ConsignmentReferences": list(references)}
        summaries: list[dict[str, Any]] = await self.good("PUT", "/allocation/allocate", body)
        return summaries

    async def allocated(self, **changes: Any) -> str:
        """An allocated consignment."""
        reference = await self.pack(**changes)
        assert (await self.allocate(reference))[0]["StatusCode"] == 200
        return reference

    async def read(self, reference: str) -> dict[str, Any]:
        """A consignment."""
        consignment: dict[str, Any] = await self.good("GET", f"/consignments/{reference}")
        return consignment

    async def state_of(self, reference: str) -> str:
        """The state of a consignment."""
        status = await self.good("GET", f"/consignments/{reference}/status")
        return str(status["Status"])


def judge(contract: Contract, operation: str, status: int, content: bytes) -> list[str]:
    """What is wrong with an answer."""
    body = json.loads(content) if content else None
    if status in UNLISTED - contract.statuses(operation):
        return contract.problems_of_schema("ApiError", body)
    if status == 400 and 400 not in contract.statuses(operation):
        return contract.problems_of_schema("ApiError", body)
    return contract.problems(operation, status, body)


def changed(sample: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A copy of a sample with some fields changed; `...` takes a field away."""
    body = copy.deepcopy(sample) | changes
    return {name: value for name, value in body.items() if value is not ...}


def last_segment(links: list[dict[str, str]]) -> str:
    """The reference in the first of some links."""
    return links[0]["Href"].rpartition("/")[2]


def made(answer: dict[str, Any], word: str) -> str:
    """The reference in the result with this word."""
    (result,) = (each for each in answer["Results"] if each["Result"] == word)
    return last_segment(result["ApiLinks"])


def targets(response: httpx.Response) -> list[str]:
    """The places of the problems in an error."""
    assert response.status_code == 400, response.text
    return [detail["Target"] for detail in response.json()["Details"]]


def without(part: Any, names: Iterable[str]) -> Any:
    """A copy without some fields, at any depth."""
    dropped = set(names)
    if isinstance(part, list):
        return [without(each, dropped) for each in part]
    if isinstance(part, dict):
        return {
            name: without(value, dropped) for name, value in part.items() if name not in dropped
        }
    return part
