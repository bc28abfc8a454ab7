"""Hostile requests, over either ledger: each is refused in words, or its connection is closed."""

import base64
import contextlib
import json
import select
import socket
import time
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest

from service.api import app, limits
from service.api.endpoints import ENDPOINTS, Endpoint
from tests.api.desk import TOKEN

from .served import Making, Served, over_postgresql, over_sqlite, served

KNOWN = "Authorization: Bearer " + TOKEN
HEAD = f"Host: x\r\n{KNOWN}\r\n"
BODY = f"POST /orders/WEB-1/cancel HTTP/1.1\r\n{HEAD}"
SOON = 0.5
"""Seconds: as long as a head or a body may take to arrive here."""


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def api(request: pytest.FixtureRequest) -> Iterator[Served]:
    making: Making = over_sqlite
    if request.param == "postgresql":
        database = request.getfixturevalue("postgresql").create_database()
        making = over_postgresql(database)
    with pytest.MonkeyPatch.context() as patch, served(making) as one:
        patch.setattr(limits, "HEAD_SECONDS", SOON)
        patch.setattr(app, "BODY_SECONDS", SOON)
        yield one


def answers(api: Served, *sent: str | bytes, pause: float = 0.0) -> list[int]:
    """Send bytes as they are; gives the status of each answer until the connection is closed."""
    received = b""
    with socket.create_connection(("127.0.0.1", api.port), timeout=10) as connection:
        with contextlib.suppress(ConnectionError):
            for piece in sent:
                connection.sendall(piece.encode() if isinstance(piece, str) else piece)
                time.sleep(pause)
                if pause and select.select([connection], [], [], 0)[0]:
                    received += connection.recv(65_536)
        with contextlib.suppress(ConnectionError):
            while more := connection.recv(65_536):
                received += more
    heads = [part for part in received.split(b"HTTP/1.1 ")[1:] if part[:3].isdigit()]
    return [int(part[:3]) for part in heads]


RAW: dict[str, tuple[str | bytes, set[int]]] = {
    "HTTP/1.0": (f"GET /orders HTTP/1.0\r\n{KNOWN}\r\n\r\n", {200}),
    "HTTP/0.9": ("GET /orders\r\n\r\n", {400}),
    "HTTP/3.7": (f"GET /orders HTTP/3.7\r\n{HEAD}Connection: close\r\n\r\n", {200}),
    "HTTP/2": ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {404}),
    "no host": (f"GET /orders HTTP/1.1\r\n{KNOWN}\r\n\r\n", {400}),
    "two hosts": (f"GET /orders HTTP/1.1\r\n{HEAD}Host: y\r\n\r\n", {400}),
    "a header of 600 KB": (f"GET /orders HTTP/1.1\r\n{HEAD}x: {'y' * 600_000}\r\n\r\n", {400}),
    "many headers": (f"GET /orders HTTP/1.1\r\n{HEAD}" + "x: y\r\n" * 100_000 + "\r\n", {400}),
    "a path of 600 KB": (f"GET /{'x' * 600_000} HTTP/1.1\r\n{HEAD}\r\n", {400}),
    "a header of bytes": (b"GET /orders HTTP/1.1\r\nHost: x\r\nAuthorization: \xff\r\n\r\n", {401}),
    "a null in a header": (f"GET /orders HTTP/1.1\r\n{HEAD}x: a\x00b\r\n\r\n", {400}),
    "a path of bytes": (b"GET /orders/\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n", {400}),
    "a word without method": (f"/orders HTTP/1.1\r\n{HEAD}\r\n", {400}),
    "an unknown method": (f"EAT /orders HTTP/1.1\r\n{HEAD}Connection: close\r\n\r\n", {405}),
    "CONNECT": (f"CONNECT x:1 HTTP/1.1\r\n{HEAD}Connection: close\r\n\r\n", {404}),
    "the whole address": (
        f"GET http://evil/orders HTTP/1.1\r\n{HEAD}Connection: close\r\n\r\n",
        {404},
    ),
    "an upgrade": (
        f"GET /orders HTTP/1.1\r\n{HEAD}Connection: upgrade, close\r\nUpgrade: websocket\r\n\r\n",
        {200},
    ),
    "nulls": (b"\x00" * 400, {400}),
    "a TLS hello": (bytes.fromhex("16030100c8010000c40303") + b"\x00" * 190, {400}),
    "nothing": ("", set()),
    "half a head": ("GET /orders HTTP/1.1\r\nHost", set()),
    "a body that never comes": (f"{BODY}Content-Length: 20\r\n\r\n{{", {408}),
    "a body of chunks that never ends": (
        f"{BODY}Transfer-Encoding: chunked\r\n\r\n" + "400\r\n" + " " * 1024 + "\r\n",
        {408},
    ),
    "a body of many chunks": (
        f"{BODY}Transfer-Encoding: chunked\r\n\r\n" + ("400\r\n" + " " * 1024 + "\r\n") * 40,
        {413},
    ),
    "a chunk's size that is none": (f"{BODY}Transfer-Encoding: chunked\r\n\r\nzz\r\n", {400}),
    "a huge chunk": (f"{BODY}Transfer-Encoding: chunked\r\n\r\n{'f' * 20}\r\n{{", {400, 408}),
    "a negative length": (f"{BODY}Content-Length: -1\r\n\r\n{{}}", {400}),
    "a huge length": (f"{BODY}Content-Length: {'9' * 30}\r\n\r\n{{}}", {400, 408}),
    "two lengths": (f"{BODY}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}", {400}),
    "length and chunks": (
        f"{BODY}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        {400},
    ),
    "an unknown coding": (f"{BODY}Transfer-Encoding: gzip\r\n\r\n{{}}", {400, 501}),
}


@pytest.mark.parametrize("name", RAW)
def test_bytes_that_are_no_request_are_refused_or_hung_up_on(name: str, api: Served) -> None:
    sent, wanted = RAW[name]
    got = answers(api, sent)
    assert set(got[:1]) <= wanted, got
    assert bool(got) == bool(wanted)


def test_a_head_that_trickles_in_is_hung_up_on(api: Served) -> None:
    drops = [f"GET /orders HTTP/1.1\r\n{HEAD}", *["x: y\r\n"] * 20]
    started = time.monotonic()
    assert answers(api, *drops, pause=SOON / 4) == []
    assert time.monotonic() - started < 20 * SOON


def test_a_second_head_that_trickles_in_is_hung_up_on_too(api: Served) -> None:
    whole = f"GET /orders HTTP/1.1\r\n{HEAD}\r\n"
    assert answers(api, whole, *[whole[at : at + 3] for at in range(24)], pause=SOON / 4) == [200]


TEXTS = (
    *(
        "\x00",
        "a\x00b",
        "%",
        "%zz",
        "\ud800",
        "\U0001f4e6",
        "\u202e",
        "../..",
        "a/b",
        ";",
        "{{7*7}}",
    ),
    *(
        "' OR 1=1 --",
        "x" * 501,
        "x" * 4_000,
        "9" * 19,
        "9" * 400,
        "-1",
        "1e400",
        "NaN",
        "١",
        " ",
        "%00",
    ),
)
CURSORS = tuple(
    base64.urlsafe_b64encode(text.encode()).decode()
    for text in (
        '["2026-03-02T08:00:00+00:00", "a\\u0000"]',
        '["2026-03-02T08:00:00+00:00", "\\ud800"]',
        '["0001-01-01T00:00:00+14:00", "a"]',
        '["9999-12-31T23:59:59-14:00", "a"]',
        '["2026-03-02T08:00:00+00:00", 7]',
        '[7, "a"]',
        '["a", "b", "c"]',
        "[" * 370,
        "9" * 370,
        "{}",
        "NaN",
    )
)


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


@pytest.mark.parametrize(
    "endpoint", [each for each in ENDPOINTS if each.method == "GET"], ids=lambda each: each.name
)
def test_no_parameter_breaks_a_look_up(endpoint: Endpoint, api: Served) -> None:
    path = endpoint.path
    paths = {path.replace("{number}", "3").replace("{order_reference}", "WEB-1")}
    if "{" in path:
        opening, _, rest = path.partition("{")
        paths |= {opening + _quoted(text) + rest.partition("}")[2] for text in TEXTS}
    with httpx.Client(base_url=api.url, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        for each in paths:
            assert client.get(httpx.URL(each)).status_code in (200, 400, 404), each
        for name in (*endpoint.query.model_fields, "nonsense"):
            for text in (*TEXTS, *CURSORS):
                asked = f"{min(paths, key=len)}?{name}={_quoted(text)}"
                assert client.get(asked).status_code in (200, 400, 404), asked
        for query in ("?&&=&", "?limit", "?%00=1", "?limit[]=1", "?" + "a=1&" * 2_000):
            assert client.get(min(paths, key=len) + query).status_code in (200, 400, 404), query


BODIES = (
    *(b"", b"\x00", b"null", b"[]", b"7", b'"because"', b"{", b"NaN", b'{"because": NaN}'),
    *(b'{"because": 1e400}', b'{"because": ' + b"9" * 4_400 + b"}", b'{"because": ""}'),
    *(b'{"because": "\\u0000"}', b'{"because": "a\\u0000b"}', b'{"because": "\\ud800"}'),
    *(b'{"because": "x", "because": "y"}', b'{"because": "x", "item": "\\u0000"}'),
    *(b'{"because": "x", "item": "' + b"y" * 5001 + b'"}', b'{"because": "x", "dry_run": 1e9}'),
    *(b'{"because": "x", "allocation": [' + b'{"way": "none"},' * 900 + b"{}]}",),
    *(b'{"because": ' + b"[" * 8_000, b'{"a":' * 3_000 + b"1" + b"}" * 3_000),
    *(
        '{"because": "x"}'.encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b'{"because": "\xff"}',
        b" " * 16_384,
    ),
    *(b'{"because": "x", "pick_reference": "\\u0000"}', b"\x1f\x8b\x08\x00" + b"\x00" * 40),
)


@pytest.mark.parametrize(
    "endpoint", [each for each in ENDPOINTS if each.method == "POST"], ids=lambda each: each.name
)
def test_no_body_breaks_an_action(endpoint: Endpoint, api: Served) -> None:
    path = endpoint.path
    own = path.replace("{number}", "3").replace("{order_reference}", "WEB-1")
    own = own.replace("{consignment_reference}", "EC-1")
    with httpx.Client(base_url=api.url, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        for body in BODIES:
            answer = client.post(own, content=body)
            assert answer.status_code in (400, 413), (body[:80], answer.text)
        for text in TEXTS:
            if "{" in path:
                opening, _, rest = path.partition("{")
                asked = opening + _quoted(text) + rest.partition("}")[2]
                body = json.dumps(
                    {"because": "x", "dry_run": True} if "{n" not in path else {"because": "x"}
                ).encode()
                assert client.post(asked, content=body).status_code < 500, asked


def test_a_closing_slash_is_no_way_to_another_host(api: Served) -> None:
    with httpx.Client(base_url=api.url) as client:
        answer = client.get("/orders/", headers={"Host": "evil.example"})
    assert (answer.status_code, "location" in answer.headers) == (404, False)


def test_a_request_that_breaks_off_is_no_error_of_ours(api: Served) -> None:
    with socket.create_connection(("127.0.0.1", api.port)) as connection:
        connection.sendall(f"{BODY}Content-Length: 9\r\n\r\n{{".encode())
    assert answers(api, f"GET /orders HTTP/1.0\r\n{KNOWN}\r\n\r\n") == [200]


def test_more_connections_than_there_may_be_are_told_to_come_again(api: Served) -> None:
    idle = [socket.create_connection(("127.0.0.1", api.port)) for _ in range(limits.CONNECTIONS)]
    try:
        assert answers(api, f"GET /orders HTTP/1.1\r\n{HEAD}\r\n") == [503]
    finally:
        for each in idle:
            each.close()
    time.sleep(SOON)
    assert answers(api, f"GET /orders HTTP/1.0\r\n{KNOWN}\r\n\r\n") == [200]
