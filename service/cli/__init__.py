"""The command line, `orderflex`.

Exit codes: 0 done, 1 it failed (the text says why and what to do), 2 wrong usage or settings.
"""

import sys

import typer
from aiokafka.errors import KafkaError
from rich.console import Console

from service.cli import (
    attention,
    consignments,
    dead_letters,
    demonstration,
    events,
    ledgers,
    orders,
    serving,
)
from service.intake.broker import TopicsMissing
from service.ledger.database import LedgerDown, LedgerNotReady
from service.ledger.sealing import SealBroken
from service.lifetime import PortTaken
from service.settings import BadSettings

app = typer.Typer(
    name="orderflex",
    help="Carries every order from Kafka through SortedPRO: no customer gets two parcels, no order "
    "is forgotten.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("serve")(serving.serve)
app.command("demo")(demonstration.demo)
app.command("attention")(attention.attention)
app.command("seen")(attention.seen)
app.add_typer(orders.app, name="order")
app.add_typer(consignments.app, name="consignment")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(events.manifest_app, name="manifest")
app.command("publish")(events.publish)
app.command("settings")(serving.settings)
app.add_typer(ledgers.app, name="ledger")


def main() -> None:
    """Run the command line."""
    errors = Console(stderr=True)
    try:
        app()
    except BadSettings as error:
        errors.print("[bold red]settings[/] that can't be used:")
        errors.print(str(error), markup=False)
        errors.print("`orderflex settings` lists them all.", style="dim")
        sys.exit(2)
    except LedgerNotReady as error:
        errors.print(str(error), markup=False)
        sys.exit(1)
    except LedgerDown as error:
        errors.print(f"the ledger can't be reached ({error}): see ORDERFLEX_LEDGER_URL")
        sys.exit(1)
    except (TopicsMissing, PortTaken) as error:
        errors.print(str(error), markup=False)
        sys.exit(1)
    except KafkaError as error:
        errors.print(f"Kafka refuses what was asked of it: {error}", markup=False)
        sys.exit(1)
    except SealBroken as error:
        errors.print(str(error), markup=False)
        sys.exit(1)
