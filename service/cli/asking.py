"""What the commands share that read for people, or publish what they ask for."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, TypeVar

import typer
from rich.console import Console

from service import from_settings
from service.cli.ledgers import with_ledger
from service.cli.output import say
from service.cli.publishing import publishing
from service.ledger.database import Database
from service.people.asking import Asking, NothingRefused, Published
from service.people.in_pro import state_in_pro
from service.people.reading import Reading, Unknown
from service.people.views import InPro
from service.settings import load

T = TypeVar("T")

DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, do nothing.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=500, help="So many at the most.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


def reading(work: Callable[[Reading], Awaitable[T]], *, ask_pro: bool = False) -> T:
    """Read for a person; what the ledger does not know ends with exit code 1."""
    settings = load()
    seal = from_settings.seal_of(settings)

    async def run(database: Database) -> T:
        await database.check()
        if not ask_pro:
            return await work(from_settings.reading_of(settings, database, seal, _nobody))
        async with from_settings.pro_of(settings) as pro:
            return await work(
                from_settings.reading_of(settings, database, seal, partial(state_in_pro, pro))
            )

    return _told(lambda: with_ledger(run))


async def _nobody(_reference: str) -> InPro:
    return InPro(trouble="PRO was not asked")


def asking(work: Callable[[Asking], Awaitable[T]]) -> T:
    """Publish what a person asks for; what can't be asked for ends with exit code 1."""
    settings = load()
    seal = from_settings.seal_of(settings)

    async def run(database: Database) -> T:
        await database.check()
        async with publishing(settings) as publish:
            return await work(from_settings.asking_of(settings, database, seal, publish))

    return _told(lambda: with_ledger(run))


def _told(work: Callable[[], T]) -> T:
    try:
        return work()
    except (Unknown, NothingRefused) as error:
        Console(stderr=True).print(str(error), markup=False)
        raise typer.Exit(1) from None


def say_published(said: Published, *, dry_run: bool) -> None:
    """Say which event it became."""
    verb = "would publish" if dry_run else "published"
    what = f"{said.event.event_type.value} of {said.event.kafka_key}"
    say(Console(), verb, what, "" if dry_run else f"(id {said.event_id})")
