"""`orderflex consignment …`: where it is, its labels, allocate it again, cancel it."""

import hashlib
from pathlib import Path
from typing import Annotated, NoReturn
from urllib.parse import unquote, urlparse

import typer
from pydantic import ValidationError
from rich.console import Console

from service.cli.asking import AsJson, DryRun, Limit, asking, reading, say_published
from service.cli.deciding import Because, By, decision
from service.cli.output import say
from service.events.allocation import Way
from service.people import views

app = typer.Typer(no_args_is_help=True, help="Consignments, as the ledger knows them.")

Reference = Annotated[str, typer.Argument(help="PRO's reference, EC-….")]


@app.command("show")
def show(
    reference: Reference,
    ask_pro: Annotated[
        bool, typer.Option("--ask-pro", help="Read its state in PRO too, which needs PRO's key.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show a consignment, and on request how PRO shows it."""
    one = reading(lambda reading: reading.consignment(reference, ask_pro=ask_pro), ask_pro=ask_pro)
    if as_json:
        typer.echo(one.model_dump_json())
        return
    console = Console()
    show_consignment(console, one)
    if one.in_pro is not None:
        say(console, f"  in PRO: {one.in_pro.state or one.in_pro.trouble}")


@app.command("search")
def search(
    reference: Annotated[
        str | None,
        typer.Argument(
            help="Any name: PRO's EC-…, the one that it was given in PRO, its order's, a tracking "
            "reference."
        ),
    ] = None,
    state: Annotated[
        str | None, typer.Option("--state", help="PRO's word, such as Allocated.")
    ] = None,
    location: Annotated[
        str | None, typer.Option("--location", help="The shipping location's reference.")
    ] = None,
    carrier: Annotated[
        str | None, typer.Option("--carrier", help="The carrier's reference.")
    ] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Find consignments by any of their names, state, location and carrier, newest first."""
    page = reading(
        lambda reading: reading.consignments(
            limit, reference=reference, state=state, location=location, carrier=carrier
        )
    )
    if as_json:
        typer.echo(page.model_dump_json())
        return
    console = Console()
    if not page.items:
        console.print("No consignments.")
    for one in page.items:
        order, pick = one.order_reference or "no order", one.pick_reference or ""
        tracking = ", ".join(one.tracking_references)
        say(console, one.consignment_reference, one.state, one.direction, order, pick, tracking)
    if page.next is not None:
        say(console, "… and more: narrow it, or --limit", style="dim")


@app.command("cancel")
def cancel(reference: Reference, because: Because, by: By = None, dry_run: DryRun = False) -> None:
    """Have a consignment cancelled: its pick is withdrawn, and can be picked again."""
    decided = decision(by, because)
    said = asking(lambda asking: asking.cancel_consignment(reference, decided, dry_run=dry_run))
    say_published(said, dry_run=dry_run)


@app.command("reallocate")
def reallocate(
    reference: Reference,
    because: Because,
    way: Annotated[
        list[str] | None,
        typer.Option(
            "--way",
            help="default_rules, service_group:REFERENCE or carrier_service:REFERENCE; the ways of "
            "before unless given. May be repeated: tried in this order.",
        ),
    ] = None,
    by: By = None,
    dry_run: DryRun = False,
) -> None:
    """Have a consignment allocated again. Labels that it has are void then."""
    decided, ways = decision(by, because), tuple(_way(text) for text in way or ())
    said = asking(
        lambda asking: asking.reallocate(reference, decided, ways=ways or None, dry_run=dry_run)
    )
    say_published(said, dry_run=dry_run)


@app.command("labels")
def labels(
    reference: Reference,
    to: Annotated[
        Path | None, typer.Option("--to", help="Write the labels to this file.", dir_okay=False)
    ] = None,
) -> None:
    """Say where a consignment's labels lie, or write them to a file, checked by their SHA-256."""
    one = reading(lambda reading: reading.consignment(reference))
    if one.labels_address is None:
        _fail(f"{reference} has no labels; it is {one.state}")
    if to is None:
        typer.echo(one.labels_address)
        return
    content = _content(one.labels_address)
    if hashlib.sha256(content).hexdigest() != one.labels_sha256:
        _fail(f"what lies at {one.labels_address} is not what was stored: its SHA-256 differs")
    to.write_bytes(content)
    typer.echo(f"{to}: {len(content)} bytes. They hold the recipient's name and address.")


def show_consignment(console: Console, one: views.Consignment) -> None:
    """Print a consignment, indented under its name."""
    say(console, one.consignment_reference, one.state, one.direction, style="bold")
    pick = f"pick {one.pick_reference}" if one.pick_reference else "without an order"
    say(console, f"  {pick}", f"in PRO as {one.consignment_reference_provided_by_customer}")
    if one.carrier_service_reference:
        tracking = ", ".join(one.tracking_references)
        say(console, f"  service {one.carrier_service_reference}", f"tracking {tracking}")
    if one.labels_address:
        say(console, f"  labels {one.labels_address}")
    if one.manifest_reference:
        say(console, f"  manifest {one.manifest_reference}")


def _way(text: str) -> Way:
    word, _, named = text.partition(":")
    try:
        return Way.model_validate({"way": word, "reference": named or None})
    except ValidationError:
        raise typer.BadParameter(
            "default_rules, service_group:REFERENCE or carrier_service:REFERENCE",
            param_hint="--way",
        ) from None


def _content(address: str) -> bytes:
    place = urlparse(address)
    if place.scheme != "file":
        _fail(f"they lie at {address}: fetch them with a tool of that store")
    try:
        return Path(unquote(place.path)).read_bytes()
    except OSError as error:
        _fail(f"{address} can't be read here ({error.strerror})")


def _fail(why: str) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(1)
