"""How rules of allocation are written (JSON), and what is wrong with them."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, ValidationError

from service.allocation_plans import AllocationPlans, Conditions, Rule
from service.events import exact_json
from service.events.allocation import BY_DEFAULT_RULES, SaidWays
from service.events.said import Amount, Reference, Said, Text, plain_number, refuse


class BadRules(Exception):
    """The rules can't be used; each fault says in which one, and in which field of it."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class _Written(Said):
    model_config = ConfigDict(extra="forbid")  # a condition misspelt would fit everything


class _Weight(_Written):
    at_least: Amount | None = Field(default=None, alias="from")
    below: Amount | None = None


def _some_weight(weight: _Weight) -> _Weight:
    if weight.at_least is None and weight.below is None:
        raise refuse("weight", "needs from, below or both")
    if weight.below is not None and weight.below <= (weight.at_least or 0):
        raise refuse("weight", "below must be more than from: else nothing fits")
    return weight


def _as_text(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | Decimal):
        return format(plain_number(Decimal(value)), "f")
    return value


_Country = Annotated[str, Field(pattern="^[A-Z]{2}$")]
_Value = Annotated[Text, BeforeValidator(_as_text)]


class _When(_Written):
    destination_country: Annotated[tuple[_Country, ...], Field(strict=False, min_length=1)] = ()
    shipping_location: Annotated[tuple[Reference, ...], Field(strict=False, min_length=1)] = ()
    direction: Literal["outbound", "inbound"] | None = None
    tags: Annotated[tuple[Reference, ...], Field(strict=False, min_length=1)] = ()
    weight_kg: Annotated[_Weight, AfterValidator(_some_weight)] | None = None
    metadata: Annotated[dict[Reference, _Value], Field(min_length=1)] = Field(default={})


def _some_condition(when: _When) -> _When:
    if not when.model_fields_set:
        raise refuse("when", "needs a condition: what is for all others goes into otherwise")
    return when


class _Rule(_Written):
    name: Reference
    when: Annotated[_When, AfterValidator(_some_condition)]
    allocate: SaidWays


def _each_name_once(rules: tuple[_Rule, ...]) -> tuple[_Rule, ...]:
    names = [rule.name for rule in rules]
    if len(set(names)) != len(names):
        raise refuse("rules", "two rules have the same name")
    return rules


class _Rules(_Written):
    rules: Annotated[
        tuple[_Rule, ...], Field(strict=False, max_length=200), AfterValidator(_each_name_once)
    ] = ()
    otherwise: SaidWays = BY_DEFAULT_RULES


def given_rules(given: str) -> AllocationPlans:
    """Read rules that are given as JSON, or as the path of a file with it. Raises BadRules."""
    if given.lstrip().startswith("{"):
        return read_rules(given.encode())
    try:
        return read_rules(Path(given).read_bytes())
    except (OSError, ValueError) as error:
        raise BadRules(f"the file can't be read ({type(error).__name__})") from None


def read_rules(written_rules: bytes) -> AllocationPlans:
    """Read rules as they are written. Raises BadRules."""
    try:
        written = exact_json.loads(written_rules)
    except exact_json.BadJson as error:
        raise BadRules(f"can't be read as JSON: {error.detail}") from None
    try:
        read = _Rules.model_validate(written)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        raise BadRules(*(_told(written, fault) for fault in faults)) from None
    rules = tuple(Rule(rule.name, _conditions(rule.when), rule.allocate) for rule in read.rules)
    return AllocationPlans(rules, read.otherwise)


def _conditions(when: _When) -> Conditions:
    weight = when.weight_kg
    return Conditions(
        destination_country=frozenset(when.destination_country),
        shipping_location=frozenset(when.shipping_location),
        direction=when.direction,
        tags=frozenset(when.tags),
        weight_from=weight.at_least if weight else None,
        weight_below=weight.below if weight else None,
        metadata=when.metadata,
    )


def _told(written: object, fault: Any) -> str:
    """Say one fault: which rule, by number and name, which field, and what is wrong."""
    place = [str(part) for part in fault["loc"]]
    said = str(fault["msg"]).removeprefix("Value error, ")
    if fault["type"] == "extra_forbidden":
        said = "there is no such field"
    rule = ""
    if len(place) > 1 and place[0] == "rules":
        rule = _rule(written, int(place[1]))
        place = place[2:]
    field = ".".join(place)
    return ": ".join(part for part in (rule, field, said) if part)


def _rule(written: Any, number: int) -> str:
    rule = written["rules"][number]
    name = rule.get("name") if isinstance(rule, dict) else None
    return f"rule {number + 1} ({name})" if isinstance(name, str) else f"rule {number + 1}"
