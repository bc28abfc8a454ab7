"""`orderflex dead-letters …`: what died, why, who waits behind it, and what is to become of it."""

import json
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console

from service import from_settings
from service.cli.deciding import NO_REASON, Because, By, decision
from service.cli.ledgers import with_ledger
from service.cli.output import say, show_timeline
from service.events.envelope import Incoming
from service.events.topics import EventType
from service.ledger.database import Database
from service.ledger.dead_letters import (
    DeadLetters,
    NoSuchLetter,
    TooManyReplays,
    Which,
)
from service.ledger.parked_rows import ParkedEvent
from service.ledger.tables import ParkedState
from service.settings import load

app = typer.Typer(
    no_args_is_help=True,
    help="Dead letters: events that were given up. Look at them, replay or discard them.",
)

SECONDS_OF = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class Shown(StrEnum):
    """Which of them are listed."""

    DEAD = "dead"
    DISCARDED = "discarded"


Numbers = Annotated[
    list[int] | None, typer.Argument(help="Numbers of dead letters, as the list shows them.")
]
Order = Annotated[str | None, typer.Option("--order", help="Only those of this order.")]
Type = Annotated[
    str | None, typer.Option("--type", help="Only this event type, such as stock.picked.")
]
Reason = Annotated[
    str | None, typer.Option("--reason", help="Only those that died of this, such as bug.")
]
OlderThan = Annotated[
    str | None, typer.Option("--older-than", help="Only those dead for longer, such as 30m or 2h.")
]
Every = Annotated[bool, typer.Option("--all", help="Every dead letter there is.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, do nothing.")]


@app.command("list")
def list_letters(
    order: Order = None,
    event_type: Type = None,
    reason: Reason = None,
    older_than: OlderThan = None,
    state: Annotated[
        Shown, typer.Option("--state", help="dead: to be decided; discarded: decided.")
    ] = Shown.DEAD,
    limit: Annotated[int, typer.Option("--limit", min=1, help="So many at the most.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List dead letters, oldest first. Shows no personal data."""
    which = _which(None, order, event_type, reason, older_than, ParkedState(state.value))

    async def read(letters: DeadLetters) -> list[ParkedEvent]:
        return await letters.find(which, limit)

    found = _with_letters(read)
    if as_json:
        for letter in found:
            typer.echo(json.dumps(_plain(letter)))
        return
    console = Console()
    if not found:
        console.print(f"No {state.value} letters." if state is Shown.DISCARDED else "Nothing died.")
    for letter in found:
        _line(console, letter)
    if len(found) == limit:
        say(console, f"… and perhaps more: --limit {limit * 10}", style="dim")


@app.command("show")
def show(
    number: Annotated[int, typer.Argument(help="The dead letter's number.")],
    payload: Annotated[
        bool,
        typer.Option("--payload", help="Show the event itself, with the personal data in it."),
    ] = False,
) -> None:
    """Show a dead letter: why it died, what waits behind it, and its history."""

    async def read(letters: DeadLetters) -> tuple[Any, ...]:
        letter = await _find_any(letters, number)
        event = await letters.payload(letter) if payload else None
        return letter, await letters.behind(letter), await letters.timeline(letter), event

    letter, behind, timeline, event = _with_letters(read)
    console = Console()
    _line(console, letter)
    say(console, f"  lay at {letter.origin}, event id {letter.event_id}")
    say(console, f"  first failed {letter.first_failed_at:%Y-%m-%d %H:%M:%S} UTC")
    if letter.remark:
        say(console, f"  {letter.remark}")
    for waiting in behind:
        say(console, f"  behind it: {waiting.event_type} {waiting.event_id}")
    console.print()
    show_timeline(console, timeline)
    if payload:
        console.print()
        say(console, _text_of(event))


@app.command("replay")
def replay(
    numbers: Numbers = None,
    order: Order = None,
    event_type: Type = None,
    reason: Reason = None,
    older_than: OlderThan = None,
    every: Every = False,
    because: Annotated[
        str, typer.Option("--because", help="Why now; kept in the history.")
    ] = NO_REASON,
    by: By = None,
    force: Annotated[
        bool, typer.Option("--force", help="However often it was replayed already.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Have dead letters tried again, each in its place: those behind them follow.

    Can be stopped and run again: what was replayed is no dead letter any more. It goes through the
    same ledger as ever, so nothing that PRO has done is done twice.
    """
    which = _meant(numbers, order, event_type, reason, older_than, every=every)
    decided = decision(by, because)
    most = None if force else load().max_replays

    async def act(letters: DeadLetters, letter: ParkedEvent) -> None:
        await letters.replay(letter.sequence, decided, most)

    def refusal(letter: ParkedEvent) -> str | None:
        if most is not None and letter.replays >= most:
            return str(TooManyReplays(letter.sequence, letter.replays))
        return None

    _decide(which, act, refusal, "replay", "replayed", dry_run=dry_run)


@app.command("discard")
def discard(
    because: Because,
    numbers: Numbers = None,
    order: Order = None,
    event_type: Type = None,
    reason: Reason = None,
    older_than: OlderThan = None,
    every: Every = False,
    by: By = None,
    dry_run: DryRun = False,
) -> None:
    """Give dead letters up for good: their content is deleted, those behind them go on."""
    which = _meant(numbers, order, event_type, reason, older_than, every=every)
    decided = decision(by, because)

    async def act(letters: DeadLetters, letter: ParkedEvent) -> None:
        await letters.discard(letter.sequence, decided)

    _decide(which, act, lambda _: None, "discard", "discarded", dry_run=dry_run)


def _decide(
    which: Which,
    act: Callable[[DeadLetters, ParkedEvent], Awaitable[None]],
    refusal: Callable[[ParkedEvent], str | None],
    verb: str,
    done: str,
    *,
    dry_run: bool,
) -> None:
    """Do to each what was decided, and say how many; exit 1 when one could not be done."""
    console = Console()

    async def run(letters: DeadLetters) -> tuple[int, int]:
        found = await letters.find(which)
        missing = set(which.sequences) - {letter.sequence for letter in found}
        for sequence in sorted(missing):
            say(console, str(NoSuchLetter(sequence)), style="red")
        did, could_not = 0, len(missing)
        for letter in found:
            behind = len(await letters.behind(letter))
            why_not = refusal(letter)
            if why_not is None and not dry_run:
                try:
                    await act(letters, letter)
                except (NoSuchLetter, TooManyReplays) as error:
                    why_not = str(error)
            if why_not is not None:
                could_not += 1
                say(console, why_not, style="red")
                continue
            did += 1
            waiting = f"({behind} behind it)" if behind else ""
            say(console, f"would {verb}" if dry_run else done, _name(letter), waiting)
        return did, could_not

    did, could_not = _with_letters(run)
    say(console, f"{did} would be {done}." if dry_run else f"{did} {done}.", style="bold")
    if could_not:
        raise typer.Exit(1)


def _with_letters(work: Callable[[DeadLetters], Awaitable[Any]]) -> Any:
    seal = from_settings.seal_of(load())

    async def run(database: Database) -> Any:
        await database.check()
        return await work(DeadLetters(database, seal))

    try:
        return with_ledger(run)
    except NoSuchLetter as error:
        Console(stderr=True).print(str(error), markup=False)
        raise typer.Exit(1) from None


async def _find_any(letters: DeadLetters, number: int) -> ParkedEvent:
    for state in (ParkedState.DEAD, ParkedState.DISCARDED):
        found = await letters.find(Which((number,), state=state))
        if found:
            return found[0]
    raise NoSuchLetter(number)


def _meant(
    numbers: list[int] | None,
    order: str | None,
    event_type: str | None,
    reason: str | None,
    older_than: str | None,
    *,
    every: bool,
) -> Which:
    """Say which are meant; nothing named means nothing, not everything."""
    if not (numbers or order or event_type or reason or older_than or every):
        raise typer.BadParameter("name numbers, an order, a filter, or --all", param_hint="NUMBERS")
    return _which(numbers, order, event_type, reason, older_than)


def _which(
    numbers: list[int] | None,
    order: str | None,
    event_type: str | None,
    reason: str | None,
    older_than: str | None,
    state: ParkedState = ParkedState.DEAD,
) -> Which:
    words = ["unreadable", *(event.value for event in EventType)]
    if event_type is not None and event_type not in words:
        raise typer.BadParameter(f"one of {', '.join(words)}", param_hint="--type")
    seconds = None if older_than is None else _seconds(older_than)
    return Which(tuple(numbers or ()), order, event_type, reason, seconds, state)


def _seconds(text: str) -> float:
    number, unit = text[:-1], text[-1:]
    if not number.isdigit() or unit not in SECONDS_OF:
        raise typer.BadParameter(
            "a number and s, m, h or d, such as 30m", param_hint="--older-than"
        )
    return int(number) * SECONDS_OF[unit]


def _name(letter: ParkedEvent) -> str:
    about = letter.order_reference or str(letter.origin)
    return f"{letter.sequence}  {letter.event_type}  {about}"


def _line(console: Console, letter: ParkedEvent) -> None:
    holds = "" if not letter.holds else "holds its order"
    if letter.holds and letter.consignment_reference:
        holds = f"holds {letter.consignment_reference}"
    replays = f"replayed {letter.replays} times" if letter.replays else ""
    say(console, _name(letter), holds, replays, style="bold")
    say(console, f"  {letter.reason.error_class}: {letter.reason.detail}")


def _plain(letter: ParkedEvent) -> dict[str, object]:
    return {
        "number": letter.sequence,
        "state": letter.state.value,
        "event_type": letter.event_type,
        "event_id": letter.event_id,
        "order_reference": letter.order_reference,
        "consignment_reference": letter.consignment_reference,
        "holds": letter.holds,
        "reason": letter.reason.error_class,
        "detail": letter.reason.detail,
        "attempt": letter.attempt,
        "replays": letter.replays,
        "topic": letter.origin.topic,
        "partition": letter.origin.partition,
        "offset": letter.origin.offset,
        "first_failed_at": letter.first_failed_at.isoformat(),
        "remark": letter.remark,
    }


def _text_of(event: Incoming | None) -> str:
    if event is None:
        return "Its content is gone."
    headers = "\n".join(
        f"{name}: {value.decode(errors='replace')}" for name, value in event.headers
    )
    value = (event.value or b"").decode(errors="replace")
    return f"{headers}\n\n{value}".strip()
