"""A real PostgreSQL for tests: the one given, or its own binaries run in a temporary folder.

    with running_postgresql() as postgresql:
        url = postgresql.create_database()

Everything here blocks; from a coroutine use `asyncio.to_thread`.
"""

import asyncio
import importlib.util
import os
import pwd
import re
import signal
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import asyncpg
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from demo.processes import ManagedProcess, ProcessError, free_port, listening
from demo.scratch import ScratchFolder

PostgresqlKind = Literal["given", "debian", "pgserver"]
GIVEN = "TEST_POSTGRESQL_URL"

_LIBRARY = Path("/usr/lib/postgresql")
_SUPERUSER = "orderflex"


class PostgresqlUnavailable(RuntimeError):
    """No PostgreSQL can be had; the message lists what was tried and what to do."""


class Server:
    """A cluster with its port and its data folder; it can be started again with both."""

    def __init__(self, binaries: Path, log_dir: Path | None, *, durable: bool) -> None:
        self.port = free_port()
        self._user = _unprivileged_user()
        self._scratch = ScratchFolder("postgresql", self._user)
        self._folder = self._scratch.path
        self._data = self._folder / "data"
        self._binaries = binaries
        self._log_file = (log_dir or self._folder) / f"postgresql-{self.port}.log"
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self._folder),
            "max_connections": "200",
        }
        if not durable:
            settings |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
        options = [part for item in settings.items() for part in ("-c", "=".join(item))]
        # SIGINT drops the clients and ends in good order, SIGQUIT ends at once; after a SIGKILL
        # shared memory would be left behind.
        self.process = self._command("postgres", "-D", str(self._data), *options)

    def _command(self, name: str, *arguments: str) -> ManagedProcess:
        return ManagedProcess(
            [self._binaries / name, *arguments],
            log_file=self._log_file,
            name=f"PostgreSQL's {name}",
            cwd=self._folder,
            user=self._user,
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGQUIT,
        )

    def initialise(self) -> None:
        """Make the empty cluster, once. ProcessError when initdb refuses."""
        initdb = self._command(
            "initdb",
            *("-D", str(self._data), "-U", _SUPERUSER),
            *("--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"),
        )
        with initdb:
            if initdb.wait(timeout=60) != 0:
                raise initdb.failed(f"ended with code {initdb.returncode}")

    def start(self, timeout: float) -> None:
        """Start it; returns when it accepts queries. ProcessError after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while True:
            self.process.start()
            try:
                self.process.wait_until(self._answers, timeout=max(deadline - time.monotonic(), 1))
            except ProcessError:
                # After a kill the backends of the former run need a moment to notice.
                if time.monotonic() > deadline or "still in use" not in self.process.tail():
                    raise
                time.sleep(0.2)
            else:
                return

    def _answers(self) -> bool:
        if not listening("127.0.0.1", self.port):
            return False
        try:
            _execute(self.url, "SELECT 1")
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        return True

    @property
    def url(self) -> URL:
        return make_url(f"postgresql+asyncpg://{_SUPERUSER}@127.0.0.1:{self.port}/postgres")

    def close(self) -> None:
        """Stop it and remove its data."""
        self.process.stop()
        self._scratch.close()


class Postgresql:
    """A PostgreSQL that answers.

    `url` ("postgresql+asyncpg://…") names its maintenance database, as somebody who may create
    databases; `kind` says whose it is; `description` is a phrase for people. Only one of ours
    can be stopped, started and killed, always on the same port with the same data:
    RuntimeError for one given.
    """

    def __init__(
        self, url: URL, kind: PostgresqlKind, description: str, server: Server | None = None
    ) -> None:
        self.url = url.render_as_string(hide_password=False)
        self.kind: PostgresqlKind = kind
        self.description = description
        self._server = server

    def __repr__(self) -> str:
        return f"<Postgresql {self.description}>"

    @property
    def pid(self) -> int | None:
        """The id of its first process, while we run one."""
        return self._server.process.pid if self._server is not None else None

    def create_database(self) -> str:
        """A new, empty database's url ("postgresql+asyncpg://…")."""
        url = make_url(self.url)
        name = f"orderflex_test_{uuid.uuid4().hex}"
        _execute(url, f'CREATE DATABASE "{name}"')
        return url.set(database=name).render_as_string(hide_password=False)

    def drop_database(self, url: str) -> None:
        """Remove what `create_database` made, with the connections that are still open to it."""
        name = make_url(url).database
        _execute(make_url(self.url), f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def start(self, timeout: float = 30.0) -> None:
        """Start it again; returns when it accepts queries. ProcessError after `timeout` s."""
        self._own().start(timeout)

    def stop(self) -> None:
        """End it in good order, dropping its clients."""
        self._own().process.stop()

    def restart(self, timeout: float = 30.0) -> None:
        """Stop and start."""
        self.stop()
        self.start(timeout)

    def kill(self) -> None:
        """End it as a crash would; what was committed is still there after `start`."""
        self._own().process.kill()

    def _own(self) -> Server:
        if self._server is None:
            raise RuntimeError(f"the {self.description} is not ours to control; unset {GIVEN}")
        return self._server


@contextmanager
def running_postgresql(
    *, log_dir: Path | None = None, durable: bool = True, use_given: bool = True
) -> Iterator[Postgresql]:
    """The PostgreSQL given, else one of our own, stopped and removed at the end.

    `log_dir` keeps its log (default: removed with its data), `durable=False` trades safety at a
    crash for speed, `use_given=False` asks for one that may be stopped. PostgresqlUnavailable
    when there is none: one that is given but dead is never replaced by another.
    """
    given = os.environ.get(GIVEN, "").strip()
    if given and use_given:
        yield _given(given)
        return
    failures = [f"{GIVEN}: {'not asked for' if given else 'not set'}"]
    for kind, binaries in _binaries():
        server = Server(binaries, log_dir, durable=durable)
        try:
            try:
                server.initialise()
                server.start(timeout=30)
            except ProcessError as error:
                failures.append(f"{binaries}: {error}")
                continue
            text = f"real PostgreSQL from {binaries} at 127.0.0.1:{server.port}"
            yield Postgresql(server.url, kind, text, server)
            return
        finally:
            server.close()
    tried = "".join(f"\n  - {failure}" for failure in failures)
    raise PostgresqlUnavailable(
        f"no PostgreSQL can be had. Tried:{tried}\n"
        f"One of these is enough: set {GIVEN} to one where databases may be created; install "
        "Debian's package postgresql; install the package pgserver (pip install 'orderflex[dev]')"
    )


def _given(text: str) -> Postgresql:
    try:
        url = make_url(text).set(drivername="postgresql+asyncpg")
        _execute(url, "SELECT 1")
    except (ArgumentError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        shown = re.sub(r":[^:@/]*@", ":***@", text)
        raise PostgresqlUnavailable(
            f"{GIVEN}={shown} is set, but no PostgreSQL answered there: "
            f"{type(error).__name__}: {error}. Start it or correct the url; or unset {GIVEN}, "
            "then one is started for you"
        ) from None
    shown = url.render_as_string(hide_password=True)
    return Postgresql(url, "given", f"PostgreSQL given by {GIVEN} at {shown}")


def _binaries() -> Iterator[tuple[PostgresqlKind, Path]]:
    """Folders with `initdb` and `postgres`, the newest of Debian's first."""

    def major(folder: Path) -> int:
        return int(folder.parent.name) if folder.parent.name.isdigit() else 0

    for folder in sorted(_LIBRARY.glob("*/bin"), key=major, reverse=True):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            yield "debian", folder
    # Found without importing it: the import alone would start to manage users and locks.
    package = importlib.util.find_spec("pgserver")
    for place in (package.submodule_search_locations or []) if package is not None else []:
        yield "pgserver", Path(place) / "pginstall" / "bin"


def _unprivileged_user() -> str | None:
    """Whom to run it as: PostgreSQL refuses root. None when we are somebody else already."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _execute(url: URL, statement: str) -> None:
    """Run one statement, in a thread of its own: the caller's may already run an event loop."""
    dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)

    async def execute() -> None:
        connection = await asyncpg.connect(dsn, timeout=10)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, execute()).result()
