"""PRO's answers gone wrong, over real sockets: each ends in a verdict, none fills the memory."""

import asyncio
import gzip
import inspect
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from service.pro.client import ProClient
from service.pro.problems import Ambiguous, ProVerdict, Retryable, Throttled
from tests.pro.raw_server import KEY, Answering, RawServer, Request, answer, client_of, raw, serving

from .operations import CHANGES, OPERATIONS

MOST = 1_048_576
"""`max_answer_bytes` here."""
ROOM = 32 * MOST
"""So much memory one answer may take while it is read."""


def _gzip_of(megabytes: int) -> bytes:
    """The gzip of so many million spaces, which nobody has to hold."""
    packing = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = [packing.compress(b" " * 1_000_000) for _ in range(megabytes)]
    return b"".join([*packed, packing.flush()])


BOMB = _gzip_of(1_000)
HEAD = b"HTTP/1.1 200 OK\r\n"


async def _without_end(_: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"transfer-encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b" " * 65_536 + b"\r\n")
        await writer.drain()


async def _headers_without_end(_: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD)
    while True:
        writer.write(b"x-more: " + b"y" * 1_000 + b"\r\n")
        await writer.drain()


async def _hints_without_end(_: Request, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" * 100)
        await writer.drain()
        await asyncio.sleep(0.001)


def packed(body: bytes, encoding: str) -> Answering:
    return answer(200, body, f"content-encoding: {encoding}")


HOSTILE: dict[str, Answering] = {
    "a gzip bomb": packed(BOMB, "gzip"),
    "a gzip of a gzip": packed(gzip.compress(BOMB), "gzip, gzip"),
    "two headers for two gzips": answer(
        200, gzip.compress(BOMB), "content-encoding: gzip", "content-encoding: gzip"
    ),
    "deflate, which nobody asked for": packed(zlib.compress(b"[]"), "deflate"),
    "brotli": packed(b"\x0b\x01\x80[]\x03", "br"),
    "gzip that stops": packed(gzip.compress(b"[" + b"{}," * 900 + b"{}]")[:-12], "gzip"),
    "no gzip": packed(b"[]", "gzip"),
    "a body without end": _without_end,
    "more than is read": answer(200, b" " * (MOST + 1)),
    "headers without end": _headers_without_end,
    "a header of a megabyte": answer(200, b"[]", "x: " + "y" * MOST),
    "hints without end": _hints_without_end,
    "switching protocols": raw(
        HEAD.replace(b"200", b"101") + b"upgrade: x\r\nconnection: upgrade\r\n\r\n"
    ),
    "deep lists": answer(200, b"[" * 100_000 + b"]" * 100_000),
    "deep objects": answer(200, b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "lists of nothing": answer(200, b"[" + b"[]," * 340_000 + b"[]]"),
    "a doubled name": answer(200, b'[{"Rel": "a", "Rel": "b"}]'),
    "NaN": answer(200, b"[NaN]"),
    "a huge number": answer(200, b"[" + b"9" * 500_000 + b"]"),
    "no UTF-8": answer(200, b'[{"Rel": "\xff"}]', "content-type: application/json"),
    "UTF-16": answer(200, "[]".encode("utf-16"), "content-type: application/json"),
    "a byte order mark": answer(200, b"\xef\xbb\xbf{}"),
    "a page": answer(200, "<html>", "content-type: text/html"),
    "nothing": answer(200),
    "205": raw(b"HTTP/1.1 205 Reset Content\r\n\r\n"),
    "a chunk's size that is none": raw(HEAD + b"transfer-encoding: chunked\r\n\r\nzz\r\n[]\r\n"),
    "a chunk cut short": raw(HEAD + b"transfer-encoding: chunked\r\n\r\nff\r\n[]"),
    "two lengths": raw(HEAD + b"content-length: 2\r\ncontent-length: 900\r\n\r\n[]"),
    "a negative length": raw(HEAD + b"content-length: -1\r\n\r\n[]"),
    "a huge length": raw(HEAD + b"content-length: " + b"9" * 400 + b"\r\n\r\n[]"),
    "an unknown status": answer(999),
    "a status of words": raw(b"HTTP/1.1 OK OK\r\n\r\n"),
    "a null byte in a header": raw(HEAD + b"x: a\x00b\r\ncontent-length: 2\r\n\r\n[]"),
    "an error that is deep": answer(400, b'{"Message":' * 5_000),
    "an error that is huge": answer(400, b'{"Code": "' + b"x" * 2 * MOST + b'"}'),
    "an error of lone halves": answer(
        400, b'{"Message": "\\ud800", "Details": [{"Code": "\\u0000"}]}'
    ),
    "an error of other types": answer(400, b'{"Code": [], "Message": {}, "Details": 7}'),
    "a status about nothing": answer(404, b"\x00\x00"),
}
MAY_BE_TAKEN = frozenset({"an error of lone halves"})
"""Read as a refusal, in PRO's own words."""
SAYS_NOTHING = frozenset(
    {"cancel_consignment", "update_order", "update_consignment", "add_order_address"}
    | {"update_order_address"}
)
"""Of these any 2xx will do, whatever its body holds."""


@asynccontextmanager
async def asking(answering: Answering) -> AsyncIterator[tuple[RawServer, ProClient]]:
    """A client with little patience."""
    short = {"read_timeout": 0.5, "total_deadline": 1.7, "max_answer_bytes": MOST}
    async with serving(answering) as server, client_of(server, **short) as client:
        yield server, client


@pytest.fixture
def little_memory() -> Iterator[None]:
    """Hold what is allocated meanwhile to the room that one answer may take."""
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    yield
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most - before < ROOM, f"{(most - before) / 1e6:.0f} MB"


@pytest.mark.parametrize("name", HOSTILE)
async def test_whatever_is_answered_ends_in_a_verdict(name: str, little_memory: None) -> None:
    async with asking(HOSTILE[name]) as (server, client):
        for operation in ("pack_order", "find_consignments"):
            with pytest.raises(ProVerdict) as caught:
                await OPERATIONS[operation](client)
            kind = Ambiguous if operation in CHANGES else Retryable
            assert type(caught.value) is kind or name in MAY_BE_TAKEN, (operation, caught.value)
            assert KEY not in repr(caught.value)
        assert len(server.requests) <= 2  # none is sent again


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_no_operation_breaks_on_an_answer_of_another_shape(operation: str) -> None:
    shapes = (
        b"[]",
        b"{}",
        b"null",
        b"7",
        b'"x"',
        b"[null]",
        b'[{"Href": 1}]',
        b'{"Results": null}',
    )
    for shape in shapes:
        async with asking(answer(200, shape)) as (_, client):
            try:
                await OPERATIONS[operation](client)
            except ProVerdict:
                continue
            told_by_its_parts = inspect.isfunction(OPERATIONS[operation])
            assert told_by_its_parts


async def test_gzip_that_was_asked_for_is_read_whatever_its_pieces() -> None:
    body = b'[{"Reference": "LEEDS_DC", "Name": "' + bytes(range(65, 90)) * 40_000 + b'"}]'

    async def in_pieces(_: Request, writer: asyncio.StreamWriter) -> None:
        said = gzip.compress(body)
        writer.write(HEAD + b"content-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n")
        for at in range(0, len(said), 700):
            piece = said[at : at + 700]
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
        writer.write(b"0\r\n\r\n")

    async with asking(in_pieces) as (server, client):
        (location,) = await client.get_shipping_locations()
        assert location.reference == "LEEDS_DC"
        assert server.requests[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("operation", ["pack_order", "get_order"])
async def test_a_redirect_takes_the_key_nowhere(status: int, operation: str) -> None:
    async with serving(answer(200, b"[]")) as elsewhere:
        location = f"location: http://127.0.0.1:{elsewhere.port}/orders"
        async with asking(answer(status, b"", location)) as (server, client):
            with pytest.raises(ProVerdict):
                await OPERATIONS[operation](client)
            assert len(server.requests) == 1
        assert elsewhere.connections == 0


@pytest.mark.parametrize(
    "said",
    [
        "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
        "Mon, 01 Jan 2020 99999999999999999999:00:00 GMT",
        "Mon, 01 Jan 2020 00:00:00 +99999999999999999999",
        "9" * 5_000,
        "1e400",
        "-1",
        "\xff",
    ],
)
async def test_no_retry_after_breaks_it(said: str) -> None:
    async with asking(answer(429, b"", f"retry-after: {said}")) as (_, client):
        with pytest.raises(Throttled) as caught:
            await OPERATIONS["get_order"](client)
        assert caught.value.retry_after is None or 0 <= caught.value.retry_after <= 86_400


async def test_a_search_ends_though_pro_always_has_one_page_more() -> None:
    told = 0

    async def more(_: Request, writer: asyncio.StreamWriter) -> None:
        nonlocal told
        told += 1
        line = b'{"Reference":"EC-%d","State":"Allocated"}' % told
        await answer(200, b'{"Count": 999999, "ConsignmentSummaries": [%s]}' % line)(_, writer)

    async with asking(more) as (_, client):
        with pytest.raises(Retryable, match="pages"):
            await OPERATIONS["search_consignments"](client)


LABEL = '{"File": "XlhB", "ContentType": "%s"}'


@pytest.mark.parametrize("said", ["", " ", "x" * 101, "a\\u0000b", "\\ud800", "text/\\u202ex"])
async def test_a_type_of_a_file_that_is_none_is_no_answer(said: str) -> None:
    async with asking(answer(200, LABEL % said)) as (_, client):
        with pytest.raises(Retryable):
            await client.get_labels("EC-1")


@pytest.mark.parametrize("said", ["x" * 101, " EC-1", "EC\\u0000", "\\u202eEC-1"])
async def test_a_reference_that_nobody_can_bear_is_no_answer(said: str) -> None:
    link = f'[{{"Rel": "Order", "Href": "https://pro/orders/{said}"}}]'
    async with asking(answer(200, link)) as (_, client):
        with pytest.raises(Ambiguous):
            await OPERATIONS["create_order"](client)


async def test_what_people_read_is_cut_and_what_no_database_keeps_left_out() -> None:
    told = (
        '{"Reference": "EC-1", "ConsignmentState": "' + "x" * 5_000 + '", "Packages": '
        '[{"Reference": "' + "y" * 5_000 + '"}], "ConsignmentLegs": [{"TrackingReferences": '
        '["T\\u00001", "\\ud800", "' + "z" * 5_000 + '"], "CarrierName": "a\\u0000b"}]}'
    )
    async with asking(answer(200, told)) as (_, client):
        found = await client.get_consignment("EC-1")
    (leg,) = found.consignment_legs
    assert (len(found.consignment_state), found.packages[0].reference) == (100, None)
    assert leg.tracking_references == ("T1", None, "z" * 2_000)
    assert leg.carrier_name == "ab"
