"""PRO in process: the sandbox behind a transport that loses, delays and garbles as the dice say.

What PRO does with a request it does outside of every replica: a client that was killed, or gave
up, stops nothing that has left it.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from sandbox.door import Door
from sandbox.operations import NAMES, find
from sandbox.options import SandboxOptions
from sandbox.state import SandboxState
from sandbox.states import ConsignmentState
from sandbox.words import Direction
from service.pro.transport import Interrupted, NeverSent
from tests.proof.facts import AllocatedFrom

from .loop import START, VirtualLoop, current_fate
from .requests import consignments_in, is_allocation
from .scenario import PRO_FAULTS
from .trace import Trace
from .watch import Held

KEY = "sandbox-key"


@dataclass
class ProFaults:
    """How likely a call goes wrong (0 to 1), and what may befall it."""

    likely: float = 0.0
    kinds: tuple[str, ...] = PRO_FAULTS
    is_away: bool = False
    key_refused: bool = False


@dataclass
class Pro:
    """PRO's side, for all replicas of a run."""

    loop: VirtualLoop
    dice: random.Random
    trace: Trace
    read_timeout: float
    on_send: Callable[[httpx.Request, str, Held], None]
    """Told of every request as it leaves a replica, and of whose it is."""
    faults: ProFaults = field(default_factory=ProFaults)

    def __post_init__(self) -> None:
        options = SandboxOptions(keys=(KEY,), manifest_seconds=3.0, clock=self.now)
        self.state = SandboxState(options, NAMES)
        self._door = Door(self.state)
        self.pack_calls: dict[str, int] = {}
        self.allocated_from: list[AllocatedFrom] = []

    def now(self) -> datetime:
        """The time as PRO sees it."""
        return datetime.fromtimestamp(START + self.loop.time(), UTC)

    def held_since(self, customer_reference: str) -> float | None:
        """Since when it holds a live outbound consignment of this reference; None for none."""
        made = [
            each.created.timestamp() - START
            for each in self.state.consignments_of(customer_reference)
            if each.direction is not Direction.INBOUND
            and each.state is not ConsignmentState.CANCELLED
        ]
        return min(made, default=None)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Have the sandbox carry out a request, at once."""
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": request.content, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": request.method,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "path": request.url.path,
            "raw_path": request.url.raw_path.split(b"?")[0],
            "query_string": request.url.query,
            "scheme": "http",
            "server": ("pro", 80),
            "client": ("replica", 1),
            "root_path": "",
            "extensions": {},
        }
        try:
            self._door(scope, receive, send).send(None)
        except StopIteration:
            start, *bodies = sent
            content = b"".join(each.get("body", b"") for each in bodies)
            return httpx.Response(start["status"], headers=start["headers"], content=content)
        raise AssertionError("the sandbox waits for something")

    def carry_out(self, request: httpx.Request, who: str) -> httpx.Response:
        """Carry out, and write it down."""
        if is_allocation(request):
            made = [self.state.consignments.get(each) for each in consignments_in(request)]
            self.allocated_from += [
                AllocatedFrom(each.reference, each.shipping_location) for each in made if each
            ]
        response = self.answer(request)
        call = self.state.calls[-1]
        if call.operation in ("packOrder", "createConsignment") and call.changed:
            for reference in call.customer_references:
                self.pack_calls[reference] = self.pack_calls.get(reference, 0) + 1
        about = ", ".join(call.consignments or call.order_references)
        self.trace.note("pro", f"{call.operation} {about} → {response.status_code} (for {who})")
        return response


class FaultyTransport(httpx.AsyncBaseTransport):
    """A replica's way to PRO."""

    def __init__(self, pro: Pro) -> None:
        self._pro = pro

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request once. Raises NeverSent, Interrupted."""
        pro, dice = self._pro, self._pro.dice
        fate = current_fate.get()
        who = fate.name if fate else "world"
        await request.aread()
        pro.on_send(request, who, pro.held_since)
        fault = self._draw()
        if fault:
            found = find(request.method, request.url.raw_path.decode().split("?")[0])
            pro.trace.trouble(f"pro: {fault}", who, found[0].name if found else "?")
        await asyncio.sleep(dice.uniform(0.001, 0.05))
        if fault == "connect refused":
            raise NeverSent("refused", request=request)
        if fault == "429":
            headers = {"retry-after": str(dice.randint(1, 12))} if dice.random() < 0.7 else {}
            return httpx.Response(429, headers=headers, content=b"", request=request)
        if fault == "5xx":
            return httpx.Response(dice.choice((500, 502, 503)), content=b"", request=request)
        if fault == "key refused":
            request.headers["ocp-apim-subscription-key"] = "revoked"
        if fault == "latency":
            await asyncio.sleep(dice.uniform(0.2, pro.read_timeout * 1.2))
        if fault == "time-out before commit":
            return await self._hear_nothing(request)
        if fault == "late commit":
            pro.loop.outside(self._how_late(), pro.carry_out, request, who)
            return await self._hear_nothing(request)
        return await self._exchange(request, who, fault)

    def _draw(self) -> str:
        pro = self._pro
        if pro.faults.is_away:
            return "connect refused"
        if pro.faults.key_refused:
            return "key refused"
        if pro.dice.random() >= pro.faults.likely:
            return ""
        return pro.dice.choice(pro.faults.kinds)

    def _how_late(self) -> float:
        """Mostly soon, now and then after the last look-up: then it makes a stray."""
        dice = self._pro.dice
        return dice.uniform(0.1, 40.0) if dice.random() < 0.8 else dice.uniform(40.0, 900.0)

    async def _hear_nothing(self, request: httpx.Request) -> httpx.Response:
        """Wait until the client gives up, or the connection breaks."""
        pro = self._pro
        if pro.dice.random() < 0.5:
            await asyncio.sleep(pro.read_timeout)
            raise Interrupted("ReadTimeout", request=request)
        await asyncio.Event().wait()
        raise AssertionError

    async def _exchange(self, request: httpx.Request, who: str, fault: str) -> httpx.Response:
        pro, dice = self._pro, self._pro.dice
        answered: asyncio.Future[httpx.Response] = pro.loop.create_future()

        def act() -> None:
            response = pro.carry_out(request, who)
            if not answered.done():
                answered.set_result(response)

        pro.loop.outside(dice.uniform(0.001, 0.05), act)
        response = await answered
        if fault == "time-out after commit":
            return await self._hear_nothing(request)
        await asyncio.sleep(dice.uniform(0.001, 0.05))
        if fault == "dropped after commit":
            raise Interrupted("ServerDisconnectedError", request=request)
        if fault == "5xx after commit":
            return httpx.Response(502, content=b"<html>Bad gateway</html>", request=request)
        if fault == "garbage":
            return httpx.Response(response.status_code, content=b'{"Results": [', request=request)
        return response
