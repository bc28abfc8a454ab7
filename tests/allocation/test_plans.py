"""Which plan a consignment gets: its event's, else the first rule's that fits, else the rest's."""

from dataclasses import fields, replace
from decimal import Decimal
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from service.allocation_plans import (
    EVENT,
    OTHERWISE,
    AllocationPlans,
    Conditions,
    Facts,
    Rule,
    named_for_order,
)
from service.events.allocation import BY_DEFAULT_RULES, Way, Ways, as_json, from_json
from service.events.details import Metadata

COUNTRIES, LOCATIONS, TAGS = ("GB", "FR", "DE"), ("LEEDS_DC", "YORK_DC"), ("Fragile", "Cold", "Big")
KEYS, VALUES = ("Channel", "Gift"), ("b2b", "true")
weights = st.decimals(0, 40, places=1)

facts = st.builds(
    Facts,
    destination_country=st.none() | st.sampled_from(COUNTRIES),
    shipping_location=st.none() | st.sampled_from(LOCATIONS),
    direction=st.sampled_from(("outbound", "inbound")),
    tags=st.frozensets(st.sampled_from(TAGS)),
    weight_kg=st.none() | weights,
    metadata=st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES)),
)
conditions = st.builds(
    Conditions,
    destination_country=st.frozensets(st.sampled_from(COUNTRIES)),
    shipping_location=st.frozensets(st.sampled_from(LOCATIONS)),
    direction=st.none() | st.sampled_from(("outbound", "inbound")),
    tags=st.frozensets(st.sampled_from(TAGS)),
    weight_from=st.none() | weights,
    weight_below=st.none() | weights,
    metadata=st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES)),
)
single_ways = st.one_of(
    st.just(Way(way="default_rules")),
    st.builds(
        Way,
        way=st.sampled_from(("service_group", "carrier_service")),
        reference=st.sampled_from(("A", "B", "C")),
    ),
)
ways = st.lists(single_ways, min_size=1, max_size=5, unique=True).map(tuple) | st.just(
    (Way(way="none"),)
)
rules = st.lists(st.tuples(conditions, ways), max_size=4).map(
    lambda made: tuple(Rule(f"rule {n}", when, to) for n, (when, to) in enumerate(made))
)


@given(rules, ways, facts, ways)
def test_what_the_event_names_wins(
    rules: tuple[Rule, ...], otherwise: Ways, facts: Facts, named: Ways
) -> None:
    chosen = AllocationPlans(rules, otherwise).choose(named, facts)
    assert (chosen.ways, chosen.by) == (named, EVENT)


@given(rules, ways, facts)
def test_the_first_rule_that_fits_decides(
    rules: tuple[Rule, ...], otherwise: Ways, facts: Facts
) -> None:
    chosen = AllocationPlans(rules, otherwise).choose(None, facts)
    fitting = [rule for rule in rules if rule.when.fit(facts)]
    if fitting:
        assert (chosen.ways, chosen.by) == (fitting[0].allocate, fitting[0].name)
    else:
        assert (chosen.ways, chosen.by) == (otherwise, OTHERWISE)


@given(conditions, facts, st.sampled_from([field.name for field in fields(Conditions)]))
def test_a_condition_less_never_makes_a_rule_fit_less(
    when: Conditions, facts: Facts, name: str
) -> None:
    less = replace(when, **{name: getattr(Conditions(), name)})
    assert less.fit(facts) or not when.fit(facts)


@given(conditions)
def test_what_is_not_known_meets_no_condition(when: Conditions) -> None:
    unknown = Facts(direction=when.direction or "outbound")
    assert when.fit(unknown) == (replace(when, direction=None) == Conditions())


@given(conditions, facts)
def test_a_rule_means_what_it_says(when: Conditions, facts: Facts) -> None:
    kg = facts.weight_kg
    said = [
        facts.destination_country in (when.destination_country or {facts.destination_country}),
        facts.shipping_location in (when.shipping_location or {facts.shipping_location}),
        when.direction is None or when.direction == facts.direction,
        not when.tags - facts.tags,
        when.weight_from is None or (kg is not None and kg >= when.weight_from),
        when.weight_below is None or (kg is not None and kg < when.weight_below),
        not when.metadata.items() - facts.metadata.items(),
    ]
    assert when.fit(facts) == all(said)


@given(ways)
def test_the_ledger_keeps_ways_as_they_are(ways: Ways) -> None:
    assert from_json(as_json(ways)) == ways


def test_where_the_ledger_kept_none_pros_default_rules_are_meant() -> None:
    assert from_json(None) == BY_DEFAULT_RULES
    assert named_for_order({}) is None


def test_of_the_metadata_only_what_rules_ask_for_is_kept() -> None:
    plans = AllocationPlans((Rule("b2b", Conditions(metadata={"Channel": "b2b"}), ()),))
    said = [
        Metadata(key="Channel", string_value="b2b"),
        Metadata(key="CustomerName", string_value="Ada Okafor"),
    ]
    assert plans.asked_for(said) == {"Channel": "b2b"}


def test_the_picks_own_words_replace_the_orders() -> None:
    plans = AllocationPlans(
        (Rule("any", Conditions(metadata={"Channel": "b2b", "Gift": "1"}), ()),)
    )
    kept = {
        "destination_country": "GB",
        "tags": ["Cold"],
        "metadata": {"Channel": "b2b", "Gift": "1"},
    }
    facts_of = partial(
        plans.facts_of,
        kept,
        shipping_location="LEEDS_DC",
        direction="outbound",
        weight_kg=Decimal(2),
    )
    silent = facts_of(tags=None, metadata=())
    assert silent == Facts(
        "GB",
        "LEEDS_DC",
        "outbound",
        frozenset({"Cold"}),
        Decimal(2),
        {"Channel": "b2b", "Gift": "1"},
    )
    own = facts_of(tags=(), metadata=(Metadata(key="Gift", int_value=2),))
    assert own == replace(silent, tags=frozenset(), metadata={"Channel": "b2b", "Gift": "2"})
