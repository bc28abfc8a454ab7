"""The pages about events say what the code does."""

import json

import pytest

from service.events import exact_json
from service.events.catalogue import MODELS
from service.events.envelope import parse
from service.events.malformed import MalformedReason
from service.events.topics import RECEIVED_FROM_OTHERS, EventType, Topics
from service.flow import FLOW
from service.intake.arrivals import OUR_HEADERS
from service.intake.ladder import Why

from .pages import DOCS, README, code_blocks, rows, text_of, words_in

CONTRACT = DOCS / "event-contract.md"
ONLY_ON_RETRY_TOPICS = {"orderflex_due_at", "orderflex_original_timestamp"}


def test_the_flow_in_the_readme_is_the_flow() -> None:
    told = [
        (words_in(event)[0], operation, tuple(words_in(outcomes)))
        for event, operation, outcomes in rows(README, "event in")
    ]
    assert told == [
        (step.event.value, step.pro_operation, tuple(each.value for each in step.outcomes))
        for step in FLOW
    ]


def test_the_picture_names_every_event_and_operation() -> None:
    picture = text_of(DOCS / "pictures" / "flow.svg")
    for step in FLOW:
        assert f">{step.event.value}<" in picture
        assert f">PRO: {step.pro_operation}<" in picture
        assert f">{step.outcomes[0].value}<" in picture


@pytest.mark.parametrize("event_type", EventType)
def test_every_event_has_a_schema_an_example_and_a_row(event_type: EventType) -> None:
    assert (DOCS / "events" / f"{event_type}.v1.schema.json").exists()
    assert list((DOCS / "events" / "examples").glob(f"{event_type}.*json"))
    tables = {"key": rows(CONTRACT, "event | key"), "meaning": rows(CONTRACT, "event | meaning")}
    table = tables["key" if event_type in RECEIVED_FROM_OTHERS else "meaning"]
    row = next(row for row in table if words_in(row[0]) == [event_type.value])
    assert f"events/{event_type}.v1.schema.json" in " ".join(row)


def test_the_tables_name_no_other_events() -> None:
    named = [
        *(words_in(row[0])[0] for row in rows(CONTRACT, "event | key")),
        *(words_in(row[0])[0] for row in rows(CONTRACT, "event | meaning")),
    ]
    assert sorted(named) == sorted(event_type.value for event_type in MODELS)


def test_every_class_of_dead_letters_is_explained() -> None:
    text = text_of(CONTRACT).partition("## Dead letters")[2]
    explained = {
        word for line in text.splitlines() if line.startswith("| `") for word in words_in(line)
    }
    waiting = {Why.BEHIND, Why.REPLAYED}  # these wait for their turn and are given up for no reason
    classes = {reason.value for reason in MalformedReason} | {
        why.value for why in set(Why) - waiting
    }
    assert classes - explained <= {"malformed"}, "malformed events carry their own reason"


def test_every_reason_to_wait_is_explained() -> None:
    explained = {
        word
        for row in rows(DOCS / "operations.md", "it waits with reason")
        for word in words_in(row[0])
    }
    assert explained == {why.value for why in Why} - {"conflict", "malformed"}


def test_every_header_of_a_dead_letter_is_explained() -> None:
    text = text_of(CONTRACT)
    for part in ("partition", "offset"):
        text = text.replace(f"`_{part}`", f"`orderflex_original_{part}`")
    for header in OUR_HEADERS - ONLY_ON_RETRY_TOPICS:
        assert f"`{header}`" in text


def test_the_service_s_own_topics_are_named() -> None:
    topics = Topics()
    for topic in (*(tier.topic for tier in topics.retry_tiers), topics.dead_letters):
        assert f"`{topic}`" in text_of(CONTRACT)


def test_the_least_events_in_the_readme_are_the_examples() -> None:
    told = code_blocks(README, "json")
    types = (EventType.ORDER_PLACED, EventType.STOCK_PICKED)
    for block, event_type in zip(told, types, strict=True):
        example = DOCS / "events" / "examples" / f"{event_type}.minimum.json"
        assert json.loads(block) == json.loads(text_of(example))
        parse(event_type, exact_json.loads(block.encode()))
