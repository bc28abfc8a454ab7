"""The ledger's commands, and looking an order up."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import insert

from service.ledger import history, orders
from service.ledger.clock import now_plus
from service.ledger.database import Database, DatabasePolicy
from service.ledger.history import What
from service.ledger.orders import Line
from service.ledger.tables import ParkedState, parked_events

from .commands import Run

KEY = Fernet.generate_key().decode()
CANARY = "CANARY7f3a"


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite+aiosqlite:///{tmp_path}/ledger.sqlite"
    monkeypatch.setenv("ORDERFLEX_LEDGER_URL", url)
    monkeypatch.setenv("ORDERFLEX_PAYLOAD_KEYS", KEY)
    return url


def test_upgrading_twice_does_no_harm(orderflex: Run, ledger: str) -> None:
    for _ in range(2):
        ended = orderflex("ledger", "upgrade")
        assert (ended.code, ended.out) == (0, "The ledger is up to date.\n")


def test_the_default_ledger_gets_its_folder(orderflex: Run, tmp_path: Path) -> None:
    assert orderflex("ledger", "upgrade").code == 0
    assert (tmp_path / "var" / "ledger.sqlite").exists()


def test_a_restored_ledger_is_trusted_from_now_on(orderflex: Run, ledger: str) -> None:
    orderflex("ledger", "upgrade")
    ended = orderflex("ledger", "restored")
    assert ended.code == 0
    assert "looked up in PRO" in ended.out


def test_a_new_key_is_one_and_never_the_same(orderflex: Run) -> None:
    first, second = (orderflex("ledger", "new-key").out.strip() for _ in range(2))
    assert first != second
    Fernet(first)


def test_a_ledger_out_of_reach_says_which_setting_and_no_password(orderflex: Run) -> None:
    ended = orderflex(
        "ledger", "upgrade", ledger_url=f"postgresql+asyncpg://u:{CANARY}@127.0.0.1:1/x"
    )
    assert ended.code == 1
    assert "ORDERFLEX_LEDGER_URL" in ended.err
    assert CANARY not in ended.out + ended.err


@pytest.mark.parametrize(
    "url", [CANARY, f"postgresql://u:{CANARY}@db.example/x", f"sqlite:///{CANARY}", ""]
)
def test_a_ledger_url_that_we_cant_use(orderflex: Run, url: str) -> None:
    ended = orderflex("ledger", "upgrade", ledger_url=url)
    assert ended.code == 2
    assert "ORDERFLEX_LEDGER_URL" in ended.err
    assert CANARY not in ended.out + ended.err


def test_an_order_on_a_ledger_without_tables(orderflex: Run, ledger: str) -> None:
    ended = orderflex("order", "show", "WEB-1")
    assert ended.code == 1
    assert "run `orderflex ledger upgrade`" in ended.err


def test_an_order_needs_the_payload_keys(orderflex: Run, ledger: str) -> None:
    ended = orderflex("order", "show", "WEB-1", payload_keys="")
    assert ended.code == 2
    assert "ORDERFLEX_PAYLOAD_KEYS" in ended.err


def test_an_order_that_nobody_knows(orderflex: Run, ledger: str) -> None:
    orderflex("ledger", "upgrade")
    ended = orderflex("order", "show", "WEB-1")
    assert ended.code == 1
    assert ended.err == "the ledger knows no order WEB-1\n"
    assert ended.out == ""


def test_an_order_with_an_event_that_waits(orderflex: Run, ledger: str) -> None:
    orderflex("ledger", "upgrade")
    asyncio.run(_place_and_park(ledger))
    ended = orderflex("order", "show", "WEB-1")
    assert ended.code == 0
    assert "WEB-1 recorded, not fully packed PRO: EO-1" in ended.said
    assert "TEA-POT 0 of 2 picked" in ended.said
    assert (
        "stock.picked parked (attempt 2) It waits, because PRO is busy; tried again in 60 s."
        in ended.said
    )
    assert "throttled: PRO is busy (429)" in ended.said
    assert "reason=throttled" in ended.said


async def _place_and_park(ledger: str) -> None:
    database = Database(DatabasePolicy(ledger))
    one = Decimal(1)
    try:
        async with database.begin() as tx:
            line = Line(0, "TEA-POT", None, 2, 0, one, one, one, one)
            await orders.place(tx, "WEB-1", "LEEDS_DC", [line])
            await orders.record(tx, "WEB-1", "EO-1")
            await tx.execute(
                insert(parked_events).values(
                    topic="stock.picked",
                    partition=0,
                    offset=7,
                    order_reference="WEB-1",
                    event_type="stock.picked",
                    event_id="e-1",
                    state=ParkedState.PARKED.value,
                    attempt=2,
                    error_class="throttled",
                    error_detail="PRO is busy (429)",
                    first_failed_at=now_plus(),
                    due_at=now_plus(60.4),
                    payload=b"",
                )
            )
            await history.note(tx, "WEB-1", What.PARKED, "e-1", reason="throttled")
    finally:
        await database.close()


def test_an_option_of_the_url_that_we_dont_know_is_told(orderflex: Run) -> None:
    url = f"postgresql+asyncpg://u:{CANARY}@127.0.0.1:1/x"
    ended = orderflex("ledger", "upgrade", ledger_url=f"{url}?command_timeout=5")
    assert ended.code == 2
    assert "unknown option command_timeout" in ended.err
    assert CANARY not in ended.out + ended.err
    assert orderflex("ledger", "restored", ledger_url=f"{url}?statement_cache_size=0").code == 1
