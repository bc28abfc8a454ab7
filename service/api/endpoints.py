"""Every endpoint of the API, in one table: what it takes, what it answers, what it does.

The OpenAPI document is made of the same table.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from service.api import requests
from service.api.problems import Problem
from service.api.requests import Nothing
from service.ledger.attention import Attention
from service.ledger.attention_kinds import Kind
from service.ledger.dead_letters import DeadLetters, Decision, Which
from service.people import views
from service.people.asking import Asking, Published
from service.people.reading import MAX_DIGITS, Reading, item_view, waiting_view


@dataclass(frozen=True)
class Desk:
    """What the endpoints work with."""

    reading: Reading
    asking: Asking
    attention: Attention
    letters: DeadLetters
    max_replays: int


@dataclass(frozen=True)
class Call:
    """A request that was let in and read."""

    desk: Desk
    who: str
    """The name of the token."""
    names: Mapping[str, str]
    """From the path."""
    query: Any
    """An instance of the endpoint's `query`."""
    body: Any
    """An instance of the endpoint's `body`."""

    @property
    def decision(self) -> Decision:
        """Who decides, and why."""
        return Decision(self.who, self.body.because)


@dataclass(frozen=True)
class Endpoint:
    """One operation of the API."""

    method: str
    path: str
    name: str
    summary: str
    answer: type[BaseModel]
    act: Callable[[Call], Awaitable[BaseModel]]
    query: type[BaseModel] = Nothing
    body: type[BaseModel] | None = None
    problems: tuple[HTTPStatus, ...] = ()
    """Beside those that any endpoint may answer with."""

    @property
    def status(self) -> HTTPStatus:
        """Of a good answer: what is asked for is done later, what is decided is done."""
        is_published = self.body is not None and issubclass(self.body, requests.Wanted)
        return HTTPStatus.ACCEPTED if is_published else HTTPStatus.OK


async def _orders(call: Call) -> BaseModel:
    wanted: requests.OrdersWanted = call.query
    return await call.desk.reading.orders(
        wanted.limit, reference=wanted.reference, state=wanted.state, after=wanted.after
    )


async def _order(call: Call) -> BaseModel:
    return await call.desk.reading.order(call.names["order_reference"])


async def _timeline(call: Call) -> BaseModel:
    return await call.desk.reading.timeline(call.names["order_reference"])


async def _again(call: Call) -> BaseModel:
    wanted: requests.AgainWanted = call.body
    done = await call.desk.asking.again(
        call.names["order_reference"],
        call.decision,
        pick_reference=wanted.pick_reference,
        dry_run=wanted.dry_run,
    )
    return views.Again(
        items=tuple(
            views.AskedAgain(
                item=each.item.item,
                kind=each.item.kind,
                why=each.item.why,
                event_type=each.event_type,
                event_id=each.event_id,
            )
            for each in done
        ),
        dry_run=wanted.dry_run,
    )


async def _cancel_order(call: Call) -> BaseModel:
    wanted: requests.Wanted = call.body
    said = await call.desk.asking.cancel_order(
        call.names["order_reference"], call.decision, dry_run=wanted.dry_run
    )
    return _published(said, wanted)


async def _cancel_consignment(call: Call) -> BaseModel:
    wanted: requests.Wanted = call.body
    said = await call.desk.asking.cancel_consignment(
        call.names["consignment_reference"], call.decision, dry_run=wanted.dry_run
    )
    return _published(said, wanted)


async def _reallocate(call: Call) -> BaseModel:
    wanted: requests.ReallocationWanted = call.body
    said = await call.desk.asking.reallocate(
        call.names["consignment_reference"],
        call.decision,
        ways=wanted.allocation,
        dry_run=wanted.dry_run,
    )
    return _published(said, wanted)


def _published(said: Published, wanted: requests.Wanted) -> BaseModel:
    return views.Published(
        event_type=said.event.event_type.value,
        event_id=said.event_id,
        order_reference=said.event.kafka_key,
        dry_run=wanted.dry_run,
    )


async def _consignments(call: Call) -> BaseModel:
    wanted: requests.ConsignmentsWanted = call.query
    return await call.desk.reading.consignments(
        wanted.limit,
        reference=wanted.reference,
        state=wanted.state,
        location=wanted.location,
        carrier=wanted.carrier,
        after=wanted.after,
    )


async def _consignment(call: Call) -> BaseModel:
    wanted: requests.ConsignmentWanted = call.query
    reference = call.names["consignment_reference"]
    return await call.desk.reading.consignment(reference, ask_pro=wanted.ask_pro)


async def _attention(call: Call) -> BaseModel:
    wanted: requests.AttentionWanted = call.query
    return await call.desk.reading.attention(
        wanted.limit,
        kinds=tuple(Kind) if wanted.kind is None else (wanted.kind,),
        order_reference=wanted.order_reference,
        after=wanted.after,
    )


async def _seen(call: Call) -> BaseModel:
    wanted: requests.SeenWanted = call.body
    return item_view(await call.desk.attention.seen(wanted.item, call.decision))


async def _holds(call: Call) -> BaseModel:
    wanted: requests.HoldsWanted = call.query
    which = Which(order_reference=wanted.order_reference, holds=True)
    return await call.desk.reading.letters(wanted.limit, which, wanted.after)


async def _letters(call: Call) -> BaseModel:
    wanted: requests.LettersWanted = call.query
    which = Which(
        order_reference=wanted.order_reference,
        event_type=wanted.event_type,
        error_class=wanted.reason,
        state=wanted.state,
    )
    return await call.desk.reading.letters(wanted.limit, which, wanted.after)


def _number(call: Call) -> int:
    number = call.names["number"]
    if not number.isdecimal() or len(number) > MAX_DIGITS:
        raise Problem(HTTPStatus.NOT_FOUND, "a dead letter has a number")
    return int(number)


async def _letter(call: Call) -> BaseModel:
    return await call.desk.reading.letter(_number(call))


async def _replay(call: Call) -> BaseModel:
    most = None if call.body.force else call.desk.max_replays
    return waiting_view(await call.desk.letters.replay(_number(call), call.decision, most))


async def _discard(call: Call) -> BaseModel:
    return waiting_view(await call.desk.letters.discard(_number(call), call.decision))


_NOT_FOUND = (HTTPStatus.NOT_FOUND,)
_OR_NOT_NOW = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "GET",
        "/orders",
        "findOrders",
        "Orders by any of their names, or by state.",
        views.Orders,
        _orders,
        query=requests.OrdersWanted,
    ),
    Endpoint(
        "GET",
        "/orders/{order_reference}",
        "showOrder",
        "An order: picks, consignments, operations, what waits and why, what needs attention.",
        views.Order,
        _order,
        problems=_NOT_FOUND,
    ),
    Endpoint(
        "GET",
        "/orders/{order_reference}/timeline",
        "showTimeline",
        "What happened to an order.",
        views.Timeline,
        _timeline,
        problems=_NOT_FOUND,
    ),
    Endpoint(
        "POST",
        "/orders/{order_reference}/again",
        "doAgain",
        "Have what was refused of an order done again, by publishing its events again.",
        views.Again,
        _again,
        body=requests.AgainWanted,
        problems=(HTTPStatus.CONFLICT,),
    ),
    Endpoint(
        "POST",
        "/orders/{order_reference}/cancel",
        "cancelOrder",
        "Have an order cancelled, by publishing order.cancelled.",
        views.Published,
        _cancel_order,
        body=requests.Wanted,
        problems=_NOT_FOUND,
    ),
    Endpoint(
        "GET",
        "/consignments",
        "findConsignments",
        "Consignments by any of their names, state, location and carrier.",
        views.Consignments,
        _consignments,
        query=requests.ConsignmentsWanted,
    ),
    Endpoint(
        "GET",
        "/consignments/{consignment_reference}",
        "showConsignment",
        "A consignment, on request with its state in PRO.",
        views.Consignment,
        _consignment,
        query=requests.ConsignmentWanted,
        problems=_NOT_FOUND,
    ),
    Endpoint(
        "POST",
        "/consignments/{consignment_reference}/cancel",
        "cancelConsignment",
        "Have a consignment cancelled, by publishing pick.withdrawn (without an order: "
        "order.cancelled).",
        views.Published,
        _cancel_consignment,
        body=requests.Wanted,
        problems=_NOT_FOUND,
    ),
    Endpoint(
        "POST",
        "/consignments/{consignment_reference}/reallocate",
        "reallocateConsignment",
        "Have one allocated again, by publishing consignment.reallocation_requested.",
        views.Published,
        _reallocate,
        body=requests.ReallocationWanted,
        problems=_NOT_FOUND,
    ),
    Endpoint(
        "GET",
        "/attention",
        "listAttention",
        "What needs a person's attention.",
        views.Attention,
        _attention,
        query=requests.AttentionWanted,
    ),
    Endpoint(
        "POST",
        "/attention/seen",
        "markSeen",
        "Mark an item as seen to: it leaves the list, and nothing else happens.",
        views.Item,
        _seen,
        body=requests.SeenWanted,
        problems=_NOT_FOUND,
    ),
    Endpoint(
        "GET",
        "/holds",
        "listHolds",
        "Dead letters that hold up their order or consignment.",
        views.Letters,
        _holds,
        query=requests.HoldsWanted,
    ),
    Endpoint(
        "GET",
        "/dead-letters",
        "listDeadLetters",
        "Events that were given up, without their content.",
        views.Letters,
        _letters,
        query=requests.LettersWanted,
    ),
    Endpoint(
        "GET",
        "/dead-letters/{number}",
        "showDeadLetter",
        "Why one died, what waits behind it, and its history.",
        views.Letter,
        _letter,
        problems=_NOT_FOUND,
    ),
    Endpoint(
        "POST",
        "/dead-letters/{number}/replay",
        "replayDeadLetter",
        "Have one tried again in its place, those behind it after it.",
        views.Waiting,
        _replay,
        body=requests.ReplayWanted,
        problems=_OR_NOT_NOW,
    ),
    Endpoint(
        "POST",
        "/dead-letters/{number}/discard",
        "discardDeadLetter",
        "Give one up for good: its content is deleted, those behind it go on.",
        views.Waiting,
        _discard,
        body=requests.Reasoned,
        problems=_NOT_FOUND,
    ),
)
