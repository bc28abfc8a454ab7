"""`orderflex publish` and `orderflex manifest request`: putting events on their topics."""

import asyncio
import json
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from service import from_settings
from service.cli.publishing import publishing
from service.events import exact_json
from service.events.envelope import Incoming, Outgoing, Received, parse, read, write
from service.events.malformed import Malformed
from service.events.said import Event
from service.events.topics import RECEIVED_FROM_OTHERS, EventType
from service.settings import Settings, load

manifest_app = typer.Typer(no_args_is_help=True, help="Manifests: telling the carriers.")
SOURCE = "urn:orderflex:cli"


def publish(
    file: Annotated[Path, typer.Argument(help="A JSON file; - reads standard input.")],
    event_type: Annotated[
        str | None,
        typer.Option("--type", help="The event's type, when the file is plain data."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the file and publish nothing.")
    ] = False,
) -> None:
    """Check an event file against the contract, and put it on its topic.

    The file is a structured CloudEvent, or plain data whose type is given by --type or by the
    file's name (order.placed.json).
    """
    settings = load()
    errors = Console(stderr=True)
    try:
        value = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        errors.print(f"{file}: {error.strerror}")
        raise typer.Exit(1) from None
    try:
        received = _checked(value, _type_of(file, event_type), settings)
    except Malformed as malformed:
        errors.print(f"{file} does not fit the contract: {malformed.reason.value}", markup=False)
        for fault in malformed.fields:
            errors.print(f"  {fault.path}: {fault.message}", markup=False)
        if not malformed.fields:
            errors.print(f"  {malformed.detail}", markup=False)
        raise typer.Exit(1) from None
    if dry_run:
        typer.echo(f"{file} is a good {received.envelope.type.value}.")
        return
    _send(received.event, settings, event_id=received.envelope.id)


def _type_of(file: Path, named: str | None) -> EventType | None:
    words = [event.value for event in RECEIVED_FROM_OTHERS]
    if named is not None:
        if named not in words:
            raise typer.BadParameter(f"one of {', '.join(words)}", param_hint="--type")
        return EventType(named)
    return next((EventType(word) for word in words if file.name.startswith(word)), None)


def _checked(value: bytes, event_type: EventType | None, settings: Settings) -> Received:
    """Read a file as the service would read the record. Raises Malformed."""
    topics = from_settings.topics_of(settings)
    structured = b'"specversion"' in value
    if not structured and event_type is None:
        raise typer.BadParameter(
            "plain data needs --type, or a file name such as order.placed.json",
            param_hint="FILE",
        )
    content_type = b"application/cloudevents+json" if structured else b"application/json"
    topic = topics.topic_of(event_type) if event_type else ""
    record = Incoming(
        topic=topic,
        partition=0,
        offset=uuid.uuid4().int % 2**62,
        key=None,
        value=value,
        headers=(("content-type", content_type),),
        timestamp=datetime.now(UTC),
    )
    return read(record, topics, settings.max_event_bytes)


@manifest_app.command("request")
def request(
    locations: Annotated[
        list[str],
        typer.Argument(metavar="LOCATION…", help="Shipping locations' references in PRO."),
    ],
    carrier: Annotated[
        list[str] | None, typer.Option("--carrier", help="Only this carrier; may be repeated.")
    ] = None,
    state: Annotated[
        list[str] | None,
        typer.Option(
            "--state",
            help="Only what PRO has in this state (allocated, ready_to_ship, manifest_failed); "
            "may be repeated.",
        ),
    ] = None,
    labels_printed: Annotated[
        bool | None,
        typer.Option(
            "--labels-printed/--labels-not-printed", help="Only what PRO shows (not) as printed."
        ),
    ] = None,
    ships_from: Annotated[
        str | None, typer.Option("--ships-from", help="Only what ships on this day or later.")
    ] = None,
    ships_until: Annotated[
        str | None, typer.Option("--ships-until", help="Only what ships on this day or earlier.")
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option("--reference", help="A name for this manifest, used once for a location."),
    ] = None,
) -> None:
    """Ask for what is ready at some locations to be manifested; each location is a request."""
    name = reference or f"M-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    limits = {
        "carriers": carrier or [],
        "states": state or [],
        "labels_printed": labels_printed,
        "shipping_date_from": ships_from,
        "shipping_date_until": ships_until,
    }
    requests = []
    for location in locations:
        data = {"manifest_reference": name, "shipping_location_reference": location, **limits}
        try:
            requests.append(
                parse(EventType.MANIFEST_REQUESTED, exact_json.loads(json.dumps(data).encode()))
            )
        except Malformed as malformed:
            raise typer.BadParameter(malformed.detail) from None
    settings = load()
    for event in requests:
        _send(event, settings, event_id=uuid.uuid4().hex)


def _send(event: Event, settings: Settings, *, event_id: str) -> None:
    record = write(
        event,
        event_id=event_id,
        source=SOURCE,
        time=datetime.now(UTC),
        traceparent=None,
        topics=from_settings.topics_of(settings),
    )
    asyncio.run(_put(record, settings))
    typer.echo(f"{event.event_type.value} {event.kafka_key} is on {record.topic} (id {event_id}).")


async def _put(record: Outgoing, settings: Settings) -> None:
    async with publishing(settings) as publish:
        await publish(record)
