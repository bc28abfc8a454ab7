"""Labels and customs documents as they come over the wire, and when the latter are asked for."""

import asyncio
import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import pytest

from service.pro.answers import Consignment
from service.pro.customs import CustomsFile
from service.pro.papers import PapersWanted, fetch_papers, may_leave_customs_area
from service.pro.problems import Refused, Retryable
from tests.pro.raw_server import Answering, Request, answer, client_of, serving


def document(name: str, content: bytes) -> dict[str, str]:
    return {"Key": name, "Value": b64encode(content).decode()}


INVOICE, SECOND, FIRST = (
    document("invoice.pdf", b"%PDF invoice"),
    document("EP-2.pdf", b"%PDF of 2"),
    document("EP-1.pdf", b"%PDF of 1"),
)


async def customs(body: Mapping[str, Any] | str, status: int = 200) -> tuple[CustomsFile, ...]:
    """What the client makes of an answer."""
    text = body if isinstance(body, str) else json.dumps(body)
    async with serving(answer(status, text)) as server, client_of(server) as client:
        files = await client.get_customs_documents("EC-1")
        assert server.requests[0].line.startswith("GET /consignments/docs/EC-1 ")
    return files


async def test_each_customs_document_is_told_by_kind_name_and_content() -> None:
    files = await customs(
        {"CommercialInvoiceDocuments": [INVOICE], "CN22Documents": [SECOND, FIRST]}
    )
    assert files == (
        CustomsFile("commercial_invoice", 1, "invoice.pdf", b"%PDF invoice"),
        CustomsFile("cn22", 1, "EP-1.pdf", b"%PDF of 1"),
        CustomsFile("cn22", 2, "EP-2.pdf", b"%PDF of 2"),
    )
    (larger,) = await customs({"CN23Documents": [FIRST], "CN22Documents": None})
    assert (larger.kind, larger.content_type) == ("cn23", "application/pdf")


async def test_the_order_of_the_documents_does_not_hang_on_pros() -> None:
    one = await customs({"CN22Documents": [FIRST, SECOND]})
    assert one == await customs({"CN22Documents": [SECOND, FIRST]})


@pytest.mark.parametrize(
    ("status", "body"), [(200, "{}"), (200, '{"CN22Documents": []}'), (204, "")]
)
async def test_no_document_means_that_none_is_needed(status: int, body: str) -> None:
    assert await customs(body, status) == ()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        '{"CN22Documents": [{"Key": "a.pdf"}]}',
        '{"CN22Documents": [{"Key": "a.pdf", "Value": ""}]}',
        '{"CN22Documents": [{"Key": "a.pdf", "Value": "%%%"}]}',
        '{"CN22Documents": {"Key": "a.pdf", "Value": "YQ=="}}',
    ],
)
async def test_what_can_not_be_read_is_asked_for_again(body: str) -> None:
    with pytest.raises(Retryable):
        await customs(body)


async def test_a_refusal_is_told_as_one() -> None:
    with pytest.raises(Refused):
        await customs({"Code": "NotFound", "Message": "Not yet."}, 404)


@pytest.mark.parametrize(
    ("kind", "name", "packages", "owner"),
    [
        ("cn22", "whatever.pdf", ["EP-1"], "EP-1"),
        ("cn23", "CN23_EP-2.pdf", ["EP-1", "EP-2"], "EP-2"),
        ("cn23", None, ["EP-1", "EP-2"], None),
        ("cn22", "EP-1 and EP-2.pdf", ["EP-1", "EP-2"], None),
        ("cn22", "whatever.pdf", [], None),
        ("commercial_invoice", "EP-1.pdf", ["EP-1"], None),
    ],
)
def test_a_document_is_a_packages_only_where_that_is_certain(
    kind: Any, name: str | None, packages: list[str], owner: str | None
) -> None:
    assert CustomsFile(kind, 1, name, b"%PDF").package_among(packages) == owner


async def test_the_label_of_a_package_is_asked_for_by_both_references() -> None:
    body = '{"File": "JVBERi0xLjQKJQ==", "ContentType": "application/pdf"}'
    async with serving(answer(200, body)) as server, client_of(server) as client:
        label = await client.get_package_label("EC/1", "EP-1", "ZPL")
        await client.get_package_label("EC/1", "EP-1")
        lines = [request.line.split(" ")[1] for request in server.requests]
    assert label.content == b"%PDF-1.4\n%"
    assert lines == ["/labels/package/EC%2F1/EP-1/ZPL", "/labels/package/EC%2F1/EP-1/PDF"]


def consignment(origin: object, destination: object, *packages: str) -> dict[str, Any]:
    """A consignment as read back; an end is a country's two letters, or a whole Country."""

    def address(kind: str, country: object) -> dict[str, Any]:
        if isinstance(country, str):
            country = {"Name": "Somewhere", "IsoCode": {"TwoLetterCode": country}}
        return {"AddressType": kind, "Country": country}

    return {
        "Reference": "EC-1",
        "ConsignmentState": "Allocated",
        "Addresses": [
            {"AddressType": "Return", "Country": {"IsoCode": {"TwoLetterCode": "IE"}}},
            address("Destination", destination),
            address("Origin", origin),
        ],
        "Packages": [{"Reference": package} for package in packages],
    }


@pytest.mark.parametrize(
    ("origin", "destination", "asked"),
    [
        ("GB", "GB", False),
        ("gb", "GB", False),
        ("GB", "FR", True),
        ("FR", "GB", True),
        ("GB", None, True),
        (None, "GB", True),
        (None, None, True),
        ("GB", {"Name": "United Kingdom"}, True),
        ("GB", {"IsoCode": None}, True),
        ("GB", {"IsoCode": {"TwoLetterCode": None}}, True),
        ("GB", {"IsoCode": {"TwoLetterCode": "GBR"}}, True),
        ("GB", "", True),
    ],
)
def test_customs_documents_are_asked_for_abroad_and_where_nobody_knows(
    origin: object, destination: object, asked: bool
) -> None:
    read = Consignment.model_validate(consignment(origin, destination))
    assert may_leave_customs_area(read) is asked


def test_without_addresses_nobody_knows() -> None:
    read = Consignment.model_validate({"Reference": "EC-1", "ConsignmentState": "Allocated"})
    assert may_leave_customs_area(read)


def pro(found: dict[str, Any]) -> Answering:
    """A PRO with one consignment, whose labels say which they are."""

    async def respond(request: Request, writer: asyncio.StreamWriter) -> None:
        path = request.line.split(" ")[1]
        body: object = found
        if path.startswith("/labels/"):
            body = {"File": b64encode(path.encode()).decode(), "ContentType": "application/pdf"}
        if path.startswith("/consignments/docs/"):
            body = {"CommercialInvoiceDocuments": [INVOICE]}
        await answer(200, json.dumps(body))(request, writer)

    return respond


@pytest.mark.parametrize(
    ("wanted", "asked"),
    [
        (PapersWanted(customs_documents=False), ["labels"]),
        (PapersWanted(), ["consignment", "customs", "labels"]),
        (PapersWanted(package_labels=True), ["consignment", "customs", "labels", "EP-1", "EP-2"]),
        (
            PapersWanted(package_labels=True, customs_documents=False),
            ["consignment", "labels", "EP-1", "EP-2"],
        ),
    ],
)
async def test_only_what_is_wanted_is_asked_for(wanted: PapersWanted, asked: list[str]) -> None:
    paths = {
        "consignment": "/consignments/EC-1",
        "customs": "/consignments/docs/EC-1",
        "labels": "/labels/EC-1/PDF",
        "EP-1": "/labels/package/EC-1/EP-1/PDF",
        "EP-2": "/labels/package/EC-1/EP-2/PDF",
    }
    found = consignment("GB", "FR", "EP-1", "EP-2")
    async with serving(pro(found)) as server, client_of(server) as client:
        papers = await fetch_papers(client, "EC-1", wanted)
        assert sorted(r.line.split(" ")[1] for r in server.requests) == sorted(
            paths[each] for each in asked
        )
    assert {
        package: label.content.decode() for package, label in papers.package_labels.items()
    } == {package: paths[package] for package in asked if package.startswith("EP-")}
    files = [papers.labels.content, *(each.content for each in papers.package_labels.values())]
    assert papers.size_bytes == sum(map(len, [*files, *(each.content for each in papers.customs)]))


@pytest.mark.parametrize("packages", [[], [{"Reference": "EP-1"}, {"Reference": None}]])
async def test_packages_without_a_name_are_not_passed_over(packages: list[Any]) -> None:
    found = consignment("GB", "GB") | {"Packages": packages}
    async with serving(pro(found)) as server, client_of(server) as client:
        assert (await fetch_papers(client, "EC-1", PapersWanted())).package_labels == {}
        with pytest.raises(Retryable, match="does not name each package"):
            await fetch_papers(client, "EC-1", PapersWanted(package_labels=True))


async def test_many_packages_are_fetched_some_at_once_and_each_gets_its_own() -> None:
    packages = [f"EP-{number}" for number in range(40)]
    wanted = PapersWanted(package_labels=True)
    async with serving(pro(consignment("GB", "GB", *packages))) as server, client_of(server) as c:
        papers = await fetch_papers(c, "EC-1", wanted)
        assert 1 < server.connections <= 10
    assert [label.content.decode() for label in papers.package_labels.values()] == [
        f"/labels/package/EC-1/{package}/PDF" for package in packages
    ]
