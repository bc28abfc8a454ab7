"""What the pages tell people to type can be typed."""

import re
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from service.cli import app

from .pages import README, ROOT, named, pages, rows, text_of, words_in

# Quoted as code, or alone on a line of a block.
MAKE = re.compile(r"(?:`|^)make ([a-z-]+)", re.MULTILINE)
ORDERFLEX = re.compile(r"(?:`|^|\$\()orderflex ([a-z-]+)((?: [a-z-]+)?)", re.MULTILINE)


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):.*## ", text_of(ROOT / "Makefile"), re.MULTILINE))


def _commands() -> set[str]:
    top = get_command(app)
    context = typer.Context(top)
    found = set()
    for name in top.list_commands(context):  # type: ignore[attr-defined]
        inner = getattr(top.get_command(context, name), "commands", None)  # type: ignore[attr-defined]
        found |= {f"{name} {second}" for second in inner} if inner else {name}
    return found


@pytest.mark.parametrize("page", pages(), ids=named)
def test_every_target_exists(page: Path) -> None:
    assert set(MAKE.findall(text_of(page))) <= _targets()


@pytest.mark.parametrize("page", pages(), ids=named)
def test_every_command_exists(page: Path) -> None:
    known = _commands()
    for first, second in ORDERFLEX.findall(text_of(page)):
        assert first in known or f"{first}{second}" in known, f"orderflex {first}{second}"


def test_the_readme_lists_every_command() -> None:
    told = re.findall(r"^\| `orderflex ([a-z -]+)", text_of(README), re.MULTILINE)
    assert {words.strip() for words in told} == _commands()


def test_contributing_lists_every_target() -> None:
    told = {words_in(row[0])[0] for row in rows(ROOT / "CONTRIBUTING.md", "target")}
    assert told == {f"make {target}" for target in _targets() - {"help", "setup"}}
