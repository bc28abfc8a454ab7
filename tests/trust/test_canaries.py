"""No secret is told: each has a canary, and all that can be seen or read is searched for it."""

import base64
import logging
from pathlib import Path

import pytest
import structlog

from service import logs
from service.settings import Settings
from service.wiring import build
from tests.cli.commands import Run

from .canaries import SECRETS, USELESS_TOGETHER, canary, companions, found_in, planted
from .reach import reached_from


def together() -> dict[str, str]:
    """As many secrets as one service can take."""
    values = {name: value for name, value in planted().items() if name not in USELESS_TOGETHER}
    return companions() | values


def test_canaries_are_found_however_they_are_told() -> None:
    """Else all that follows proves nothing."""
    for name in SECRETS:
        value = canary(name)
        basic = base64.b64encode(f"user:{value}".encode()).decode()
        for told in (value, f"\0user\0{value}", basic, value.encode().hex(), value[:30]):
            assert found_in(f"… {told} …") == {name}
    assert found_in("nothing") == set()


def test_the_list_of_settings(orderflex: Run) -> None:
    ended = orderflex("settings", **together())
    assert ended.code == 0, ended.said
    assert found_in(ended.out + ended.err) == set()


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_that_can_not_be_used(orderflex: Run, name: str) -> None:
    """Two lines, nothing to log in with, no name to a token: refused or not, it is not shown."""
    ended = orderflex("settings", **{name: f"\u00e9\n{canary(name)}\n="})
    assert found_in(ended.out + ended.err) == set()


def test_other_settings_that_can_not_be_used(orderflex: Run) -> None:
    ended = orderflex("settings", **(together() | {"http_port": "no port", "lease": "1"}))
    assert ended.code == 2
    assert found_in(ended.out + ended.err) == set()


COMMANDS = (
    ("ledger", "upgrade"),
    ("serve", "--upgrade-ledger"),
    ("order", "show", "WEB-1"),
    ("manifest", "request", "LEEDS_DC"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_ledger_and_a_broker_that_nobody_reaches(
    orderflex_apart: Run, command: tuple[str, ...]
) -> None:
    ended = orderflex_apart(
        *command, **together(), kafka_request_timeout="1", log_level="debug", log_format="pretty"
    )
    assert ended.code == 1
    assert "can't be reached" in ended.said or "not published" in ended.said
    assert found_in(ended.out + ended.err) == set()


async def test_no_part_of_the_service_shows_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.model_validate(together())
    assert found_in(repr(settings) + str(settings) + settings.model_dump_json()) == set()
    service = build(settings)
    shown = 0
    for each in reached_from(service):
        assert found_in(repr(each) + str(each)) == set(), type(each)
        shown += 1
    assert shown > 100
    await service.close()


@pytest.mark.parametrize("pretty", [True, False])
def test_an_error_that_is_logged_shows_no_variable(
    pretty: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(password: str) -> None:
        raise RuntimeError(f"with {len(password)} characters")

    logs.configure("debug", pretty=pretty)
    try:
        fail(canary("kafka_password"))
    except RuntimeError:
        logging.getLogger("asyncio").exception("a library logs it")
        structlog.get_logger("service").exception("we log it")
    told = capsys.readouterr().err
    assert "characters" in told, "the errors were logged"
    assert found_in(told) == set()


CRASHING = """
import sys
import service.wiring
from service import cli

def crash(*anything, **more):
    secrets = [anything, more]
    raise RuntimeError("the end")

service.wiring.Metrics = crash
sys.argv = ["orderflex", "serve"]
cli.main()
"""


@pytest.mark.parametrize("log_format", ["pretty", "json"])
def test_a_crash_shows_no_variable(orderflex_crashing: Run, log_format: str) -> None:
    ended = orderflex_crashing(CRASHING, **together(), log_format=log_format, log_level="debug")
    assert ended.code == 1
    assert "the end" in ended.err
    assert found_in(ended.out + ended.err) == set()


def test_what_libraries_say_at_debug_level_is_not_logged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """aiokafka would write down the password as it sends it."""
    logs.configure("debug", pretty=False)
    for library in ("aiokafka.conn", "httpx", "httpcore.http11", "faststream", "uvicorn"):
        logging.getLogger(library).debug("sent %s", canary("kafka_password"))
    assert found_in(capsys.readouterr().err) == set()
