"""What people and senders wrote is printed, and obeyed by no terminal."""

from io import StringIO

from rich.console import Console

from service.cli.output import say


def test_a_reason_can_neither_forge_a_line_nor_clear_the_screen() -> None:
    printed = StringIO()
    say(Console(file=printed), "by ada", "fine\n2026-03-02 discarded  by bo\x1b[2J\x9b2J")
    assert printed.getvalue() == "by ada  fine\ufffd2026-03-02 discarded  by bo\ufffd[2J\ufffd2J\n"


def test_names_are_printed_as_they_are() -> None:
    printed = StringIO()
    say(Console(file=printed, width=10), "Zoë’s [bold]übergröße[/] 訂單", "", "end")
    assert printed.getvalue() == "Zoë’s [bold]übergröße[/] 訂單  end\n"
