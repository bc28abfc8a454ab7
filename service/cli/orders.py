"""`orderflex order …`: where is this order, why did it stop, do it again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.console import Console

from service import wiring
from service.cli.deciding import NO_REASON, By, decision
from service.cli.ledgers import with_ledger
from service.cli.output import say, show_timeline
from service.cli.publishing import publishing
from service.ledger import consignments, history, orders
from service.ledger.consignments import KnownConsignment
from service.ledger.database import Database
from service.ledger.history import Entry
from service.ledger.orders import KnownOrder
from service.ledger.parked import ParkedEvents
from service.ledger.parked_rows import ParkedEvent
from service.ledger.tables import ParkedState
from service.people.asking import DoneAgain, NothingRefused
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
    console.print()
    show_timeline(console, known.timeline)


def _heading(console: Console, reference: str, order: KnownOrder | None) -> None:
    if order is None:
        say(console, reference, "not placed yet", style="bold")
        return
    packed = "fully packed" if order.fully_packed else "not fully packed"
    pro = order.pro_order_reference or "none yet"
    say(console, reference, f"{order.state.value}, {packed}", f"PRO: {pro}", style="bold")


def _lines(console: Console, order: KnownOrder | None) -> None:
    for line in order.lines if order else ():
        name = line.item_reference or line.sku or str(line.line)
        say(console, f"  {name}", f"{line.picked} of {line.quantity} picked")


def _consignments(console: Console, made: list[KnownConsignment]) -> None:
    for one in made:
        console.print()
        say(console, one.consignment_reference, one.pro_state, one.direction, style="bold")
        tracking = ", ".join(one.tracking_references)
        say(console, f"  pick {one.pick_reference}", f"in PRO as {one.customer_reference}")
        if one.carrier_service_reference:
            say(console, f"  service {one.carrier_service_reference}", f"tracking {tracking}")
        if one.label_address:
            say(console, f"  labels {one.label_address}")
        if one.manifest_reference:
            say(console, f"  manifest {one.manifest_reference}")


def _waiting(console: Console, waiting: list[ParkedEvent]) -> None:
    for event in waiting:
        dead = event.state is ParkedState.DEAD
        console.print()
        say(
            console,
            event.event_type,
            _state_of(event),
            f"(attempt {event.attempt})",
            style="bold red" if dead else "bold",
        )
        say(console, f"  {event.reason.error_class}: {event.reason.detail}")


def _state_of(event: ParkedEvent) -> str:
    if event.state is ParkedState.DEAD:
        return f"dead letter {event.sequence}, waits for a person to replay or discard it"
    if event.state is ParkedState.DISCARDED:
        return event.remark or "discarded"
    if event.place.is_behind:
        return "waits for its turn"
    return f"parked, due in {max(0.0, event.seconds_until_due):.0f} s"


@app.command("again")
def again(
    reference: Annotated[str, typer.Argument(help="The shop's order reference.")],
    pick: Annotated[
        str | None,
        typer.Option("--pick", help="Only this pick; else all that was refused."),
    ] = None,
    because: Annotated[
        str, typer.Option("--because", help="Why now; kept in the history.")
    ] = NO_REASON,
    by: By = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, do nothing.")
    ] = False,
) -> None:
    """Have what was refused of an order done again as it was asked for, once its cause is mended.

    Each event is published as it first came. However often this is said, one refusal makes one new
    attempt.
    """
    settings, decided = load(), decision(by, because)

    async def ask(database: Database) -> Sequence[DoneAgain]:
        await database.check()
        async with publishing(settings) as publish:
            asking = wiring.asking_of(settings, database, publish)
            return await asking.again(reference, decided, pick_reference=pick, dry_run=dry_run)

    try:
        done = with_ledger(ask)
    except NothingRefused as nothing:
        Console(stderr=True).print(str(nothing), markup=False)
        raise typer.Exit(1) from None
    console = Console()
    for each in done:
        if each.is_kept:
            verb = "would publish" if dry_run else "published"
            say(console, verb, f"{each.event_type} {each.event_id}", "again:", each.item.why)
        else:
            say(console, "its event was not kept: publish it anew", each.item.why, style="red")
    if not any(each.is_kept for each in done):
        raise typer.Exit(1)
