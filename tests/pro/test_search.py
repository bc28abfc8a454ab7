"""Searches: every page read, nothing taken for a match that isn't, no silence taken for "none"."""

import asyncio
import json
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from service.pro.problems import Retryable, Throttled, Unauthorised
from tests.pro.raw_server import Answering, Request, answer, client_of, serving

NOT_FOUND = '{"Code": "NotFound", "Message": "No such consignment."}'


def pages(lines: list[dict[str, Any]], *, largest: int = 100, count: bool = True) -> Answering:
    """A search over these lines; PRO may have a smaller page than asked for."""

    async def say(request: Request, writer: asyncio.StreamWriter) -> None:
        _, _, take, skip = request.line.split(" ")[1].partition("?")[0].split("/")
        page = lines[int(skip) : int(skip) + min(int(take), largest)]
        total = len(lines) if count else len(page)
        body = json.dumps({"Count": total, "ConsignmentSummaries": page})
        await answer(200, body)(request, writer)

    return say


def line(number: int, customer: str = "C-1", state: str = "Allocated") -> dict[str, Any]:
    return {
        "Reference": f"EC-{number}",
        "State": state,
        "ConsignmentReferenceProvidedByCustomer": customer,
    }


async def finding(answering: Answering, customer: str = "C-1") -> tuple[list[str], int]:
    async with serving(answering) as server, client_of(server) as client:
        found = await client.find_consignments(customer)
        return [one.reference for one in found], len(server.requests)


async def test_only_an_exact_match_counts() -> None:
    lines = [line(1, "C-10"), line(2, "c-1"), line(3, "C-1"), line(4, ""), line(5, "XC-1")]
    assert (await finding(pages(lines)))[0] == ["EC-3"]
    assert (await finding(pages(lines[:2])))[0] == []


@pytest.mark.parametrize(
    ("number", "largest", "count", "calls"),
    [
        (0, 100, True, 1),
        (2, 100, True, 1),
        (3, 100, True, 2),
        (7, 100, True, 3),
        (7, 100, False, 3),
        (7, 2, True, 4),
    ],
)
async def test_all_pages_are_read(number: int, largest: int, count: bool, calls: int) -> None:
    lines = [line(n) for n in range(number)]
    found = await finding(pages(lines, largest=largest, count=count))
    assert found == ([f"EC-{n}" for n in range(number)], calls)


async def test_repeats_are_dropped() -> None:
    lines = [line(1), line(2), line(3), line(3), line(4)]
    assert (await finding(pages(lines)))[0] == ["EC-1", "EC-2", "EC-3", "EC-4"]


async def test_pages_that_never_end_are_no_answer() -> None:
    endless = answer(
        200, json.dumps({"Count": 3, "ConsignmentSummaries": [line(1), line(2), line(3)]})
    )
    with pytest.raises(Retryable):
        await finding(endless)


async def test_a_404_in_pros_own_words_is_none() -> None:
    assert await finding(answer(404, NOT_FOUND)) == ([], 1)


@pytest.mark.parametrize(
    "answering",
    [
        answer(404),
        answer(404, "<html>"),
        answer(404, '{"Message": "No HTTP resource was found that matches the request URI."}'),
        answer(404, '{"statusCode": 404, "message": "Resource not found"}'),
        answer(400, NOT_FOUND),
        answer(200),
        answer(200, "[]"),
        answer(200, "{}"),
        answer(200, '{"Count": 0}'),
        answer(200, '{"Count": 1, "ConsignmentSummaries": [{"State": "Allocated"}]}'),
        answer(204),
        answer(500, NOT_FOUND),
    ],
)
async def test_anything_else_is_not_none(answering: Answering) -> None:
    with pytest.raises(Retryable):
        await finding(answering)


async def test_a_search_that_is_throttled_or_locked_out_says_so() -> None:
    with pytest.raises(Throttled) as caught:
        await finding(answer(429, "", "retry-after: 7"))
    assert caught.value.retry_after == 7.0
    with pytest.raises(Unauthorised):
        await finding(answer(401))


async def test_a_location_is_searched_state_by_state() -> None:
    lines = [line(1), line(2, state="ReadyToShip"), line(3), line(4, state="Unallocated")]
    async with serving(pages(lines)) as server, client_of(server) as client:
        found = client.search_consignments(
            shipping_location_reference="LEEDS_DC", states=["Allocated", "ReadyToShip"]
        )
        assert [one.reference async for one in found] == ["EC-1", "EC-3", "EC-2"]
        asked = [parse_qs(urlsplit(r.line.split(" ")[1]).query) for r in server.requests]
        assert {query["shippingLocationReference"][0] for query in asked} == {"LEEDS_DC"}
        assert [query["state"][0] for query in asked][-1] == "ReadyToShip"


async def searching(answering: Answering, **criteria: Any) -> tuple[list[str], list[Any]]:
    """What is found, and the query of each call."""
    async with serving(answering) as server, client_of(server) as client:
        found = [one.reference async for one in client.search_consignments(**criteria)]
        targets = [urlsplit(r.line.split(" ")[1]).query for r in server.requests]
        return found, [{k: v for k, (v,) in parse_qs(query).items()} for query in targets]


async def test_without_states_one_search_finds_every_state() -> None:
    lines = [line(1), line(2, state="Manifested"), line(3, state="SomethingNew")]
    found, (first, _) = await searching(pages(lines), shipping_location_reference="LEEDS_DC")
    assert found == ["EC-1", "EC-2", "EC-3"]
    assert first == {"shippingLocationReference": "LEEDS_DC"}


async def test_all_criteria_reach_pro() -> None:
    _, (query,) = await searching(
        pages([]),
        shipping_location_reference="LEEDS_DC",
        states=["ReadyToShip"],
        customer_reference="C-1",
        carrier="NORTHLINE",
        labels_printed=True,
        ships_from=date(2026, 3, 4),
        ships_until=date(2026, 3, 5),
    )
    assert query == {
        "shippingLocationReference": "LEEDS_DC",
        "state": "ReadyToShip",
        "referenceProvidedByCustomer": "C-1",
        "carriers": "NORTHLINE",
        "labelsPrinted": "true",
        "shippingDateFrom": "2026-03-04",
        "shippingDateTo": "2026-03-05",
    }


@pytest.mark.parametrize(
    ("criteria", "fields"),
    [
        ({"carrier": "NORTHLINE"}, {"MpdCarrierReference": "SEALINE"}),
        ({"labels_printed": True}, {"LabelsPrinted": False}),
        ({"labels_printed": False}, {"LabelsPrinted": True}),
        ({"customer_reference": "C-1"}, {"ConsignmentReferenceProvidedByCustomer": "C-10"}),
        ({"customer_reference": "C-1"}, {"ConsignmentReferenceProvidedByCustomer": None}),
        ({"states": ["Allocated"]}, {"State": "Unallocated"}),
    ],
)
async def test_a_line_that_says_otherwise_is_left_out(
    criteria: dict[str, Any], fields: dict[str, Any]
) -> None:
    lines = [line(1) | fields, line(2)]
    assert (await searching(pages(lines), **criteria))[0] == ["EC-2"]


async def test_one_that_moves_between_two_searches_is_told_once() -> None:
    async def say(request: Request, writer: asyncio.StreamWriter) -> None:
        state = parse_qs(urlsplit(request.line.split(" ")[1]).query)["state"][0]
        body = json.dumps({"Count": 1, "ConsignmentSummaries": [line(1, state=state)]})
        await answer(200, body)(request, writer)

    assert (await searching(say, states=["Allocated", "ReadyToShip"]))[0] == ["EC-1"]


async def test_a_search_for_everything_is_not_sent() -> None:
    with pytest.raises(ValueError, match="criterion"):
        await searching(pages([line(1)]))
