"""Each call to PRO is a client span of the work that made it."""

import asyncio
import json

import pytest

from service.pro.batches import Batches, BatchPolicy
from service.pro.client import ProClient
from service.pro.problems import Ambiguous, Refused, Retryable, Throttled
from service.tracing.traced import Traced, calling
from tests.pro.raw_server import answer, policy, serving
from tests.pro.test_client import pack

from .spans import NOT_RECORDED, TRACE, TRACEPARENT, Caught, Seen

CANARY = "Quintessa"


def work(caught: Caught, traceparent: str = TRACEPARENT) -> Traced:
    return caught.tracer.event("stock.picked", traceparent, "seed", {})


async def test_a_call_is_told_with_its_verdict() -> None:
    caught = Caught()
    async with serving(answer(429)) as server, ProClient(policy(server.port)) as client:
        with work(caught) as doing:
            doing.attempt = 3
            with pytest.raises(Throttled):
                await client.pack_order(pack())
        (request,) = server.requests
    span = caught.only("POST pack_order")
    assert (span.kind, span.trace, span.is_error) == ("CLIENT", TRACE, True)
    assert span.parent == caught.only("process stock.picked").id
    assert span.attributes == {
        "orderflex.pro.operation": "pack_order",
        "orderflex.pro.verdict": "throttled",
        "orderflex.attempt": 3,
        "http.request.method": "POST",
        "http.response.status_code": 429,
        "server.address": "127.0.0.1",
        "server.port": server.port,
        "error.type": "429",
    }
    assert "traceparent" not in request.headers


async def test_a_lost_answer_has_no_status() -> None:
    caught = Caught()
    async with serving(answer(200)) as server, ProClient(policy(server.port)) as client:
        with work(caught), pytest.raises(Ambiguous):
            await client.pack_order(pack())  # an empty body tells nothing
    async with ProClient(policy(1)) as client:
        with work(caught) as doing:
            doing.trying_again("Retryable")
            with pytest.raises(Retryable, match="no connection"):
                await client.pack_order(pack())
    unread, unreached = caught.named("POST pack_order")
    assert (unread.attributes["error.type"], unread.attributes["http.response.status_code"]) == (
        "ambiguous",
        200,
    )
    assert unreached.attributes["error.type"] == "retryable"
    assert "http.response.status_code" not in unreached.attributes
    assert unreached.attributes["http.request.resend_count"] == 1


async def test_pros_words_are_not_told() -> None:
    caught = Caught()
    said = {
        "Code": CANARY,
        "Message": f"no such person as {CANARY}",
        "Details": [{"Target": CANARY}],
    }
    async with (
        serving(answer(400, json.dumps(said))) as server,
        ProClient(policy(server.port)) as client,
    ):
        with work(caught), pytest.raises(Refused):
            await client.pack_order(pack())
    assert caught.only("POST pack_order").attributes["error.type"] == "400"
    assert CANARY not in str(caught.all())


async def test_pro_is_told_the_trace_only_where_that_is_wanted() -> None:
    caught = Caught(tells_pro=True)
    async with serving(answer(200, "[]")) as server, ProClient(policy(server.port)) as client:
        with work(caught):
            await client.get_shipping_locations()
        await client.get_shipping_locations()
        told, untold = server.requests
    span = caught.only("GET get_shipping_locations")
    assert told.headers["traceparent"] == f"00-{TRACE}-{span.id}-01"
    assert "traceparent" not in untold.headers  # a probe belongs to nobody


async def ask(caught: Caught, batches: Batches[str], traceparent: str) -> None:
    with work(caught, traceparent):
        async with batches.seat(traceparent) as asking:
            await asking()


async def test_a_shared_call_and_all_who_share_it_name_each_other() -> None:
    caught = Caught()

    async def call(references: object) -> dict[str, str]:
        made = calling("allocate_default_rules", "PUT", "https://pro.example")
        made.end("ok", is_good=True)
        return dict.fromkeys(references, "done")  # type: ignore[call-overload,no-any-return]

    batches = Batches(call, BatchPolicy(size=3))
    others = [f"00-{number:032x}-00f067aa0ba902b7-01" for number in (1, 2)]
    await asyncio.gather(*(ask(caught, batches, one) for one in (NOT_RECORDED, *others)))
    span = caught.only("PUT allocate_default_rules")
    workers = caught.named("process stock.picked")
    first, second = sorted(workers, key=lambda one: one.id != span.parent)
    assert (span.trace, span.parent) == (first.trace, first.id)
    assert span.links == [place(second)]
    assert second.links == [place(span)]
    assert first.links == []


def place(span: Seen) -> tuple[str, str]:
    return span.trace, span.id
