"""Every command explains itself, and wrong usage ends with 2."""

from collections.abc import Iterator

import pytest
import typer
from typer.main import get_command

from service.cli import app

from .commands import Run


def commands() -> Iterator[tuple[str, ...]]:
    """Walk over every command, groups included."""
    top = get_command(app)
    context = typer.Context(top)
    for name in top.list_commands(context):  # type: ignore[attr-defined]
        yield (name,)
        inner = top.get_command(context, name)  # type: ignore[attr-defined]
        for second in getattr(inner, "commands", {}):
            yield (name, second)


@pytest.mark.parametrize("command", [(), *commands()], ids=" ".join)
def test_help(orderflex: Run, command: tuple[str, ...]) -> None:
    ended = orderflex(*command, "--help")
    assert ended.code == 0
    assert "Usage: " in ended.said
    assert " ".join([*command, "[OPTIONS]"]) in ended.said
    assert ended.err == ""


def test_without_a_command_it_shows_them_all(orderflex: Run) -> None:
    ended = orderflex()
    assert ended.code == 2
    for name, *_ in commands():
        assert name in ended.said


@pytest.mark.parametrize(
    "arguments", [("nonsense",), ("order", "show"), ("serve", "--nonsense"), ("publish",)]
)
def test_wrong_usage(orderflex: Run, arguments: tuple[str, ...]) -> None:
    assert orderflex(*arguments).code == 2


def test_python_m_service_is_the_same_command_line(orderflex_apart: Run) -> None:
    ended = orderflex_apart("--help")
    assert ended.code == 0
    assert "serve" in ended.out


def test_the_demo_says_where_it_is_where_it_is_not_installed(
    orderflex: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(_name: str, _package: str | None = None) -> None:
        return None

    monkeypatch.setattr("service.cli.demonstration.importlib.util.find_spec", none)
    ended = orderflex("demo")
    assert ended.code == 1
    assert "make demo" in ended.said
