"""Orders and consignments on the command line: found, shown, cancelled, allocated again."""

import asyncio
import hashlib
import json
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from service import from_settings
from service.events.envelope import Outgoing
from service.ledger import consignments, orders
from service.ledger.database import Database, DatabasePolicy

from .commands import Run

KEY = Fernet.generate_key().decode()
LABEL = b"%PDF a label"


class FakeBroker:
    """Kafka, as far as the commands see it."""

    def __init__(self) -> None:
        self.published: list[Outgoing] = []

    async def connect(self) -> None:
        pass

    async def publish(self, record: Outgoing) -> None:
        self.published.append(record)

    async def stop(self) -> None:
        pass

    @property
    def data(self) -> list[dict[str, object]]:
        return [json.loads(record.value) for record in self.published]


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> FakeBroker:
    made = FakeBroker()
    monkeypatch.setattr(from_settings, "broker_of", lambda _settings: made)
    return made


@pytest.fixture
def ledger(orderflex: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A ledger with one order, and two consignments: one allocated and labelled, one requested
    without an order."""
    url = f"sqlite+aiosqlite:///{tmp_path}/ledger.sqlite"
    monkeypatch.setenv("ORDERFLEX_LEDGER_URL", url)
    monkeypatch.setenv("ORDERFLEX_PAYLOAD_KEYS", KEY)
    assert orderflex("ledger", "upgrade").code == 0
    (tmp_path / "label 1.pdf").write_bytes(LABEL)
    asyncio.run(_fill(url, (tmp_path / "label 1.pdf").as_uri()))
    return url


async def _fill(url: str, address: str) -> None:
    database = Database(DatabasePolicy(url))
    async with database.begin() as tx:
        for order, pick, consignment in (("WEB-1", "P-1", "EC-1"), ("SOLO-1", None, "EC-2")):
            await orders.place(tx, order, "LEEDS_DC", [])
            await orders.record(tx, order, f"EO-{order}")
            await consignments.add(
                tx,
                consignment_reference=consignment,
                order_reference=order,
                pick_reference=pick,
                customer_reference=f"{order}-ours",
                direction="outbound",
                shipping_location_reference="LEEDS_DC",
            )
        await consignments.allocate(
            tx,
            "EC-1",
            carrier_reference="NORTHLINE",
            carrier_service_reference="NL_ECO",
            tracking_references=["T-1", "T-2"],
        )
        await consignments.label(tx, "EC-1", hashlib.sha256(LABEL).hexdigest(), address)
    await database.close()


def test_an_order_is_found_by_any_of_its_names(orderflex: Run, ledger: str) -> None:
    for name in ("WEB-1", "EO-WEB-1", "EC-1", "T-2", "WEB-1-ours"):
        ended = orderflex("order", "search", name)
        assert ended.code == 0
        assert "WEB-1 recorded not fully packed EO-WEB-1" in ended.said
        assert "SOLO-1" not in ended.said
    assert orderflex("order", "search", "nothing").said == "No orders."
    assert orderflex("order", "search", "--state", "rejected").said == "No orders."
    assert "… and more" in orderflex("order", "search", "--limit", "1").said
    found = json.loads(orderflex("order", "search", "EC-1", "--json").out)
    assert [order["order_reference"] for order in found["items"]] == ["WEB-1"]


def test_an_order_as_json(orderflex: Run, ledger: str) -> None:
    order = json.loads(orderflex("order", "show", "WEB-1", "--json").out)
    assert order["consignments"][0]["consignment_reference"] == "EC-1"


def test_consignments_are_found_by_what_they_are(orderflex: Run, ledger: str) -> None:
    assert (
        "EC-1 Allocated outbound WEB-1 P-1 T-1, T-2"
        in orderflex("consignment", "search", "--state", "Allocated", "--carrier", "NORTHLINE").said
    )
    assert "EC-2 Unallocated outbound no order" in orderflex("consignment", "search", "EC-2").said
    assert orderflex("consignment", "search", "--location", "YORK").said == "No consignments."


def test_a_consignment_is_shown(orderflex: Run, ledger: str) -> None:
    ended = orderflex("consignment", "show", "EC-1")
    assert "EC-1 Allocated outbound pick P-1 in PRO as WEB-1-ours" in ended.said
    assert "service NL_ECO tracking T-1, T-2" in ended.said
    assert "in PRO:" not in ended.said
    ended = orderflex("consignment", "show", "EC-7")
    assert (ended.code, ended.err) == (1, "the ledger knows no consignment EC-7\n")


def test_pro_is_asked_only_on_request_and_its_silence_is_told(orderflex: Run, ledger: str) -> None:
    assert orderflex("consignment", "show", "EC-1", "--ask-pro").code == 2, "needs PRO's key"
    ended = orderflex(
        "consignment", "show", "EC-1", "--ask-pro", pro_key="k", pro_url="http://127.0.0.1:1"
    )
    assert (ended.code, "in PRO: PRO can't be reached" in ended.said) == (0, True)


def test_labels_are_found_and_written_to_a_file(
    orderflex: Run, ledger: str, tmp_path: Path
) -> None:
    assert orderflex("consignment", "labels", "EC-1").out.startswith("file:///")
    ended = orderflex("consignment", "labels", "EC-1", "--to", "out.pdf")
    assert ended.code == 0
    assert (tmp_path / "out.pdf").read_bytes() == LABEL
    (tmp_path / "label 1.pdf").write_bytes(b"another")
    ended = orderflex("consignment", "labels", "EC-1", "--to", "out2.pdf")
    assert (ended.code, "its SHA-256 differs" in ended.err) == (1, True)
    assert not (tmp_path / "out2.pdf").exists()
    (tmp_path / "label 1.pdf").unlink()
    assert orderflex("consignment", "labels", "EC-1", "--to", "out2.pdf").code == 1
    ended = orderflex("consignment", "labels", "EC-2")
    assert (ended.code, ended.err) == (1, "EC-2 has no labels; it is Unallocated\n")


def test_an_order_is_cancelled_by_an_event(orderflex: Run, ledger: str, broker: FakeBroker) -> None:
    assert orderflex("order", "cancel", "WEB-1").code == 2, "a reason is needed"
    because = ("--because", "ordered twice", "--by", "ada")
    ended = orderflex("order", "cancel", "WEB-1", *because, "--dry-run")
    assert (ended.said, broker.published) == ("would publish order.cancelled of WEB-1", [])
    ended = orderflex("order", "cancel", "WEB-1", *because)
    assert "published order.cancelled of WEB-1 (id " in ended.said
    assert broker.data == [{"order_reference": "WEB-1", "reason": "ordered twice"}]
    shown = orderflex("order", "show", "WEB-1").said
    assert "asked for by a person" in shown
    assert "by=ada" in shown
    assert orderflex("order", "cancel", "WEB-7", *because).code == 1


def test_a_consignment_is_cancelled_by_an_event(
    orderflex: Run, ledger: str, broker: FakeBroker
) -> None:
    for reference in ("EC-1", "EC-2"):
        assert orderflex("consignment", "cancel", reference, "--because", "broken").code == 0
    assert [record.topic for record in broker.published] == ["pick.withdrawn", "order.cancelled"]
    assert broker.data == [
        {"order_reference": "WEB-1", "pick_reference": "P-1", "reason": "broken"},
        {"order_reference": "SOLO-1", "reason": "broken"},
    ]


def test_a_consignment_is_allocated_again_by_an_event(
    orderflex: Run, ledger: str, broker: FakeBroker
) -> None:
    ways = ("--way", "carrier_service:PP_NEXT", "--way", "default_rules")
    ended = orderflex("consignment", "reallocate", "EC-1", "--because", "van broken", *ways)
    assert ended.code == 0
    assert orderflex("consignment", "reallocate", "EC-2", "--because", "x").code == 0
    first, second = broker.data
    assert first["allocation"] == [
        {"way": "carrier_service", "reference": "PP_NEXT"},
        {"way": "default_rules"},
    ]
    assert first["order_reference"] == "WEB-1"
    assert "allocation" not in second
    assert second["consignment_reference_provided_by_customer"] == "SOLO-1-ours"
    wrong = orderflex("consignment", "reallocate", "EC-1", "--because", "x", "--way", "by bike")
    assert wrong.code == 2
