"""The published contract is the one the models hold, and its examples are valid under both."""

from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from service.events import schemas
from service.events.amending import FIXED
from service.events.catalogue import MODELS
from service.events.malformed import Malformed
from service.events.topics import RECEIVED_FROM_OTHERS, EventType
from tests.events.shaping import changed, event, example


def test_the_committed_files_are_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert schemas.main(["check"]) == 0, capsys.readouterr().err


@pytest.mark.parametrize("event_type", EventType)
def test_the_schema_is_valid_and_so_are_the_examples(event_type: EventType) -> None:
    schema = schemas.schema_of(event_type)
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:orderflex:event:{event_type}:v1"
    found = schemas.examples_of(event_type)
    assert found
    for data in found.values():
        Draft202012Validator(schema).validate(data)
        event(event_type, data)


@pytest.mark.parametrize("event_type", RECEIVED_FROM_OTHERS)
def test_received_events_have_a_minimum_and_a_full_example(event_type: EventType) -> None:
    assert set(schemas.examples_of(event_type)) >= {f"{event_type}.minimum", f"{event_type}.full"}


@pytest.mark.parametrize("event_type", RECEIVED_FROM_OTHERS)
def test_the_minimum_is_the_minimum(event_type: EventType) -> None:
    """Without any one of its fields the minimum is refused, by the model and by the schema."""
    minimum = example(f"{event_type}.minimum")
    validator = Draft202012Validator(schemas.schema_of(event_type))
    for field in minimum:
        less = changed(minimum, field, ...)
        assert not validator.is_valid(less)
        with pytest.raises(Malformed):
            event(event_type, less)


@pytest.mark.parametrize("event_type", RECEIVED_FROM_OTHERS)
def test_the_full_example_is_full(event_type: EventType) -> None:
    """Every field of the event stands in its full example, but `items` and what goes with them,
    which stand in the minimum, a delivery option, which has an example of its own, and what is
    named only to be refused."""
    elsewhere = {"items", "weight", "dimensions", "package_size_reference"}
    elsewhere |= {"delivery_option_reference"}
    if event_type is EventType.ORDER_AMENDED:
        elsewhere |= {*FIXED, "shipping_date"}
    fields = set(MODELS[event_type].model_fields) - elsewhere
    assert set(example(f"{event_type}.full")) == fields


def test_no_example_is_left_over() -> None:
    taken = {name for kind in EventType for name in schemas.examples_of(kind)}
    assert taken == {path.stem for path in (schemas.DOCS / "examples").glob("*")}


def test_check_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(schemas, "DOCS", tmp_path)
    assert schemas.main(["check"]) == 1
    assert "schemas write" in capsys.readouterr().err
    assert schemas.main(["write"]) == 0
    assert schemas.main(["check"]) == 0
    assert schemas.main([]) == 2


def test_the_asyncapi_document_names_every_event() -> None:
    document = yaml.safe_load((schemas.DOCS / "asyncapi.yaml").read_text(encoding="utf-8"))
    assert document["asyncapi"] == "3.0.0"
    addresses = {channel["address"] for channel in document["channels"].values()}
    assert addresses == {kind.value for kind in EventType}
    for message in document["components"]["messages"].values():
        assert (schemas.DOCS / message["payload"]["schema"]["$ref"]).exists()
        assert message["examples"]
    actions = [operation["action"] for operation in document["operations"].values()]
    assert actions.count("receive") == len(RECEIVED_FROM_OTHERS)
