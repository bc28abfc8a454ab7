"""`orderflex order …`: where is this order, why did it stop, do it again, cancel it."""

from typing import Annotated

import typer
from rich.console import Console

from service.cli.asking import AsJson, DryRun, Limit, asking, reading, say_published
from service.cli.consignments import show_consignment
from service.cli.deciding import NO_REASON, Because, By, decision
from service.cli.output import say, show_timeline
from service.ledger.tables import OrderState, ParkedState
from service.people import views
from service.people.reading import Reading

app = typer.Typer(no_args_is_help=True, help="Orders, as the ledger knows them.")

Reference = Annotated[str, typer.Argument(help="The shop's order reference.")]


@app.command("show")
def show(reference: Reference, as_json: AsJson = False) -> None:
    """Show an order: what is picked, its consignments, what it waits for, and its timeline."""

    async def read(reading: Reading) -> tuple[views.Order, views.Timeline]:
        order = await reading.order(reference)
        return order, await reading.timeline(reference)

    order, timeline = reading(read)
    if as_json:
        typer.echo(order.model_dump_json())
        return
    console = Console()
    _heading(console, order)
    for line in order.lines:
        say(console, f"  {line.name}", f"{line.picked} of {line.quantity} picked")
    for one in order.consignments:
        console.print()
        show_consignment(console, one)
    for event in order.waiting:
        console.print()
        _waiting(console, event)
    for item in order.attention:
        console.print()
        say(console, item.kind.value, item.why, style="bold red")
        say(console, f"  {item.do}")
    console.print()
    show_timeline(console, timeline.items)


@app.command("search")
def search(
    reference: Annotated[
        str | None,
        typer.Argument(
            help="Any name: the order's, a pick's, PRO's EO-… or EC-…, the one that a consignment "
            "was given in PRO, a tracking reference."
        ),
    ] = None,
    state: Annotated[
        OrderState | None, typer.Option("--state", help="Only orders in this state.")
    ] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Find orders by any of their names, newest first."""
    page = reading(lambda reading: reading.orders(limit, reference=reference, state=state))
    if as_json:
        typer.echo(page.model_dump_json())
        return
    console = Console()
    if not page.items:
        console.print("No orders.")
    for order in page.items:
        packed = "fully packed" if order.fully_packed else "not fully packed"
        placed = f"placed {order.placed_at:%Y-%m-%d %H:%M} UTC"
        pro = order.pro_order_reference or ""
        say(console, order.order_reference, order.state.value, packed, pro, placed)
    if page.next is not None:
        say(console, "… and more: narrow it, or --limit", style="dim")


@app.command("again")
def again(
    reference: Reference,
    pick: Annotated[
        str | None, typer.Option("--pick", help="Only this pick; else all that was refused.")
    ] = None,
    because: Annotated[
        str, typer.Option("--because", help="Why now; kept in the history.")
    ] = NO_REASON,
    by: By = None,
    dry_run: DryRun = False,
) -> None:
    """Have what was refused of an order done again as it was asked for, once its cause is mended.

    Each event is published as it first came. However often this is said, one refusal makes one new
    attempt.
    """
    decided = decision(by, because)
    done = asking(
        lambda asking: asking.again(reference, decided, pick_reference=pick, dry_run=dry_run)
    )
    console = Console()
    for each in done:
        if each.is_kept:
            verb = "would publish" if dry_run else "published"
            say(console, verb, f"{each.event_type} {each.event_id}", "again:", each.item.why)
        else:
            say(console, "its event was not kept: publish it anew", each.item.why, style="red")
    if not any(each.is_kept for each in done):
        raise typer.Exit(1)


@app.command("cancel")
def cancel(reference: Reference, because: Because, by: By = None, dry_run: DryRun = False) -> None:
    """Have an order cancelled: nothing more is packed, what has not left is taken back."""
    decided = decision(by, because)
    said = asking(lambda asking: asking.cancel_order(reference, decided, dry_run=dry_run))
    say_published(said, dry_run=dry_run)


def _heading(console: Console, order: views.Order) -> None:
    if order.state is None:
        say(console, order.order_reference, "not placed yet", style="bold")
        return
    packed = "fully packed" if order.fully_packed else "not fully packed"
    pro = f"PRO: {order.pro_order_reference or 'none yet'}"
    say(console, order.order_reference, f"{order.state.value}, {packed}", pro, style="bold")


def _waiting(console: Console, event: views.Waiting) -> None:
    dead = event.state is ParkedState.DEAD
    number = f"dead letter {event.number}" if dead else event.state.value
    attempt = f"(attempt {event.attempt})"
    style = "bold red" if dead else "bold"
    say(console, event.event_type, number, attempt, style=style)
    say(console, f"  {event.why}")
    say(console, f"  {event.reason}: {event.detail}")
