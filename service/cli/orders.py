"""`orderflex order show`: where is this order, and why did it stop."""

from dataclasses import dataclass
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from service import wiring
from service.cli.ledgers import with_ledger
from service.ledger import consignments, history, orders
from service.ledger.consignments import KnownConsignment
from service.ledger.database import Database
from service.ledger.history import Entry
from service.ledger.orders import KnownOrder
from service.ledger.parked import ParkedEvent, ParkedEvents
from service.ledger.tables import ParkedState
from service.settings import load

app = typer.Typer(no_args_is_help=True, help="Orders, as the ledger knows them.")


@dataclass(frozen=True)
class _Known:
    order: KnownOrder | None
    consignments: list[KnownConsignment]
    waiting: list[ParkedEvent]
    timeline: list[Entry]


@app.command("show")
def show(reference: Annotated[str, typer.Argument(help="The shop's order reference.")]) -> None:
    """Show an order: what is picked, its consignments, what it waits for, and its timeline."""
    seal = wiring.seal_of(load())

    async def read(database: Database) -> _Known:
        await database.check()
        async with database.begin() as tx:
            order = await orders.find(tx, reference)
            made = await consignments.of_order(tx, reference)
            timeline = await history.of_order(tx, reference)
        return _Known(order, made, await ParkedEvents(database, seal).of_order(reference), timeline)

    known = with_ledger(read)
    console = Console()
    if known.order is None and not known.waiting and not known.timeline:
        Console(stderr=True).print(f"The ledger knows no order {reference}.", markup=False)
        raise typer.Exit(1)
    _heading(console, reference, known.order)
    _lines(console, known.order)
    _consignments(console, known.consignments)
    _waiting(console, known.waiting)
    _timeline(console, known.timeline)


def _heading(console: Console, reference: str, order: KnownOrder | None) -> None:
    if order is None:
        console.print(f"[bold]{reference}[/]  not placed yet")
        return
    packed = "fully packed" if order.fully_packed else "not fully packed"
    console.print(
        f"[bold]{reference}[/]  {order.state.value}, {packed}"
        f"  PRO: {order.pro_order_reference or 'none yet'}"
    )


def _lines(console: Console, order: KnownOrder | None) -> None:
    if order is None:
        return
    table = Table("item", "ordered", "picked", box=None, pad_edge=False)
    for line in order.lines:
        table.add_row(
            line.item_reference or line.sku or str(line.line), str(line.quantity), str(line.picked)
        )
    console.print(table)


def _consignments(console: Console, made: list[KnownConsignment]) -> None:
    if not made:
        return
    names = ("consignment", "pick", "way", "state", "service", "tracking", "manifest", "labels")
    table = Table(*names, box=None, pad_edge=False)
    for one in made:
        table.add_row(
            one.consignment_reference,
            one.pick_reference,
            one.direction,
            one.pro_state,
            one.carrier_service_reference or "",
            ", ".join(one.tracking_references),
            one.manifest_reference or "",
            one.label_address or "",
        )
    console.print()
    console.print(table)


def _waiting(console: Console, waiting: list[ParkedEvent]) -> None:
    for event in waiting:
        if event.state is ParkedState.DEAD:
            when = "[bold red]a dead letter, waits for a person[/]"
        else:
            when = f"parked, due in {max(0.0, event.seconds_until_due):.0f} s"
        console.print()
        console.print(f"{event.event_type} {when} (attempt {event.attempt})")
        console.print(f"  {event.reason.error_class}: {event.reason.detail}", markup=False)


def _timeline(console: Console, timeline: list[Entry]) -> None:
    console.print()
    for entry in timeline:
        details = "  ".join(f"{name}={value}" for name, value in entry.details.items())
        at = entry.at.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        console.print(f"[dim]{at}[/]  {entry.what:<32} ", end="")
        console.print(details, markup=False, highlight=False)
