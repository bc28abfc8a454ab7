"""The table of docs/personal-data.md speaks of every field of every event, and of nothing else."""

from .leaves import leaves
from .table import rule_of, rules


def test_every_field_of_every_event_has_its_row() -> None:
    assert len(leaves()) > 200
    for path in leaves():
        rule_of(path)


def test_every_pattern_is_about_a_field_that_its_row_decides() -> None:
    unused = {
        pattern
        for rule in rules()
        for pattern in rule.patterns
        if not pattern.startswith(("order.", "consignment.", "ORDERFLEX_"))
    }
    for path in leaves():
        rule = rule_of(path)
        unused -= {each for each in rule.patterns if rule.covers(path)}
    for rule in rules():
        assert set(rule.patterns) - unused, rule.patterns
    assert unused == set()


def test_what_tells_who_somebody_is_is_never_in_the_clear() -> None:
    for path in ("destination.contact.email", "addresses.postcode", "packages.description"):
        assert not rule_of(path).is_kept_in_the_clear
    assert rule_of("order_reference").is_kept_in_the_clear
