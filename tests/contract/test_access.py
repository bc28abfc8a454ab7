"""Keys, headers, formats and paths (RULES 2, 9)."""

import json

import httpx
import pytest

from sandbox.options import SandboxOptions

from .caller import HEADERS, Caller
from .document import Contract

SIZES = "/packagesizes"


@pytest.mark.parametrize("key", [None, "", "wrong"])
async def test_a_key_is_required(pro: Caller, key: str | None) -> None:
    del pro.client.headers["ocp-apim-subscription-key"]
    headers = {} if key is None else {"ocp-apim-subscription-key": key}
    response = await pro.call("GET", SIZES, headers=headers)
    assert response.status_code == 401
    assert response.json()["Code"] == "Unauthorized"


async def test_the_key_may_stand_in_the_query(pro: Caller) -> None:
    del pro.client.headers["ocp-apim-subscription-key"]
    response = await pro.call("GET", f"{SIZES}?subscription-key=sandbox-key")
    assert response.status_code == 200


async def test_several_keys_one_revoked(contract: Contract) -> None:
    pro = Caller(contract, SandboxOptions(keys=("one", "two")))

    async def statuses() -> list[int]:
        keys = ("one", "two", "sandbox-key")
        headers = [{"ocp-apim-subscription-key": key} for key in keys]
        return [(await pro.call("GET", SIZES, headers=each)).status_code for each in headers]

    async with pro.client:
        assert await statuses() == [200, 200, 401]
        await pro.good("POST", "/_sandbox/keys", {"revoke": "one"})
        assert await statuses() == [401, 200, 401]
        await pro.good("POST", "/_sandbox/keys", {"restore": "one"})
        assert await statuses() == [200, 200, 401]


async def test_the_version(pro: Caller) -> None:
    response = await pro.call("GET", SIZES, headers={"electio-api-version": "2.0"})
    assert response.status_code == 400
    del pro.client.headers["electio-api-version"]
    assert (await pro.call("GET", SIZES)).status_code == 200


@pytest.mark.parametrize("content_type", [None, "text/xml", "application/xml", "text/plain"])
async def test_json_only(pro: Caller, content_type: str | None) -> None:
    headers = {"content-type": content_type} if content_type else {}
    response = await pro.client.post("/orders", content=b"<Order/>", headers=headers)
    assert response.status_code == 415


async def test_a_content_type_with_a_charset(pro: Caller) -> None:
    headers = {"content-type": "application/json; charset=utf-8"}
    response = await pro.client.put(
        "/consignments/cancellist", content=b'\xef\xbb\xbf["EC-1"]', headers=headers
    )
    assert response.status_code == 200


async def test_answers_in_json_only(pro: Caller) -> None:
    response = await pro.call("GET", SIZES, headers={"accept": "text/xml"})
    assert response.status_code == 406


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff", b"[" * 100_000, b'"text"', b"null", b"1", b"[]", b'{"Packages": 1e999}'],
)
async def test_bodies_that_are_no_order(pro: Caller, content: bytes) -> None:
    headers = {"content-type": "application/json"}
    response = await pro.client.post("/orders", content=content, headers=headers)
    assert response.status_code == 400
    assert response.json()["Details"]


@pytest.mark.parametrize("path", ["/PackageSizes", "/packagesizes/", "/PACKAGESIZES"])
async def test_literal_parts_are_case_blind(pro: Caller, path: str) -> None:
    assert (await pro.call("GET", path)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/nowhere"), ("GET", "/orders/EO-1/pack"), ("PUT", "/consignments/manifestFromQuery")],
)
async def test_no_such_operation(pro: Caller, method: str, path: str) -> None:
    response = await pro.call(method, path, {} if method == "PUT" else None)
    assert response.status_code == 404
    assert pro.state.calls[-1].operation is None


async def test_reference_data(pro: Caller) -> None:
    locations = await pro.good("GET", "/shippinglocations")
    assert [each["Reference"] for each in locations] == ["LEEDS_DC", "BRISTOL_WH", "GLASGOW_STORE"]
    assert await pro.good("GET", "/shippinglocations/LEEDS_DC") == locations[0]
    assert (await pro.call("GET", "/shippinglocations/ATLANTIS")).status_code == 404
    services = (await pro.good("GET", "/carrierservices"))["MpdCarrierServices"]
    assert {"NL_P24", "NL_P48"} <= {each["Reference"] for each in services}


async def test_the_front_page_needs_no_key(pro: Caller) -> None:
    transport = pro.client._transport
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        text = (await client.get("/")).text
    assert "sandbox of SortedPRO" in text
    assert HEADERS["ocp-apim-subscription-key"] not in json.dumps(text)


@pytest.mark.parametrize("reference", ["EC%0A1", "EC%0D%0A", "%00", "EC%2F1", "%FF", "..%2F.."])
async def test_a_reference_of_awkward_letters_is_an_unknown_one(
    pro: Caller, reference: str
) -> None:
    response = await pro.call("GET", f"/consignments/{reference}")
    assert (response.status_code, response.json()["Code"]) == (404, "NotFound")
