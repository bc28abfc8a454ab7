"""What all tests may use: a real Kafka broker and a real PostgreSQL, started when first asked for.

Tests that ask for `broker` carry `@pytest.mark.kafka`, those that ask for `postgresql` or
`postgresql_url` `@pytest.mark.postgresql`. Where one can't be had they fail; none is skipped.
"""

from collections.abc import Iterator

import pytest

from demo.broker import Broker, BrokerUnavailable, running_broker

_found = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_found] = []


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for line in config.stash[_found]:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    """One broker for all tests: use topics and groups of your own, and never stop it."""
    try:
        running = running_broker()
        started = running.__enter__()
    except BrokerUnavailable as error:
        pytest.fail(str(error), pytrace=False)
    request.config.stash[_found].append(f"Kafka: {started.description}")
    yield started
    running.__exit__(None, None, None)
