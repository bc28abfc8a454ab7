"""`orderflex serve` and `orderflex settings`."""

import asyncio
import signal
from typing import Annotated

import typer
import uvloop
from pydantic import SecretStr
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from service import logs, wiring
from service.ledger.upgrade import upgrade
from service.settings import GROUPS, Settings, load

WIDE = 160
"""Columns of a table that goes into a pipe or a log."""


def serve(
    upgrade_ledger: Annotated[
        bool, typer.Option("--upgrade-ledger", help="First run `orderflex ledger upgrade`.")
    ] = False,
) -> None:
    """Take events up until SIGTERM or Ctrl-C, then drain and leave."""
    settings = load()
    pretty = {"auto": None, "json": False, "pretty": True}[settings.log_format]
    logs.configure(settings.log_level, pretty=pretty)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, upgrade_ledger=upgrade_ledger))


async def _serve(settings: Settings, *, upgrade_ledger: bool) -> None:
    service = wiring.build(settings)
    if upgrade_ledger:
        try:
            await upgrade(service.database)
        except BaseException:
            await service.close()
            raise
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await service.run(stop)


def settings() -> None:
    """List the settings in force, secrets masked."""
    in_force = load()
    table = Table(box=None, pad_edge=False)
    table.add_column("setting", no_wrap=True)  # a name that is cut off is no use to anybody
    table.add_column("value", overflow="fold")
    table.add_column("meaning")
    for group in GROUPS.values():
        for name, field in group.model_fields.items():
            row = (
                f"ORDERFLEX_{name.upper()}",
                _shown(name, getattr(in_force, name)),
                field.description or "",
            )
            table.add_row(*(escape(cell) for cell in row))
    console = Console()
    if not console.is_terminal:
        console.width = max(console.width, WIDE)
    console.print(table)


def _shown(name: str, value: object) -> str:
    if name == "ledger_url" and isinstance(value, SecretStr):
        return _address(value)
    if isinstance(value, SecretStr):
        return "(set)" if value.get_secret_value() else "(not set)"
    if isinstance(value, tuple):
        if any(isinstance(part, SecretStr) for part in value):
            return f"({len(value)} set)"
        return ", ".join(str(part) for part in value) or "(none)"
    return "(none)" if value is None else str(value)


def _address(ledger_url: SecretStr) -> str:
    """Show a database's address without its password, wherever it stands."""
    try:
        url = make_url(ledger_url.get_secret_value())
    except (ArgumentError, ValueError):
        return "(not a database URL)"
    shown = url.set(query={}).render_as_string(hide_password=True)
    return f"{shown} (with options)" if url.query else shown
