"""`orderflex attention` and `orderflex seen`: what needs a person, and that it was seen to."""

import json
import shlex
from typing import Annotated, Any

import typer
from rich.console import Console

from service import from_settings
from service.cli.deciding import Because, By, decision
from service.cli.ledgers import with_ledger
from service.cli.output import say
from service.ledger.attention import Item, NoSuchItem
from service.ledger.attention_kinds import Action, Kind
from service.ledger.database import Database
from service.settings import load


def attention(
    order: Annotated[str | None, typer.Option("--order", help="Only those of this order.")] = None,
    kind: Annotated[
        list[Kind] | None, typer.Option("--kind", help="Only this kind; may be repeated.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="So many at the most.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List what needs a person's attention, oldest first. Shows no personal data."""
    settings = load()

    async def read(database: Database) -> list[Item]:
        await database.check()
        return await from_settings.attention_of(settings, database).find(
            limit, kinds=kind or tuple(Kind), order_reference=order
        )

    items = with_ledger(read)
    if as_json:
        for item in items:
            typer.echo(json.dumps(_plain(item)))
        return
    console = Console()
    if not items:
        console.print("Nothing needs attention.")
    for item in items:
        _show(console, item)
    if len(items) == limit:
        say(console, f"… and perhaps more: --limit {limit * 10}", style="dim")


def seen(
    item: Annotated[str, typer.Argument(help="The item's name, as `orderflex attention` has it.")],
    because: Because,
    by: By = None,
) -> None:
    """Mark what needs attention as seen to: it leaves the list, and nothing else happens."""
    settings, decided = load(), decision(by, because)

    async def mark(database: Database) -> Item:
        await database.check()
        return await from_settings.attention_of(settings, database).seen(item, decided)

    try:
        with_ledger(mark)
    except NoSuchItem as error:
        Console(stderr=True).print(str(error), markup=False)
        raise typer.Exit(1) from None
    typer.echo(f"{item} is seen to.")


def _show(console: Console, item: Item) -> None:
    names = (item.order_reference, item.pick_reference, item.consignment_reference)
    since = f"since {item.since:%Y-%m-%d %H:%M} UTC"
    say(console, item.kind.value, *(name for name in names if name), since, style="bold")
    say(console, f"  {item.why}")
    say(console, f"  {item.do}")
    for action in item.actions:
        say(console, f"    {command_of(action, item)}", style="dim")


def command_of(action: Action, item: Item) -> str:
    """Give the command that does it."""
    order = _word(item.order_reference or "")
    pick = f" --pick {_word(item.pick_reference)}" if item.pick_reference else ""
    consignment = _word(item.consignment_reference or "")
    match action:
        case Action.AGAIN:
            return f"orderflex order again {order}{pick}"
        case Action.REPLAY:
            return f"orderflex dead-letters replay {item.dead_letter}"
        case Action.DISCARD:
            return f"orderflex dead-letters discard {item.dead_letter} --because …"
        case Action.SEEN:
            return f"orderflex seen {_word(item.item)} --because …"
        case Action.CANCEL:
            return f"orderflex order cancel {order} --because …"
        case Action.REALLOCATE:
            return f"orderflex consignment reallocate {consignment} --because …"


def _word(text: str) -> str:
    """Write a reference as a shell takes it for one word."""
    return shlex.quote(text)


def _plain(item: Item) -> dict[str, Any]:
    return {
        "item": item.item,
        "kind": item.kind.value,
        "since": item.since.isoformat(),
        "order_reference": item.order_reference,
        "pick_reference": item.pick_reference,
        "consignment_reference": item.consignment_reference,
        "shipping_location_reference": item.shipping_location_reference,
        "dead_letter": item.dead_letter,
        "why": item.why,
        "do": item.do,
        "actions": [action.value for action in item.actions],
    }
