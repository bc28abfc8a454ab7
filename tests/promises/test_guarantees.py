"""Whatever the page of guarantees names as a proof exists, and every kind of trouble is on it."""

import ast
import re
from functools import cache
from typing import Any

import pytest

from tests.chaos.blows import coming_and_going, on_a_replica, on_pro, on_what_it_stands_on
from tests.simulation.kinds import EVERY_KIND
from tests.simulation.mutations import MUTATIONS

from .pages import DOCS, ROOT, text_of

PAGE = text_of(DOCS / "guarantees.md")
EXAMPLES = "`intake/test_engine.py::test_…`"
TESTS = sorted(set(re.findall(r"`([a-z_]+/\w+\.py)::(\w+)`", PAGE.replace(EXAMPLES, ""))))
NOBODY: Any = None


def _kinds(word: str) -> set[str]:
    return set(re.findall(rf"`{word}: ([^`]+)`", PAGE))


def _blows() -> set[str]:
    """The names of the chaos suite's blows; whom they befall matters only when they are struck."""
    found = (on_a_replica(NOBODY), coming_and_going(NOBODY), on_pro(NOBODY))
    return {name for blows in (*found, on_what_it_stands_on(NOBODY)) for name in blows}


@cache
def _names_in(module: str) -> set[str]:
    """What a module of the tests defines at its top: tests, and test cases that are assigned."""
    tree = ast.parse(text_of(ROOT / "tests" / module))
    defined = {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    targets = [
        target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets
    ]
    return defined | {target.id for target in targets if isinstance(target, ast.Name)}


def test_the_page_names_its_proofs() -> None:
    assert len(TESTS) > 50


@pytest.mark.parametrize(("module", "name"), TESTS, ids=[name for _, name in TESTS])
def test_every_test_that_it_names_exists(module: str, name: str) -> None:
    assert name.lower().startswith("test")
    assert name in _names_in(module), f"{module} has no {name}"


def test_nothing_in_the_form_of_a_proof_is_left_unread() -> None:
    spelt = set(re.findall(r"`[^`]*::[^`]*`", PAGE)) - {EXAMPLES}
    assert spelt == {f"`{module}::{name}`" for module, name in TESTS}


def test_the_simulation_makes_every_trouble_that_it_names_and_no_other() -> None:
    assert _kinds("simulation") == EVERY_KIND


def test_chaos_strikes_every_blow_that_it_names_and_no_other() -> None:
    assert _kinds("chaos") == _blows()


def test_every_planted_bug_that_it_names_is_planted_and_no_other() -> None:
    assert _kinds("planted") == set(MUTATIONS)


def test_every_file_that_it_names_exists() -> None:
    named = set(re.findall(r"`((?:service|tests)/[\w/]+(?:\.py|/))`", PAGE))
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
