"""Rules as they are written, and what is said of those that can't be used."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from service.allocation_plans import Conditions, Facts, text_of
from service.allocation_rules import BadRules, given_rules, read_rules
from service.events.allocation import BY_DEFAULT_RULES, Way
from service.events.details import Metadata
from service.settings import BadSettings, load
from service.wiring import build

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
RULE: dict[str, Any] = {
    "name": "abroad",
    "when": {"destination_country": ["FR"]},
    "allocate": [{"way": "default_rules"}],
}


def read(rules: object) -> Any:
    return read_rules(json.dumps(rules).encode())


def rule(**other: Any) -> dict[str, Any]:
    return {"rules": [RULE | other]}


def test_the_example_of_the_docs_means_what_the_docs_say() -> None:
    example = re.search(
        r"```json\n(\{\n  \"rules\".*?)```", OPERATIONS.read_text("utf-8"), re.DOTALL
    )
    assert example is not None
    plans = given_rules(example[1])
    heavy = Facts(destination_country="DE", weight_kg=Decimal(20))
    assert plans.choose(None, heavy).ways == (
        Way(way="service_group", reference="WORLD"),
        Way(way="carrier_service", reference="KW_EXP"),
    )
    light = Facts(destination_country="DE", weight_kg=Decimal("19.9"))
    assert plans.choose(None, light).by == "otherwise"
    gift = Facts(
        shipping_location="YORK_DC", tags=frozenset({"Fragile"}), metadata={"Gift": "true"}
    )
    assert plans.choose(None, gift).ways == (Way(way="none"),)
    assert plans.choose(None, Facts(direction="inbound")).by == "returns"
    assert len(plans.otherwise) == 2


def test_without_otherwise_pros_default_rules_are_meant() -> None:
    assert read({}).otherwise == BY_DEFAULT_RULES


def test_every_condition_is_read() -> None:
    when = {
        "destination_country": ["FR"],
        "shipping_location": ["YORK_DC"],
        "direction": "outbound",
        "tags": ["Cold"],
        "weight_kg": {"from": 1.5, "below": 2},
        "metadata": {"Gift": True, "Level": 3, "Share": 2.50, "Channel": "b2b"},
    }
    (made,) = read(rule(when=when)).rules
    assert made.when == Conditions(
        frozenset({"FR"}),
        frozenset({"YORK_DC"}),
        "outbound",
        frozenset({"Cold"}),
        Decimal("1.5"),
        Decimal(2),
        {"Gift": "true", "Level": "3", "Share": "2.5", "Channel": "b2b"},
    )


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"string_value": "b2b"}, "b2b"),
        ({"bool_value": True}, "true"),
        ({"int_value": 3}, "3"),
        ({"decimal_value": Decimal("2.50")}, "2.5"),
        ({"date_time_value": datetime(2026, 3, 1, 12, tzinfo=UTC)}, "2026-03-01T12:00:00Z"),
    ],
)
def test_a_custom_field_reads_as_a_rule_writes_it(said: dict[str, Any], text: str) -> None:
    assert text_of(Metadata(key="any", **said)) == text


@pytest.mark.parametrize(
    ("rules", "fault"),
    [
        (rule(when={"country": ["FR"]}), "rule 1 (abroad): when.country: there is no such field"),
        (rule(when={}), "rule 1 (abroad): when: needs a condition"),
        (
            rule(when={"destination_country": ["France"]}),
            "rule 1 (abroad): when.destination_country.0: String should match",
        ),
        (rule(when={"tags": []}), "rule 1 (abroad): when.tags: Tuple should have at least 1"),
        (rule(when={"weight_kg": {}}), "rule 1 (abroad): when.weight_kg: needs from, below or"),
        (
            rule(when={"weight_kg": {"from": 2, "below": 2}}),
            "rule 1 (abroad): when.weight_kg: below must be more than from",
        ),
        (
            rule(when={"weight_kg": {"from": "2"}}),
            "rule 1 (abroad): when.weight_kg.from: must be a JSON number",
        ),
        (rule(when={"metadata": {"Gift": []}}), "rule 1 (abroad): when.metadata.Gift: Input"),
        (rule(allocate=[]), "rule 1 (abroad): allocate: Tuple should have at least 1"),
        (
            rule(allocate=[{"way": "service_group"}]),
            "rule 1 (abroad): allocate.0: service_group needs a reference",
        ),
        (
            rule(allocate=[{"way": "default_rules", "reference": "X"}]),
            "rule 1 (abroad): allocate.0: default_rules takes no reference",
        ),
        (
            rule(allocate=[{"way": "default_rules"}, {"way": "none"}]),
            "rule 1 (abroad): allocate: none stands alone",
        ),
        (
            rule(allocate=[{"way": "default_rules"}] * 2),
            "rule 1 (abroad): allocate: names the same way twice",
        ),
        (rule(allocate=[{"way": "drone"}]), "rule 1 (abroad): allocate.0.way: Input should be"),
        ({"rules": [RULE, RULE]}, "rules: two rules have the same name"),
        ({"rules": [RULE, {"when": RULE["when"]}]}, "rule 2: name: Field required"),
        ({"rules": [RULE, 7]}, "rule 2: Input should be"),
        ({"rules": RULE}, "rules: Input should be"),
        ({"default": []}, "default: there is no such field"),
        ({"otherwise": []}, "otherwise: Tuple should have at least 1"),
        ([], "Input should be"),
    ],
)
def test_a_fault_names_its_rule_and_field(rules: object, fault: str) -> None:
    with pytest.raises(BadRules) as bad:
        read(rules)
    assert bad.value.faults[0].startswith(fault), bad.value.faults


def test_the_service_does_not_start_on_rules_that_can_not_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ORDERFLEX_PRO_KEY", "key")
    monkeypatch.setenv("ORDERFLEX_PAYLOAD_KEYS", Fernet.generate_key().decode())

    def faults_of(given: str) -> list[str]:
        monkeypatch.setenv("ORDERFLEX_ALLOCATION_RULES", given)
        with pytest.raises(BadSettings) as bad:
            build(load())
        return str(bad.value).splitlines()

    name = "ORDERFLEX_ALLOCATION_RULES: "
    (fault,) = faults_of('{"rules": [')
    assert fault.startswith(f"{name}can't be read as JSON: it stops")
    (tmp_path / "rules.json").write_text(json.dumps({"rules": [{**RULE, "when": {}}, 7]}))
    first, second = faults_of("rules.json")
    assert first.startswith(f"{name}rule 1 (abroad): when: needs a condition")
    assert second.startswith(f"{name}rule 2: ")
    assert faults_of("nowhere.json") == [f"{name}the file can't be read (FileNotFoundError)"]
