"""One replica of the service: a process that is started, stopped, killed and frozen."""

import asyncio
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from demo.processes import ManagedProcess, free_port

from .mortal import WITNESS, begin_word, warrant


class NotDrained(Exception):
    """A replica that was asked to end did not, or not in good order."""


class Replica:
    """One replica, with a folder and a port of its own.

    Its next life is prepared while the present one goes on: it waits, with everything imported, for
    the word to begin. So a death costs the run as little time as possible.
    """

    def __init__(self, name: str, folder: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.folder = folder / name
        self.folder.mkdir(parents=True)
        self.port = free_port()
        self.log_file = self.folder / "service.log"
        self._environment = {
            **environment,
            "ORDERFLEX_HTTP_PORT": str(self.port),
            "MORTAL_FOLDER": str(self.folder),
        }
        self._lives = 0
        self._process: ManagedProcess | None = None
        self._next: tuple[ManagedProcess, Path] | None = None
        self.has_left = False
        """Whether it was asked to end, and did in good order."""

    async def prepare(self) -> None:
        """Have the next life ready to begin."""
        if self._next is not None:
            return
        self._lives += 1
        word = begin_word(self.folder, self._lives)
        process = ManagedProcess(
            [sys.executable, "-m", "tests.chaos.mortal", "serve"],
            log_file=self.log_file,
            name=self.name,
            env={**self._environment, "MORTAL_LIFE": str(self._lives)},
            cwd=self.folder,
        )
        self._next = (process, word)
        await asyncio.to_thread(process.start)

    async def start(self) -> None:
        """Start it (again)."""
        if self.running:
            return
        await self.prepare()
        if self._next is not None:
            self._process, word = self._next
            self._next, self.has_left = None, False
            word.touch()

    @property
    def running(self) -> bool:
        """Whether its process runs (a frozen one does)."""
        return self._process is not None and self._process.running

    @property
    def witness_file(self) -> Path:
        """What it wrote down of events and commits."""
        return self.folder / WITNESS

    async def is_ready(self) -> bool:
        """Whether it takes events up."""
        async with httpx.AsyncClient() as client:
            try:
                answer = await client.get(f"http://127.0.0.1:{self.port}/readyz", timeout=1.0)
            except httpx.TransportError:
                return False
            return answer.status_code == 200

    async def kill(self) -> None:
        """SIGKILL."""
        await asyncio.to_thread(self._present.kill)

    async def end(self, seconds: float) -> None:
        """SIGTERM, and the exit code 0 within so many seconds. Raises NotDrained."""
        process, before = self._present, time.monotonic()
        await asyncio.to_thread(process.stop, seconds)
        took = time.monotonic() - before
        if process.returncode != 0:
            raise NotDrained(
                f"{self.name} was asked to end and ended with code {process.returncode} "
                f"after {took:.1f} s; {seconds:g} s were allowed"
            )
        self.has_left = True

    async def remove(self) -> None:
        """End it and what was prepared, at once."""
        prepared = [self._next[0]] if self._next is not None else []
        for process in [*prepared, *([self._process] if self._process is not None else [])]:
            await asyncio.to_thread(process.kill)

    def freeze(self) -> None:
        """SIGSTOP: its connections stay open, it does nothing."""
        self._present.pause()

    def thaw(self) -> None:
        """SIGCONT."""
        self._present.resume()

    @property
    def _present(self) -> ManagedProcess:
        if self._process is None:
            raise RuntimeError(f"{self.name} was never started")
        return self._process

    def condemn(self, point: str) -> None:
        """Have it die by SIGKILL when it comes to a point next."""
        warrant(self.folder, point).touch()

    def pardon(self, point: str) -> bool:
        """Take the death warrant back; False when it was executed."""
        paper = warrant(self.folder, point)
        there = paper.exists()
        paper.unlink(missing_ok=True)
        return there

    def tail(self, lines: int = 10) -> str:
        """The last lines of its log."""
        return self._present.tail(lines)
