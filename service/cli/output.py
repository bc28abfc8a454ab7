"""How the commands print."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from service.ledger.history import Entry
from service.people import views


def say(console: Console, *parts: str, style: str = "") -> None:
    """Print a line whole, however narrow the terminal, and its text as it is.

    But for what a terminal would obey: people's reasons and senders' references are printed here.
    """
    line = "  ".join(part for part in parts if part)
    printed = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in line)
    console.print(Text(printed, style=style), soft_wrap=True)


def show_timeline(console: Console, timeline: Sequence[Entry | views.Entry]) -> None:
    """Print what happened, a line for each entry."""
    for entry in timeline:
        details = "  ".join(f"{name}={_plain(value)}" for name, value in entry.details.items())
        at = entry.at.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        say(console, at, f"{entry.what:<22}", details)


def _plain(value: object) -> str:
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)
