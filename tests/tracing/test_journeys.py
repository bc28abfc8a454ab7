"""One order is one trace, on the real broker, through trouble with PRO, crashes and restarts."""

import asyncio
import json
import re
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from service.ledger.lookups import OperationKind
from service.tracing.words import Attribute, Moment
from tests.journeys.world import World, manifest, order, pick

from .collector import Collector
from .spans import SENDER, TRACE, TRACEPARENT, Seen

pytestmark = [pytest.mark.kafka]

CANARIES = ("Okafor", "Quarry", "NR1 1AA", "07700900123", "ada@example.org", "Featherstone")
STEPS = ("order.placed", "stock.picked", "consignment.created", "consignment.allocated")


async def tell(
    world: World, event: str, data: Any, traceparent: str | None = TRACEPARENT, key: str = "WEB-1"
) -> None:
    """Publish an event as a platform does that traces."""
    headers = [("traceparent", traceparent.encode())] if traceparent else []
    value = data if isinstance(data, bytes) else json.dumps(data).encode()
    await world.producer.send_and_wait(world.prefix + event, value, key.encode(), headers=headers)


async def stopped(world: World) -> None:
    """Stop every service, so that the last spans are sent."""
    for service in world.services:
        await asyncio.to_thread(service.stop, 15)


async def go_the_whole_way(world: World, manifest_trace: str | None = None) -> None:
    await tell(world, "order.placed", order("WEB-1", ("HAT", 1)))
    await world.until_outcomes("order.recorded", 1)
    await tell(world, "stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
    await world.until_outcomes("consignment.labelled", 1)
    await tell(world, "manifest.requested", manifest("M-1"), manifest_trace, "LEEDS_DC")
    await world.until_outcomes("consignment.manifested", 1)


def without_parent(spans: Sequence[Seen]) -> list[str]:
    """The spans whose parent is nowhere to be found; the platform's own span is known."""
    known = {(span.trace, span.id) for span in spans} | {(TRACE, SENDER)}
    return [s.name for s in spans if s.parent and (s.trace, s.parent) not in known]


def processed(world: World, spans: Sequence[Seen], event: str) -> list[Seen]:
    return [span for span in spans if span.name == f"process {world.prefix}{event}"]


async def test_one_order_is_one_trace_though_an_answer_is_lost_on_the_way(
    world: World, collector: Collector
) -> None:
    world.start_service()
    await world.ready()
    world.fault("drop_after_commit", "packOrder", times=1)
    world.fault("status", "createOrder", times=1, status=503)
    await go_the_whole_way(world)
    await stopped(world)
    spans = collector.spans()
    assert without_parent(spans) == []
    mine = [span for span in spans if span.trace == TRACE]

    sent = {span.name.rpartition(world.prefix)[2]: span for span in mine if "send" in span.name}
    for outcome in world.outcomes():
        span = sent[outcome.type]
        assert outcome.headers["traceparent"] == f"00-{TRACE}-{span.id}-01"
        assert span.kind == "PRODUCER"
        assert span.attributes["messaging.message.id"] == outcome.id
    assert set(sent) == {
        "order.recorded",
        "consignment.created",
        "consignment.allocated",
        "consignment.labelled",
        "consignment.manifested",
    }

    by_id = {span.id: span for span in mine}
    for step in STEPS:
        last = processed(world, mine, step)[-1]
        assert last.attributes["orderflex.ending"] == "settled"
        from_us = by_id.get(last.parent)
        assert (from_us.name if from_us else SENDER) in (SENDER, f"send {world.prefix}{step}")

    lost, found = processed(world, mine, "stock.picked")
    assert lost.is_error
    assert Moment.UNKNOWN in lost.moments
    assert dict(lost.events)["parked"]["orderflex.reason"] == "unknown"
    assert Moment.LOOKED in found.moments
    assert {lost.parent, found.parent} == {SENDER}
    asked = [span for span in mine if span.attributes.get("orderflex.pro.operation")]
    pack = [span for span in asked if span.name == "POST pack_order"]
    assert [span.attributes["orderflex.pro.verdict"] for span in pack] == ["ambiguous"]
    assert {span.parent for span in asked} <= set(by_id)

    confirmed = by_id[sent["consignment.manifested"].parent]
    (request,) = processed(world, spans, "manifest.requested")
    assert (request.parent, request.trace != TRACE) == ("", True)
    rounds = [span for span in spans if span.name == "manifest_confirmation"]
    assert confirmed.links[0] in [(span.trace, span.id) for span in rounds]
    assert {span.links[0] for span in rounds} == {(request.trace, request.id)}


async def test_attributes_are_those_of_the_list_and_name_nobody(
    world: World, collector: Collector
) -> None:
    world.start_service(ORDERFLEX_PACKAGE_LABELS="true")
    await world.ready()
    refusal = {
        "Code": "Featherstone",
        "Message": "ada@example.org of Quarry Lane can't be reached on 07700900123",
        "Details": [{"Code": "1", "Target": "NR1 1AA", "Message": "Okafor"}],
    }
    world.fault("status", "packOrder", times=1, status=400, body=json.dumps(refusal))
    world.fault("status", "createOrder", times=1, status=500, body="Okafor")
    await tell(world, "stock.picked", pick("WEB-1", "EARLY", [("HAT", 1)]))
    await world.until(lambda: "parked" in world.services[0].tail(200), "it is parked")
    placed = order("WEB-1", ("HAT", 3))
    placed["destination"]["contact"]["email"] = "ada@example.org"
    await tell(world, "order.placed", placed)
    await world.until_outcomes("pick.rejected", 1)
    await tell(world, "stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
    for broken in (
        b'{"order_reference": "Okafor", "destination": "4 Quarry Lane"',
        json.dumps({"contact": "07700900123"}).encode(),
    ):
        await tell(world, "order.placed", broken, key="ada@example.org")
    await tell(world, "order.placed", order("WEB-1", ("SCARF", 1)))  # a conflict
    await world.until_outcomes("consignment.labelled", 1)
    await world.until(lambda: len(world.dead_letters) == 3, "three dead letters")
    await stopped(world)
    spans = collector.spans()
    dead = [span for span in spans if span.attributes.get("orderflex.ending") == "dead_letter"]
    assert {s.attributes["error.type"] for s in dead} == {"conflict", "truncated", "schema"}
    assert "pick.rejected" in str(spans)
    listed = {attribute.value for attribute in Attribute}
    for span in spans:
        said = [span.attributes, *(more for _, more in span.events)]
        assert {name for one in said for name in one} <= listed
        assert set(span.moments) <= {moment.value for moment in Moment}
        assert set(span.resource) == {
            "service.name",
            "service.version",
            "service.instance.id",
            "deployment.environment.name",
            "telemetry.sdk.name",
            "telemetry.sdk.language",
            "telemetry.sdk.version",
        }
    sent = b"".join(collector.bodies)
    assert b"WEB-1" in sent
    for canary in CANARIES:
        assert canary.encode() not in sent, canary


async def test_a_crash_and_a_redelivery_keep_the_trace(world: World, collector: Collector) -> None:
    marks = world.folder / "marks"
    marks.mkdir()
    for kind in set(OperationKind) - {OperationKind.PACK_ORDER}:
        (marks / kind.value).touch()  # it dies once: when Pack Order is stored, and not yet told
    world.environment["ORDERFLEX_LEASE"] = "60"  # so long the sweeper leaves it to the redelivery
    async with world.kept_running(KILL_AT="after_settle", KILL_MARKS=str(marks)):
        await tell(world, "order.placed", order("WEB-1", ("HAT", 1)))
        async with asyncio.timeout(30):
            while not collector.bodies:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)
        await tell(world, "stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
        await world.until_outcomes("consignment.labelled", 1)
    assert len(world.services) == 2
    await stopped(world)
    spans = collector.spans()
    assert {outcome.headers["traceparent"][3:35] for outcome in world.outcomes()} == {TRACE}
    (repeated,) = processed(world, spans, "stock.picked")
    (sent,) = [span for span in spans if span.name == f"send {world.prefix}consignment.created"]
    (created,) = world.outcomes("consignment.created")
    assert created.headers["traceparent"] == f"00-{TRACE}-{sent.id}-01"
    assert (sent.kind, sent.parent) == ("PRODUCER", repeated.id)
    assert "claimed" not in repeated.moments, "the dead had settled it"
    assert without_parent(spans) == []


async def test_an_event_without_a_trace_starts_one(world: World, collector: Collector) -> None:
    world.start_service()
    await world.ready()
    await tell(world, "stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]), None)
    await world.until(lambda: "parked" in world.services[0].tail(200), "it is parked")
    await tell(world, "order.placed", order("WEB-1", ("HAT", 1)), None)
    await world.until_outcomes("consignment.labelled", 1)
    await stopped(world)
    spans = collector.spans()
    assert without_parent(spans) == []
    attempts = processed(world, spans, "stock.picked")
    assert [span.parent for span in attempts] == [""] * len(attempts)
    assert len(attempts) >= 2
    (labelled,) = world.outcomes("consignment.labelled")
    assert {span.trace for span in attempts} == {labelled.headers["traceparent"][3:35]}


async def test_orders_go_on_while_the_collector_is_away_or_hangs(
    world: World, collector: Collector
) -> None:
    collector.answering.clear()  # it takes what it is sent and never answers
    world.start_service()
    await world.ready()
    for number in range(1, 6):
        reference = f"WEB-{number}"
        await tell(world, "order.placed", order(reference, ("HAT", 1)), key=reference)
        await tell(world, "stock.picked", pick(reference, "P", [("HAT", 1)]), key=reference)
    await world.until_outcomes("consignment.labelled", 5)
    await stopped(world)
    assert world.services[0].returncode == 0, "it was not killed for waiting too long"
    world.start_service(ORDERFLEX_TRACING_ENDPOINT="http://127.0.0.1:1")
    await world.ready()
    await tell(world, "order.placed", order("WEB-9", ("HAT", 1)), key="WEB-9")
    await world.until_outcomes("order.recorded", 6)

    async def dropped() -> float:
        async with httpx.AsyncClient() as client:
            page = (await client.get(f"http://127.0.0.1:{world.port}/metrics")).text
        found = re.search(r"^orderflex_spans_dropped_total (\S+)$", page, re.MULTILINE)
        return float(found[1]) if found else 0.0

    async with asyncio.timeout(20):
        while await dropped() == 0:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.2)
    assert "spans dropped" in world.services[-1].tail(200)


async def test_metrics_name_the_traces_and_log_lines_carry_them(world: World) -> None:
    world.start_service()
    await world.ready()
    await tell(world, "order.placed", order("WEB-1", ("HAT", 1)))
    await world.until_outcomes("order.recorded", 1)
    address = f"http://127.0.0.1:{world.port}/metrics"
    async with httpx.AsyncClient() as client:
        classic = await client.get(address)
        asked = {"accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"}
        modern = await client.get(address, headers=asked)
    assert classic.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert TRACE not in classic.text
    assert modern.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert modern.text.endswith("# EOF\n")
    for histogram in ("orderflex_event_seconds_bucket", "orderflex_pro_call_seconds_bucket"):
        named = [line for line in modern.text.splitlines() if line.startswith(histogram)]
        assert any(f'trace_id="{TRACE}"' in line for line in named), histogram
    await stopped(world)
    lines = (world.folder / "service-1.log").read_text().splitlines()
    published = [json.loads(line) for line in lines if '"published"' in line]
    assert {line["trace_id"] for line in published} == {TRACE}
    assert all(re.fullmatch(r"[0-9a-f]{16}", line["span_id"]) for line in published)
