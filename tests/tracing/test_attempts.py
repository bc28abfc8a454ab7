"""Each attempt at an event is a span in the event's own trace."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka.errors import KafkaConnectionError
from structlog.contextvars import get_contextvars

from service.events.envelope import Envelope, Incoming, Outgoing
from service.events.said import Event
from service.intake.ending import Ending
from service.operations import Performed, TooEarly
from service.pro.problems import Ambiguous, Retryable
from service.tracing.traced import exemplar
from service.tracing.tracer import Sampling
from tests.intake.desk import CANARY, DONE, Desk, desk_of, event, read

from .spans import NOT_RECORDED, SENDER, TRACE, TRACEPARENT, Caught

PROCESS = "process stock.picked"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_of(tmp_path / "ledger.db") as made:
        yield made


@pytest.fixture
def caught(desk: Desk) -> Caught:
    made = Caught()
    desk.handling = replace(desk.handling, tracing=made.tracer)
    return made


def told(traceparent: str | None = TRACEPARENT, offset: int = 7) -> Incoming:
    headers = () if traceparent is None else (("traceparent", traceparent.encode()),)
    return replace(event(offset), headers=headers)


async def test_an_event_is_handled_in_a_child_of_the_span_that_sent_it(
    desk: Desk, caught: Caught
) -> None:
    assert await desk.arrive(told()) is Ending.SETTLED
    span = caught.only(PROCESS)
    assert (span.trace, span.parent, span.kind, span.is_error) == (TRACE, SENDER, "CONSUMER", False)
    assert span.attributes == {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": "stock.picked",
        "messaging.destination.partition.id": "0",
        "messaging.kafka.offset": 7,
        "messaging.consumer.group.name": "orderflex",
        "messaging.message.id": span.attributes["messaging.message.id"],
        "messaging.kafka.message.key": "WEB-1",
        "cloudevents.event_type": "stock.picked",
        "orderflex.ending": "settled",
    }


async def test_an_event_that_is_parked_comes_back_in_the_same_trace(
    desk: Desk, caught: Caught
) -> None:
    desk.ends.extend([TooEarly("no order"), Ambiguous("pack_order", "no answer")])
    assert await desk.arrive(told()) is Ending.PARKED
    assert await desk.come_back() is Ending.PARKED
    assert await desk.come_back() is Ending.SETTLED
    spans = caught.named(PROCESS)
    assert {(span.trace, span.parent) for span in spans} == {(TRACE, SENDER)}
    assert [span.is_error for span in spans] == [False, True, False]
    assert spans[1].attributes["error.type"] == "unknown"
    parked = [dict(span.events).get("parked", {}) for span in spans]
    assert [one.get("orderflex.reason") for one in parked] == ["too_early", "unknown", None]
    assert [one.get("orderflex.attempt") for one in parked] == [1, 2, None]
    assert parked[0]["orderflex.tier"] == "orderflex.retry.5s"
    assert parked[0]["orderflex.due_at"].startswith("2026-03-02T08:00:05")


async def test_an_event_without_a_trace_starts_one_that_every_attempt_joins(
    desk: Desk, caught: Caught
) -> None:
    desk.ends.append(TooEarly("no order"))
    await desk.arrive(told(None))
    await desk.come_back()
    await desk.arrive(told(None))  # delivered again
    await desk.arrive(told(None, offset=8))
    *attempts, other = caught.named(PROCESS)
    assert {span.parent for span in attempts} == {""}
    assert len(attempts) == 3
    assert len({span.trace for span in attempts}) == 1
    assert other.trace != attempts[0].trace


async def test_a_try_in_place_is_a_moment_of_its_attempt(desk: Desk, caught: Caught) -> None:
    desk.ends.append(Retryable("pack_order", "no connection"))
    await desk.arrive(told())
    again = dict(caught.only(PROCESS).events)["tried again in place"]
    assert again == {"error.type": "Retryable"}


async def test_a_dead_letter_is_an_error(desk: Desk, caught: Caught) -> None:
    broken = replace(told(), key=CANARY.encode(), value=json.dumps({"name": CANARY}).encode())
    assert await desk.arrive(broken) is Ending.DEAD_LETTER
    span = caught.only(PROCESS)
    assert (span.trace, span.parent, span.is_error) == (TRACE, SENDER, True)
    assert span.attributes["error.type"] == "schema"
    assert span.attributes["cloudevents.event_type"] == "unreadable"
    assert CANARY not in str(span)


async def test_nothing_done_is_nothing_told(desk: Desk, caught: Caught) -> None:
    desk.ends.append(TooEarly("no order"))
    await desk.arrive(told())
    message = read(desk.retry_message())
    await desk.come_back()
    before = len(caught.all())
    assert await desk.handling.settle(message) is Ending.SKIPPED
    assert len(caught.all()) == before


def causes(desk: Desk) -> list[str | None]:
    """The traceparents that the reaction is handed from now on."""
    seen: list[str | None] = []

    async def react(_event: Event, cause: Envelope) -> Performed:
        seen.append(cause.traceparent)
        return DONE

    desk.handling = replace(desk.handling, reactions=dict.fromkeys(desk.handling.reactions, react))
    return seen


async def test_what_the_platform_does_not_record_is_not_recorded_and_handed_on(
    desk: Desk, caught: Caught
) -> None:
    seen = causes(desk)
    await desk.arrive(told(NOT_RECORDED))
    assert caught.all() == []
    assert seen == [NOT_RECORDED]


async def test_a_trace_that_begins_here_and_is_not_recorded_is_handed_on_so(desk: Desk) -> None:
    caught = Caught(Sampling(share=0))
    desk.handling = replace(desk.handling, tracing=caught.tracer)
    seen = causes(desk)
    await desk.arrive(told(None))
    await desk.arrive(told(TRACEPARENT, offset=8))
    span = caught.only(PROCESS)
    mine, theirs = seen
    assert mine is not None
    assert mine.endswith("-00")
    assert theirs == f"00-{TRACE}-{span.id}-01"


async def test_without_tracing_an_events_trace_goes_on_as_it_came(desk: Desk) -> None:
    seen = causes(desk)
    await desk.arrive(told(TRACEPARENT))
    await desk.arrive(told(None, offset=8))
    assert seen == [TRACEPARENT, None]


async def test_log_lines_and_exemplars_name_the_trace(desk: Desk, caught: Caught) -> None:
    labels, logged = [], []

    async def react(_event: Event, _cause: Envelope) -> Performed:
        labels.append(exemplar())
        logged.append(get_contextvars())
        return DONE

    desk.handling = replace(desk.handling, reactions=dict.fromkeys(desk.handling.reactions, react))
    await desk.arrive(told())
    here = {"trace_id": TRACE, "span_id": caught.only(PROCESS).id}
    assert labels == [here]
    assert here.items() <= logged[0].items()
    assert exemplar() is None
    assert get_contextvars() == {}


async def test_a_record_that_the_broker_takes_late_was_sent_once(
    desk: Desk, caught: Caught
) -> None:
    refusals = [KafkaConnectionError()]

    def once(_record: Outgoing) -> None:
        if refusals:
            raise refusals.pop()

    desk.on_publish = once
    await desk.arrive(told())
    assert "not acknowledged" in caught.only(PROCESS).moments
    assert len(caught.named("send consignment.created")) == 1
