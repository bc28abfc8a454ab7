"""What all tests may use: a real Kafka broker and a real PostgreSQL, started when first asked for.

Tests that ask for `broker` or `own_broker` carry `@pytest.mark.kafka`, those that ask for a
PostgreSQL `@pytest.mark.postgresql`. Where one can't be had they fail; none is skipped. Of several
processes (`-n`) each has its own.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

import pytest

from demo.broker import Broker, BrokerUnavailable, running_broker
from demo.postgresql import Postgresql, PostgresqlUnavailable, running_postgresql

Running = TypeVar("Running")
Tell = Callable[[str], None]
_found = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_found] = []
    # A shell's background job ignores it, and so would every process that a test starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_sessionfinish(session: pytest.Session) -> None:
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["found"] = session.config.stash[_found]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Take over what one of several processes found."""
    node.config.stash[_found] += getattr(node, "workeroutput", {}).get("found", [])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for line in config.stash[_found]:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def tell(request: pytest.FixtureRequest) -> Tell:
    """Have a line printed at the end of the run."""
    return request.config.stash[_found].append


@contextmanager
def _or_fail(running: AbstractContextManager[Running]) -> Iterator[Running]:
    """Fail with the clear message alone, without the way it came here."""
    try:
        started = running.__enter__()
    except (BrokerUnavailable, PostgresqlUnavailable) as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
    try:
        yield started
    finally:
        running.__exit__(None, None, None)


@pytest.fixture(scope="session")
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    """One broker for all tests: use topics and groups of your own, and never stop it."""
    with _or_fail(running_broker()) as started:
        request.config.stash[_found].append(f"Kafka: {started.description}")
        yield started


@pytest.fixture
def own_broker() -> Iterator[Broker]:
    """A broker of the test's own, from its jars: it may be stopped, killed and paused (4 s)."""
    with _or_fail(running_broker(kinds=["jars"])) as started:
        yield started


@pytest.fixture(scope="session")
def postgresql(request: pytest.FixtureRequest) -> Iterator[Postgresql]:
    """One PostgreSQL for all tests: never stop it."""
    with _or_fail(running_postgresql()) as started:
        request.config.stash[_found].append(f"PostgreSQL: {started.description}")
        yield started


@pytest.fixture
def postgresql_url(postgresql: Postgresql) -> Iterator[str]:
    """A fresh, empty database of the test's own ("postgresql+asyncpg://…"), dropped after it."""
    url = postgresql.create_database()
    yield url
    postgresql.drop_database(url)


@pytest.fixture
def own_postgresql() -> Iterator[Postgresql]:
    """A PostgreSQL of the test's own: it may be stopped, killed and restarted (2 s)."""
    with _or_fail(running_postgresql(use_given=False)) as started:
        yield started
