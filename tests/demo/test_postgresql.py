"""The PostgreSQL that tests run on is a real one, with a database for each test."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from demo.postgresql import Postgresql, PostgresqlUnavailable, running_postgresql
from demo.processes import free_port, listening

pytestmark = pytest.mark.postgresql

PARENT = """
import time
from demo.postgresql import running_postgresql
with running_postgresql(use_given=False) as postgresql:
    print(postgresql.url, flush=True)
    time.sleep(60)
"""


async def fetch(url: str, statement: str) -> list[tuple[object, ...]]:
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            result = await connection.execute(text(statement))
            return [tuple(row) for row in result] if result.returns_rows else []
    finally:
        await engine.dispose()


async def test_the_url_is_ready_for_sqlalchemy(postgresql_url: str) -> None:
    assert await fetch(postgresql_url, "SELECT 1 + 1") == [(2,)]


async def test_two_databases_are_separate(postgresql: Postgresql) -> None:
    urls = [await asyncio.to_thread(postgresql.create_database) for _ in range(2)]
    await fetch(urls[0], "CREATE TABLE mine (id int)")
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    assert await fetch(urls[0], tables) == [("mine",)]
    assert await fetch(urls[1], tables) == []
    for url in urls:
        await asyncio.to_thread(postgresql.drop_database, url)
    with pytest.raises(DBAPIError, match="does not exist"):
        await fetch(urls[0], "SELECT 1")


async def test_what_was_committed_survives_a_restart_and_a_crash(
    own_postgresql: Postgresql,
) -> None:
    url = await asyncio.to_thread(own_postgresql.create_database)
    await fetch(url, "CREATE TABLE kept (id int)")
    await fetch(url, "INSERT INTO kept VALUES (1)")
    await asyncio.to_thread(own_postgresql.restart)
    await fetch(url, "INSERT INTO kept VALUES (2)")
    await asyncio.to_thread(own_postgresql.kill)
    await asyncio.to_thread(own_postgresql.start)
    assert await fetch(url, "SELECT id FROM kept ORDER BY id") == [(1,), (2,)]


async def test_commits_are_durable_unless_asked_otherwise(own_postgresql: Postgresql) -> None:
    assert await fetch(own_postgresql.url, "SHOW fsync") == [("on",)]
    with running_postgresql(use_given=False, durable=False) as fast:
        assert await fetch(fast.url, "SHOW fsync") == [("off",)]


def test_the_packaged_binaries_work_where_debian_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demo.postgresql._LIBRARY", tmp_path)
    with running_postgresql(use_given=False) as postgresql:
        assert postgresql.kind == "pgserver"
        assert postgresql.create_database()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_end_of_its_user_ends_it(how: signal.Signals, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with subprocess.Popen(
        [sys.executable, "-c", PARENT],
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as parent:
        assert parent.stdout is not None
        port = make_url(parent.stdout.readline().decode().strip()).port
        assert port is not None
        assert listening("127.0.0.1", port)
        os.killpg(parent.pid, how)
        parent.wait(20)
    deadline = time.monotonic() + 10
    while listening("127.0.0.1", port):
        assert time.monotonic() < deadline, "it outlived its user"
        time.sleep(0.05)


def test_one_given_is_used_and_left_alone(
    own_postgresql: Postgresql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_POSTGRESQL_URL", own_postgresql.url.replace("+asyncpg", ""))
    with running_postgresql() as given:
        assert (given.kind, given.url) == ("given", own_postgresql.url)
        given.drop_database(given.create_database())
        with pytest.raises(RuntimeError, match="not ours to control"):
            given.stop()
    assert own_postgresql.pid is not None


def test_one_given_but_dead_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"postgresql://me:secret@127.0.0.1:{free_port()}/db"
    monkeypatch.setenv("TEST_POSTGRESQL_URL", url)
    with (
        pytest.raises(PostgresqlUnavailable, match="no PostgreSQL answered there") as caught,
        running_postgresql(),
    ):
        pass
    assert "secret" not in str(caught.value)


def test_without_any_the_error_says_what_was_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_POSTGRESQL_URL", raising=False)
    monkeypatch.setattr("demo.postgresql._binaries", lambda: iter(()))
    with (
        pytest.raises(PostgresqlUnavailable, match="TEST_POSTGRESQL_URL: not set"),
        running_postgresql(),
    ):
        pass
