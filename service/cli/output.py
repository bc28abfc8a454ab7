"""How the commands print."""

from rich.console import Console
from rich.text import Text


def say(console: Console, *parts: str, style: str = "") -> None:
    """Print a line whole, however narrow the terminal, and its text as it is."""
    console.print(Text("  ".join(part for part in parts if part), style=style), soft_wrap=True)
