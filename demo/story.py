"""The demo: orders go the whole way, from Kafka to the carrier, past everything that goes wrong.

It drives real parts as a user would: a Kafka broker, `python -m sandbox` in PRO's place and
`orderflex serve`, each a process of its own; events go onto topics, outcomes are read from topics,
and what is true is asked of PRO.
"""

import asyncio
import logging
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from aiokafka.errors import KafkaError
from rich.text import Text

from demo.broker import BrokerUnavailable
from demo.orders import Order, make_orders
from demo.processes import ProcessError
from demo.screen import Screen
from demo.script import FEW, TimeIsUp, play
from demo.stage import Stage, new_folder, running_stage
from demo.summary import short, tell_summary, tell_where_to_look
from demo.troubles import Trouble
from demo.verdict import judge, read_facts
from demo.ways import Ways

FAILED = 1
INTERRUPTED = 130


def tell(orders: int, seed: int, *, stay: bool) -> int:
    """Run the demo; gives the exit code: 0 all is well, 1 it is not, 130 interrupted.

    `stay` leaves everything running in the end, until Ctrl-C or SIGTERM.
    """
    screen = Screen()
    folder = new_folder()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    with _sigterm_as_ctrl_c():
        try:
            return _tell(screen, folder, make_orders(orders, seed), stay=stay)
        except KeyboardInterrupt:
            screen.console.print(f"\nInterrupted. Nothing is left running; {short(folder)} stays.")
            return INTERRUPTED
        except ProcessError as error:
            screen.console.print()
            for line in str(error).splitlines():  # the end of a log, whose lines may be long
                screen.console.print(Text(line, style="red"), no_wrap=True, overflow="ellipsis")
            screen.line(f"Nothing is left running; the logs are in {short(folder)}.", indent=0)
            return FAILED
        except (BrokerUnavailable, KafkaError, OSError) as error:
            screen.console.print(f"\n{error}", style="red", markup=False, soft_wrap=True)
            screen.line(f"Nothing is left running; the logs are in {short(folder)}.", indent=0)
            return FAILED


def _tell(screen: Screen, folder: Path, orders: Sequence[Order], *, stay: bool) -> int:
    begun = time.monotonic()
    screen.heading("What is started")
    seconds: float | None = None
    with ExitStack() as parts:
        with screen.console.status("starting …"):
            stage = parts.enter_context(running_stage(folder, screen.started))
        ways = Ways(orders, screen.noticed)
        _tell_plan(screen, orders)
        with screen.following(ways):
            try:
                seconds = asyncio.run(play(stage, ways))
            except TimeIsUp as error:
                screen.line(f"{error}.", indent=0)
        facts = read_facts(stage)
        verdict = judge(ways.of.values(), facts)
        tell_summary(screen, stage, ways, facts, verdict, seconds)
        took = time.monotonic() - begun
        if stay:
            _stay(screen, stage)
    screen.line(f"Took {took:.0f} s. Nothing is left running.", indent=0)
    return 0 if verdict.is_good and seconds is not None else FAILED


def _tell_plan(screen: Screen, orders: Sequence[Order]) -> None:
    troubled = sum(1 for order in orders if order.trouble is not Trouble.NONE)
    screen.heading(f"{len(orders)} orders, {troubled} of them with a trouble")
    if len(orders) > FEW:
        return
    for order in orders:
        screen.line(f"{order.reference}  {order.about}")
    screen.console.print()


def _stay(screen: Screen, stage: Stage) -> None:
    """Wait for Ctrl-C; raises ProcessError if a part dies."""
    tell_where_to_look(screen, stage)
    try:
        while True:
            stage.check()
            time.sleep(0.5)
    except KeyboardInterrupt:
        screen.console.print()


@contextmanager
def _sigterm_as_ctrl_c() -> Iterator[None]:
    """Have SIGTERM unwind us as Ctrl-C does, so that every part is stopped in good order."""
    before = signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
