"""The page for people: what it shows, and that nothing in it can act on a browser."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from sandbox.faults import FaultKind, FaultRule, Match
from sandbox.options import SandboxOptions
from sandbox.page import SHOWN

from .caller import Caller
from .document import Contract
from .goods import CONSIGNMENT

EVIL = "<script>alert('x')</script>\"&"


class _Reader(HTMLParser):
    """Reads the rows of each section, links, and whatever would be fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, list[list[str]]] = {}
        self.links: list[str] = []
        self.ids: list[str] = []
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.wanted: str | None = None
        self.text = ""
        self._section = ""
        self._in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes what opens."""
        given = dict(attrs)
        if tag not in ("meta", "input"):
            self.open.append(tag)
        if given.get("id"):
            self.ids.append(given["id"] or "")
        if tag == "input":
            self.wanted = given["value"]
        if tag == "h2":
            self._section = given["id"] or ""
            self.rows[self._section] = []
        if tag == "a":
            self.links.append(given["href"] or "")
        if "src" in given or tag in ("link", "script", "img", "iframe") or "style" in given:
            self.fetched.append(tag)
        if tag == "tbody":
            self._in_cell = True
        if tag == "tr" and self._in_cell:
            self.rows[self._section].append([])
        if tag == "td":
            self.rows[self._section][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        """Every element is closed in turn."""
        assert self.open.pop() == tag
        if tag == "tbody":
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        """Text of a cell, or of the page."""
        self.text += data
        if self._in_cell and self.rows[self._section] and self.rows[self._section][-1]:
            self.rows[self._section][-1][-1] += data


async def _page(pro: Caller, path: str = "/sandbox") -> _Reader:
    response = await pro.client.get(path, headers={"ocp-apim-subscription-key": ""})
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in response.headers["content-security-policy"]
    reader = _Reader()
    reader.feed(response.text)
    assert reader.open == []
    assert reader.fetched == []
    # What a link inside the page points at is there, or on another line that is not shown.
    assert len(reader.ids) == len(set(reader.ids))
    return reader


async def test_nothing_yet(pro: Caller) -> None:
    page = await _page(pro)
    assert page.rows == {"faults": [], "consignments": [], "orders": [], "calls": []}
    assert "0 orders, 0 consignments, 0 calls" in page.text
    assert "No consignments." in page.text


async def test_what_it_holds(pro: Caller) -> None:
    order = await pro.order()
    reference = await pro.pack(order)
    waiting = await pro.pack(order)
    await pro.allocate(reference)
    page = await _page(pro)
    newest, older = page.rows["consignments"]
    assert newest[0] == waiting
    assert newest[2:4] == ["Unallocated", ""]
    assert older[:3] == [reference, "WEB-204817-P1", "Allocated"]
    assert re.fullmatch(r"Northline Parcel 24 \(NL\d{10}\)", older[3])
    assert older[4:] == ["Leeds GB to Norwich GB (Outbound)", order, "PDF"]
    (line,) = page.rows["orders"]
    assert line[:2] == [order, "WEB-204817"]
    assert line[3] == "5 in 1 packages, 2 lines"
    assert line[4].split() == [reference, waiting]
    calls = page.rows["calls"]
    assert [each[0] for each in calls] == ["4", "3", "2", "1"]
    assert calls[0][2:5] == ["PUT /allocation/allocate", "allocateDefaultRules", calls[0][4]]
    assert calls[0][4] == "200, changed something"
    assert {f"#{order}", f"#{reference}", f"/sandbox/labels/{reference}.pdf"} <= set(page.links)
    assert f"/sandbox/labels/{waiting}.pdf" not in page.links


async def test_a_label_link_shows_the_label_and_prints_nothing(pro: Caller) -> None:
    reference = await pro.allocated()
    before = await pro.read(reference)
    response = await pro.client.get(f"/sandbox/labels/{reference}.pdf")
    assert response.headers["content-type"] == "application/pdf"
    assert response.content.startswith(b"%PDF-")
    assert await pro.read(reference) == before
    await pro.good("PUT", f"/consignments/{reference}/deallocate")
    for gone in (reference, "EC-000-000-000"):
        assert (await pro.client.get(f"/sandbox/labels/{gone}.pdf")).status_code == 404


async def test_faults_that_are_switched_on(pro: Caller) -> None:
    kind, match = FaultKind.STATUS, Match(customer_reference="WEB-1")
    pro.state.faults.add(
        FaultRule(kind=kind, operation="packOrder", status=503, times=2, match=match)
    )
    pro.state.faults.add(FaultRule(kind=FaultKind.DROP_AFTER_COMMIT))
    assert (await _page(pro)).rows["faults"] == [
        ["packOrder", "status", "customer_reference WEB-1", "status 503", "0 of 2"],
        ["every one", "drop_after_commit", "", "", "0"],
    ]


async def test_a_call_without_an_answer(pro: Caller) -> None:
    pro.state.faults.add(FaultRule(kind=FaultKind.STATUS, status=503, times=1))
    await pro.call("POST", "/orders", {})
    await pro.call("GET", "/packagesizes?subscription-key=a-secret")
    page = await _page(pro)
    assert page.rows["calls"][1][4:] == ["503", "status"]
    assert "a-secret" not in page.text


async def test_what_was_sent_cannot_act(pro: Caller) -> None:
    order = await pro.order(OrderReferenceProvidedByCustomer=EVIL)
    destination = CONSIGNMENT["Addresses"][1] | {"Town": EVIL}
    addresses = [CONSIGNMENT["Addresses"][0], destination]
    body = CONSIGNMENT | {"ConsignmentReferenceProvidedByCustomer": EVIL, "Addresses": addresses}
    await pro.good("POST", "/consignments", body)
    await pro.call("GET", "/orders/%3Cscript%3E")
    page = await _page(pro)
    assert page.rows["orders"][0][:2] == [order, EVIL]
    assert page.rows["consignments"][0][1] == EVIL
    assert EVIL in page.rows["consignments"][0][4]
    found = await _page(pro, "/sandbox?find=%3Cscript%3Ealert('x')%3C/script%3E%22%26")
    assert len(found.rows["orders"]) == 1
    assert found.wanted == EVIL


async def test_find(pro: Caller) -> None:
    reference = await pro.allocated()
    other = await pro.pack(OrderReferenceProvidedByCustomer="WEB-2-P1")
    for wanted, references in (
        ("web-2-p", [other]),
        ("NL_P24", [reference]),
        ("unallocated", [other]),
        (reference, [reference]),
        ("nothing of the kind", []),
    ):
        page = await _page(pro, f"/sandbox?find={wanted}")
        assert [row[0] for row in page.rows["consignments"]] == references
    page = await _page(pro, f"/sandbox?find={reference}")
    assert len(page.rows["calls"]) == 2


async def test_only_the_newest_are_shown(pro: Caller) -> None:
    made = [await pro.order() for _ in range(SHOWN + 2)]
    page = await _page(pro)
    assert [row[0] for row in page.rows["orders"]] == made[:1:-1]
    assert f"The newest {SHOWN}; 2 more." in page.text


@pytest.mark.parametrize("kept", [True, False])
async def test_it_says_where_things_are_kept(
    contract: Contract, tmp_path: Path, kept: bool
) -> None:
    options = SandboxOptions(state_file=tmp_path / "pro.sqlite" if kept else None)
    pro = Caller(contract, options)
    async with pro.client:
        told = f"Kept in {options.state_file}." if kept else "Kept in memory"
        assert told in (await _page(pro)).text
    pro.state.close()


def test_it_is_none_of_pros_paths(contract: Contract) -> None:
    paths = {path for _, path in contract.operations.values()}
    assert not any(each.startswith("/sandbox") for each in paths)
