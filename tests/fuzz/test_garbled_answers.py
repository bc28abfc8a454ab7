"""Answers of PRO that were good and went wrong, through the whole service: each has its verdict."""

import json
import random
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from service.events.topics import EventType
from service.ledger.tables import ParkedState

from .budget import ANSWERS
from .hostile import VALUES, Pairs, written
from .mutated import Change, changed, doubled, dropped, examples, parts, places, setting
from .stand import Sent, Stand, standing

PARTS = 4
STORY = (
    "order.placed.minimum",
    "stock.picked.minimum",
    "order.amended.minimum",
    "order.cancelled.full",
)
LATER = ("manifest.requested.minimum",)
MOST_CALLS = 9
BODIES = (b"", b"{", b"null", b"[]", b"{}", b"\xff", b"[" * 100_000, b'"' + b"x" * 200_000 + b'"')
STATUSES = (200, 201, 202, 204, 206, 302, 400, 404, 409, 410, 418, 422, 500, 599, 999)


Planned = tuple[int, int | None, bytes | None, int]
"""Which call since the story began; another status; another body, or None: dice for its parts."""
_PLANS = st.lists(
    st.tuples(
        st.integers(0, MOST_CALLS),
        st.none() | st.none() | st.sampled_from(STATUSES),
        st.none() | st.none() | st.none() | st.sampled_from(BODIES),
        st.integers(0, 2**32),
    ),
    min_size=1,
    max_size=3,
)


@dataclass
class Garbling(httpx.AsyncBaseTransport):
    """The way to PRO, on which answers go wrong as planned."""

    pro: httpx.AsyncBaseTransport | None = None
    plan: dict[int, Planned] = field(default_factory=dict)
    calls: int = 0
    garbled: list[str] = field(default_factory=list)

    def between(self, pro: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        """Stand between the service and PRO."""
        self.pro = pro
        return self

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert self.pro is not None
        response = await self.pro.handle_async_request(request)
        planned = self.plan.pop(self.calls, None)
        self.calls += 1
        if planned is None:
            return response
        _, status, body, number = planned
        if body is None:
            body = _with_wrong_parts(response.content, random.Random(number))  # noqa: S311
        self.garbled.append(f"{request.method} {request.url.path} → {status} {body[:300]!r}")
        return httpx.Response(status or response.status_code, content=body, request=request)


def _with_wrong_parts(body: bytes, dice: random.Random) -> bytes:
    """Change one to three places of an answer."""
    if body[:1] not in (b"{", b"["):
        return body
    whole: Any = {"it": json.loads(body)}
    for _ in range(dice.randint(1, 3)):
        places_in = [place for place in places(whole) if len(place) > 1]
        if places_in:
            whole = changed(whole, dice.choice(places_in), _change(dice))
        if any(isinstance(part, Pairs) for part in parts(whole)):
            break
    return written(whole["it"]).encode("utf-8", "surrogatepass")


def _change(dice: random.Random) -> Change:
    value = dice.choice(VALUES)
    return dice.choice((setting(value), setting(value), setting(value), dropped, doubled))


@pytest.mark.timeout(0)
@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_pro_answers_no_event_ends_as_a_bug(part: int) -> None:
    way = Garbling()
    told = 0
    with standing(way.between) as stand:

        @seed(part)
        @settings(
            max_examples=ANSWERS // PARTS,
            deadline=None,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        @given(_PLANS)
        def answered(planned: list[Planned]) -> None:
            nonlocal told
            told += 1
            way.plan, way.calls = {each[0]: each for each in planned}, 0
            way.garbled.clear()
            _tell(stand, told)
            assert not stand.bugs(), way.garbled

        answered()
        way.plan = {}
        assert stand.rest() == []
        assert not stand.bugs()
        dead = stand.world.ledger.rows(
            "SELECT DISTINCT error_class FROM parked_events WHERE state = ?", ParkedState.DEAD.value
        )
        # A conflict: PRO told the same consignment to two orders.
        assert {word for (word,) in dead} <= {
            "conflict",
            "too_early",
            "retryable",
            "unknown",
            "awaiting_lookup",
        }
        assert stand.world.kafka.uncommitted() == 0


def _tell(stand: Stand, number: int) -> None:
    names = {b"WEB-204817": b"WEB-%06d" % number, b"LEEDS_DC-2026-03-04T16": b"M-%06d" % number}
    for name in STORY[: 2 + number % 3]:
        kind = EventType(name.rpartition(".")[0])
        value = written(examples()[name]).encode()
        for old, new in names.items():
            value = value.replace(old, new)
        stand.take(Sent(kind.value, names[b"WEB-204817"], value))
    if number % 5 == 0:
        value = written(examples()[LATER[0]]).encode()
        value = value.replace(b"LEEDS_DC-2026-03-04T16", names[b"LEEDS_DC-2026-03-04T16"])
        stand.take(Sent("manifest.requested", b"LEEDS_DC", value))
