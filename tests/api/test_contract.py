"""The API keeps to its own OpenAPI document, lets nobody in without a token, and names nobody."""

import json
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from openapi_schema_validator import OAS31Validator
from pydantic import SecretStr

from service.api.access import Access
from service.api.endpoints import ENDPOINTS
from service.ledger.database import LedgerDown
from tests.reactions.goods import picked, placed

from .desk import CANARY, TOKEN, Office


class Document:
    """The OpenAPI document, to hold answers to."""

    def __init__(self, said: dict[str, Any]) -> None:
        self.said = said

    def check(self, method: str, path: str, answer: httpx.Response) -> None:
        """Raise where an answer is not as the document has it."""
        responses = self.said["paths"][path][method.lower()]["responses"]
        told = responses[str(answer.status_code)]["content"]
        schema = told[answer.headers["content-type"]]["schema"]
        whole = schema | {"components": self.said["components"]}
        Draft202012Validator(whole).validate(answer.json())


@pytest.fixture
async def document(office: Office) -> Document:
    return Document(await office.get("/openapi.json"))


async def fill(office: Office) -> int:
    """Make something of everything; gives a dead letter."""
    names = {"contact": {"first_name": CANARY, "last_name": CANARY, "mobile": "07700900123"}}
    address = {"address_line_1": CANARY, "town": "Norwich", "postcode": "NR1 1AA", "country": "GB"}
    world = office.world
    await world.react(placed(destination=names | address))
    (created,) = await world.react(picked())
    (allocated,) = await world.react(created)
    await world.react(allocated)
    await world.react(placed("WEB-2", origin="NOWHERE", destination=names | address))
    number = await office.bury("WEB-1")
    await office.queue("WEB-1", 2)
    return number


async def test_every_answer_is_as_the_document_has_it_and_names_nobody(
    office: Office, document: Document
) -> None:
    number = await fill(office)
    (made,) = (await office.get("/orders/WEB-1"))["consignments"]
    (item,) = (await office.get("/attention", order_reference="WEB-2"))["items"]
    names = {
        "{order_reference}": "WEB-1",
        "{consignment_reference}": made["consignment_reference"],
        "{number}": str(number),
    }
    bodies = {
        "doAgain": ("/orders/WEB-2/again", {"because": "x", "dry_run": True}),
        "markSeen": ("/attention/seen", {"because": "x", "item": item["item"]}),
    }
    for endpoint in sorted(ENDPOINTS, key=lambda each: each.method):
        path = endpoint.path
        for name, value in names.items():
            path = path.replace(name, value)
        path, body = bodies.get(endpoint.name, (path, {"because": "x"}))
        if endpoint.method == "GET":
            answer = await office.client.get(path)
        else:
            answer = await office.client.post(path, json=body)
        if endpoint.name == "discardDeadLetter":
            assert answer.status_code == 404, "it was replayed just now"
        else:
            assert answer.status_code == endpoint.status, (endpoint.name, answer.text)
        document.check(endpoint.method, endpoint.path, answer)
        assert CANARY not in answer.text
        assert "Norwich" not in answer.text


async def test_the_document_is_openapi_of_everything_there_is(document: Document) -> None:
    said = document.said
    assert said["openapi"] == "3.1.0"
    told = {(m.upper(), path) for path, methods in said["paths"].items() for m in methods}
    assert told == {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS}
    ids = [one["operationId"] for methods in said["paths"].values() for one in methods.values()]
    assert len(ids) == len(set(ids))
    for schema in said["components"]["schemas"].values():
        OAS31Validator.check_schema(schema)
    refs = {part.split('"')[0] for part in json.dumps(said).split("#/components/schemas/")[1:]}
    assert refs <= set(said["components"]["schemas"])


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
        {"Authorization": "Bearer ÿ".encode("latin-1")},
    ],
)
async def test_without_a_token_it_is_401_everywhere(
    office: Office, document: Document, header: dict[str, Any]
) -> None:
    transport = office.client._transport
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as nobody:
        for endpoint in ENDPOINTS:
            answer = await nobody.request(endpoint.method, endpoint.path, headers=header)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
            document.check(endpoint.method, endpoint.path, answer)
        assert (await nobody.get("/openapi.json", headers=header)).status_code == 401


def test_a_token_tells_who_it_is() -> None:
    access = Access({"ada": SecretStr(TOKEN), "bo": SecretStr("another-token-of-many-letters")})
    assert access.who(f"Bearer {TOKEN}") == "ada"
    assert access.who("bearer another-token-of-many-letters") == "bo"
    assert access.who("Bearer ") is None


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("/orders?limit=0", "limit"),
        ("/orders?limit=501", "limit"),
        ("/orders?limit=ten", "limit"),
        ("/orders?state=nonsense", "state"),
        ("/orders?reference=", "reference"),
        ("/orders?unknown=1", "unknown"),
        ("/orders?limit=1&limit=2", "limit"),
        ("/orders?after=nonsense", "after"),
        ("/orders?after=WzEsMl0=", "after"),
        ("/attention?kind=nonsense", "kind"),
        ("/dead-letters?after=-1", "after"),
        ("/consignments/EC-1?ask_pro=perhaps", "ask_pro"),
    ],
)
async def test_parameters_that_do_not_fit_are_named(
    office: Office, document: Document, path: str, where: str
) -> None:
    answer = await office.client.get(path)
    assert answer.status_code == 400
    assert [fault["where"] for fault in answer.json()["faults"]] == [where]
    template = path.partition("?")[0].replace("EC-1", "{consignment_reference}")
    document.check("GET", template, answer)


@pytest.mark.parametrize(
    "body", [b"", b"nonsense", b"[]", b"{}", b'{"because": 7}', b'{"because": "x", "y": 1}']
)
async def test_bodies_that_do_not_fit_are_refused(
    office: Office, document: Document, body: bytes
) -> None:
    answer = await office.client.post("/orders/WEB-1/again", content=body)
    assert answer.status_code == 400
    document.check("POST", "/orders/{order_reference}/again", answer)


async def test_a_body_that_is_too_large_is_not_read(office: Office, document: Document) -> None:
    answer = await office.client.post("/orders/WEB-1/again", content=b" " * 20_000)
    assert answer.status_code == 413
    document.check("POST", "/orders/{order_reference}/again", answer)


async def test_what_is_not_there_and_a_wrong_method_are_problems_too(office: Office) -> None:
    for method, path, status in (("GET", "/nonsense", 404), ("DELETE", "/orders", 405)):
        answer = await office.client.request(method, path)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_ledger_that_is_down_is_503_and_a_bug_says_nothing(
    office: Office, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    for error, status in ((LedgerDown("away"), 503), (ValueError(CANARY), 500)):

        def fail(*_: object, error: Exception = error, **__: object) -> None:
            raise error

        monkeypatch.setattr("service.people.reading.overview.find_orders", fail)
        answer = await office.client.get("/orders")
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert CANARY not in answer.text
    document.check("GET", "/attention", await office.client.get("/attention"))
