"""The service as `orderflex serve`, with a witness of what it settles, which dies when it is told.

    MORTAL_FOLDER=/some/folder MORTAL_LIFE=1 python -m tests.chaos.mortal serve

It begins when there is a file `begin.LIFE` in the folder; until then it waits, all imported.
A file `die.POINT` in the folder is a death warrant: the process removes it and dies by SIGKILL
when it comes to that point (of tests/journeys/killable.py) next. What became of each event, and
each commit, is a line of `witness.log` there, with the machine's monotonic time.
"""

import functools
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import OffsetAndMetadata

from service.cli import main
from service.intake.arrivals import Arrival
from service.intake.ending import Ending
from service.intake.handling import Handling
from tests.journeys.killable import BATCH_POINTS, PARKING_POINTS, POINTS, arm

ALL_POINTS = (*POINTS, *PARKING_POINTS, *BATCH_POINTS)
WITNESS = "witness.log"


def warrant(folder: Path, point: str) -> Path:
    """Where a death warrant for a point lies."""
    return folder / f"die.{point}"


def begin_word(folder: Path, life: int) -> Path:
    """Where the word lies at which a life begins."""
    return folder / f"begin.{life}"


def die_if_told(paper: Path, kind: str) -> None:
    """Execute a death warrant, if there is one."""
    if paper.exists():
        paper.rename(paper.with_name(f"died.{paper.suffix[1:]}.{kind}"))
        os.kill(os.getpid(), signal.SIGKILL)


class Witness:
    """Writes down what became of each event, and each commit, before anything can come of it."""

    def __init__(self, folder: Path, life: int) -> None:
        self._life = life
        # Written through at every line: what was witnessed survives our death.
        self._file = os.open(folder / WITNESS, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def tell(self, **line: Any) -> None:
        """Write one line."""
        os.write(self._file, json.dumps({"at": time.monotonic(), **line}).encode() + b"\n")

    def watch(self) -> None:
        """Put the witness where events end and offsets are let go."""
        settle, commit = Handling.settle, AIOKafkaConsumer.commit

        @functools.wraps(settle)
        async def settled(handling: Handling, arrived: Arrival) -> Ending:
            lay = arrived.origin
            place = [lay.topic, lay.partition, lay.offset]
            self.tell(life=self._life, begun=place)
            ending = await settle(handling, arrived)
            self.tell(life=self._life, ended=place, ending=ending.value)
            return ending

        @functools.wraps(commit)
        async def committed(
            consumer: AIOKafkaConsumer, offsets: Mapping[TopicPartition, OffsetAndMetadata]
        ) -> None:
            self.tell(commit=[[tp.topic, tp.partition, o.offset] for tp, o in offsets.items()])
            await commit(consumer, offsets)

        for owner, method in ((Handling, settled), (AIOKafkaConsumer, committed)):
            setattr(owner, method.__name__, method)  # functools.wraps gave it the name


def start() -> None:
    """Become the service."""
    folder = Path(os.environ["MORTAL_FOLDER"])
    for point in ALL_POINTS:
        arm(point, functools.partial(die_if_told, warrant(folder, point)))
    life = int(os.environ["MORTAL_LIFE"])
    Witness(folder, life).watch()
    while not begin_word(folder, life).exists():
        time.sleep(0.02)
    sys.argv[0] = "orderflex"
    main()


if __name__ == "__main__":
    start()
