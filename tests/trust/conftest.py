"""What the tests of trust share: a secured broker, a token endpoint, authorities."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from demo.broker import BrokerUnavailable
from demo.kafka_jars import JarsError, JavaError
from demo.postgresql import PostgresqlUnavailable
from tests.cli.commands import ROOT, Ended, Run, apart, environment, here

from .certificates import Authority
from .secure_kafka import AUDIENCE, SecureKafka, running_secure_kafka
from .secure_postgresql import SecurePostgresql, running_secure_postgresql
from .token_server import Signer, TokenServer, serving_tokens


@pytest.fixture(scope="session")
def signer() -> Signer:
    """Signs the tokens that the secured broker takes."""
    return Signer()


@pytest.fixture(scope="session")
def secure_kafka(tmp_path_factory: pytest.TempPathFactory, signer: Signer) -> Iterator[SecureKafka]:
    """One broker with all kinds of listeners (5 s); never stop it."""
    folder = tmp_path_factory.mktemp("secure-kafka")
    jwks = folder / "jwks.json"
    signer.write_jwks(jwks)
    running = running_secure_kafka(folder, jwks)
    try:
        kafka = running.__enter__()
    except (BrokerUnavailable, JarsError, JavaError) as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
    try:
        yield kafka
    finally:
        running.__exit__(None, None, None)


@pytest.fixture
async def tokens(secure_kafka: SecureKafka, signer: Signer) -> AsyncIterator[TokenServer]:
    """A token endpoint whose certificate the broker's authority has signed."""
    server = TokenServer(signer, AUDIENCE)
    async with serving_tokens(server, secure_kafka.authority):
        yield server


@pytest.fixture(scope="session")
def secure_postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecurePostgresql]:
    """One PostgreSQL that lets people in by TLS alone (3 s); never stop it."""
    running = running_secure_postgresql(tmp_path_factory.mktemp("secure-postgresql"))
    try:
        postgresql = running.__enter__()
    except PostgresqlUnavailable as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
    try:
        yield postgresql
    finally:
        running.__exit__(None, None, None)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Signs certificates that only who names it trusts."""
    return Authority(tmp_path)


@pytest.fixture
def orderflex(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Run a command in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "250")
    return here(monkeypatch, capsys)


@pytest.fixture
def orderflex_apart(tmp_path: Path) -> Run:
    """Run a command as a process of its own, in an empty folder."""
    return apart(tmp_path)


@pytest.fixture
def orderflex_crashing(tmp_path: Path) -> Run:
    """Run a Python text as a process of its own, in an empty folder."""

    def run(*arguments: str, **settings: str) -> Ended:
        ended = subprocess.run(
            [sys.executable, "-c", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment(settings)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    return run
