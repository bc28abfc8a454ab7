"""Records that started as a good event and went wrong somewhere on the way, drawn by Hypothesis."""

import codecs
import copy
import gzip
import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from service.events.topics import EventType, Topics
from service.flow import FLOW

from .hostile import DEEP, TEXTS, TIMES, VALUES, Pairs, written
from .stand import Headers, Sent

EXAMPLES = Path(__file__).parents[2] / "docs" / "events" / "examples"
MAX_BYTES = 900_000
"""`ORDERFLEX_MAX_EVENT_BYTES` by default."""
ORDER, PICKED_FULL, CONSIGNMENT = "WEB-204817", "WEB-204818", "EC-000-07C-2HX"
KEYS = (
    "order_reference",
    "consignment_reference_provided_by_customer",
    "shipping_location_reference",
)
BOMB = gzip.compress(b" " * 50_000_000)
TAKEN_UP = {step.event for step in FLOW}
Path_ = tuple[str | int, ...]
Change = Callable[[Any, Any], Any]
"""Takes the container of a place and its name there; gives the container as it is then."""
Draw = Callable[[st.SearchStrategy[Any]], Any]


@cache
def examples() -> dict[str, dict[str, Any]]:
    """The examples of the events that are taken up, by their files' names: some of each type."""
    found = {path.stem: json.loads(path.read_text()) for path in sorted(EXAMPLES.glob("*.json"))}
    taken = {name: data for name, data in found.items() if type_of(name) in TAKEN_UP}
    assert {type_of(name) for name in taken} == TAKEN_UP
    return taken


def type_of(name: str) -> EventType:
    """The type of an example."""
    kind = name.removesuffix(".minimum").removesuffix(".full").removesuffix(".option")
    return EventType(kind)


def places(value: Any, here: Path_ = ()) -> Iterator[Path_]:
    """Every place in a JSON value, its root first."""
    yield here
    if isinstance(value, dict):
        for name, each in value.items():
            yield from places(each, (*here, name))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from places(each, (*here, number))


def changed(value: Any, place: Path_, change: Callable[[Any, str | int], Any]) -> Any:
    """A copy in which the container of a place was changed."""
    whole = copy.deepcopy(value)
    inner = whole
    for part in place[:-1]:
        inner = inner[part]
    if isinstance(inner, dict | list):
        made = change(inner, place[-1])
        if made is not inner:
            return made if len(place) == 1 else _put(whole, place[:-1], made)
    return whole


def _put(whole: Any, place: Path_, made: Any) -> Any:
    inner = whole
    for part in place[:-1]:
        inner = inner[part]
    inner[place[-1]] = made
    return whole


def dropped(inner: Any, name: Any) -> Any:
    """Leave the place out."""
    del inner[name]
    return inner


def doubled(inner: Any, name: Any) -> Any:
    """Have the place there twice."""
    if isinstance(inner, dict):
        return Pairs((*inner.items(), (name, inner[name])))
    return [*inner, inner[name]]


def setting(value: Any) -> Change:
    """A change that puts another value in the place."""

    def put(inner: Any, name: Any) -> Any:
        inner[name] = value
        return inner

    return put


def _added(name: str, value: Any) -> Callable[[Any, Any], Any]:
    def adding(inner: Any, _: Any) -> Any:
        if isinstance(inner, dict):
            inner[name] = value
        else:
            inner.append(value)
        return inner

    return adding


def _many(inner: Any, name: Any) -> Any:
    if isinstance(inner, list):
        return [inner[name]] * 1500
    return inner


_VALUES = st.sampled_from(VALUES) | st.text(max_size=12) | st.integers()
_TEXTS = st.sampled_from(TEXTS)
_KEYS = (
    _TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.none()
    | st.sampled_from((b"", b"\xff", b"WEB-1", b"k" * 60_000))
)
_HOW_MANY = st.sampled_from((1, 1, 1, 2, 3))


def data_gone_wrong(draw: Draw, data: Any) -> Any:
    """Change one to three places of an event's data."""
    for _ in range(draw(_HOW_MANY)):
        where = [place for place in places(data) if place]
        if not isinstance(data, dict) or not where:
            return data
        place = draw(st.sampled_from(where))
        value = draw(_VALUES)
        changes = (setting(value), setting(value), setting(value), dropped, doubled, _many)
        change = draw(st.sampled_from((*changes, _added(draw(_TEXTS), value))))
        data = changed(data, place, change)
        if any(isinstance(part, Pairs) for part in parts(data)):
            return data
    return data


def parts(value: Any) -> Iterator[Any]:
    """Every value in a JSON value, itself first."""
    yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        yield from parts(each)


def bytes_gone_wrong(draw: Draw, value: bytes) -> bytes | None:
    """Change an event's value as bytes."""
    at = draw(st.integers(0, max(0, len(value) - 1)))
    text = value.decode("utf-8", "replace")
    room = MAX_BYTES - len(value)
    ways: tuple[Callable[[], bytes | None], ...] = (
        lambda: value[:at],
        lambda: value[:at] + draw(st.binary(min_size=1, max_size=4)) + value[at:],
        lambda: value[:at] + draw(st.binary(min_size=1, max_size=2)) + value[at + 1 :],
        lambda: None,
        lambda: b"",
        lambda: b" \n\t",
        lambda: codecs.BOM_UTF8 + value,
        lambda: text.encode("utf-16"),
        lambda: text.encode("utf-32-le"),
        lambda: text.encode("utf-16-be").replace(b"\x00", b""),
        lambda: value.replace(b"a", "é".encode("latin-1")),
        lambda: gzip.compress(value),
        lambda: BOMB,
        lambda: value + value,
        lambda: value + b"\x00",
        lambda: b"[" + value + b"]",
        lambda: value + b" " * room,
        lambda: value + b" " * (room + 1),
        lambda: value + b" " * 3_000_000,
        lambda: b"[" * DEEP,
        lambda: b'{"data":' * DEEP,
        lambda: b'"' + b"x" * (MAX_BYTES - 2) + b'"',
        lambda: b"9" * 800_000,
        lambda: b"[" + b"0," * 400_000 + b"0]",
        lambda: b"{" + b'"a":1,' * 100_000 + b'"a":1}',
        lambda: draw(st.binary(max_size=60)),
    )
    made: bytes | None = draw(st.sampled_from(ways))()
    return made


HEADER_VALUES = (
    *(text.encode("utf-8", "surrogatepass") for text in (*TEXTS, *TIMES)),
    *(b"\xff\xfe", b"1.0", b"1.1", b"order.placed", b"order.cancelled", b"nonsense", b"0" * 600),
    *(
        b"application/json",
        b"application/json; charset=utf-16",
        b"text/xml",
        b"gzip",
        b"x" * 60_000,
    ),
    *(b"application/cloudevents+json", b"application/cloudevents-batch+json", b"APPLICATION/JSON"),
    *(b"record:WEB-204817@1", b"@1", b"a@0", b"a@1," * 30, b"pack:WEB-204817:pick-1@99999999999"),
    *(b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", b"00-zz-11-01"),
)
HEADER_NAMES = (
    *("ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_orderflexagain", "CE_ID"),
    *("ce_", "ce_subject", "ce_\U0001f4e6", "content-type", "Content-Type", "content-encoding", ""),
    *("traceparent", "TraceParent", "orderflex_original_topic", "orderflex_original_offset"),
    *("orderflex_attempt", "orderflex_first_failed_at", "orderflex_due_at", "correlation_id"),
    *("orderflex_original_timestamp", "orderflex_error_detail", "x" * 5000, "reply_to", "\x00"),
)


def binary(kind: EventType) -> Headers:
    """The headers of binary mode."""
    said = {
        "ce_specversion": "1.0",
        "ce_id": "e-1",
        "ce_source": "urn:shop",
        "ce_type": kind.value,
        "ce_time": "2026-03-02T08:00:00Z",
        "content-type": "application/json",
    }
    return tuple((name, text.encode()) for name, text in said.items())


def headers_gone_wrong(draw: Draw, headers: Headers) -> Headers:
    """Drop, double, change or add headers."""
    said = list(headers)
    for _ in range(draw(st.sampled_from((1, 1, 2, 4)))):
        change = draw(st.sampled_from(("add", "add", "set", "set", "drop", "double", "many")))
        name, value = draw(st.sampled_from(HEADER_NAMES)), draw(st.sampled_from(HEADER_VALUES))
        if change == "many":
            said += [(name, b"")] * 2000
        elif change == "add" or not said:
            said.append((name, value))
        else:
            at = draw(st.integers(0, len(said) - 1))
            if change == "set":
                said[at] = (said[at][0], value)
            elif change == "drop":
                del said[at]
            else:
                said.append(said[at])
    return tuple(said)


TIMESTAMPS = (-1, 0, 1, -(2**40), 253_402_300_799_999, 253_402_300_800_000, 2**62, -(2**62))


def _key_of(data: Any) -> bytes | None:
    named = [data[name] for name in KEYS if isinstance(data, dict) and name in data]
    said = named[0] if named else None
    return said.encode("utf-8", "surrogatepass") if isinstance(said, str) else None


@st.composite
def records(draw: Draw) -> tuple[str, Sent]:
    """Give the example it started as, and the record that it became."""
    name = draw(st.sampled_from(sorted(examples())))
    kind, data = type_of(name), examples()[name]
    key = _key_of(data)
    wrong = draw(
        st.sampled_from(
            (
                *[{"data"}] * 8,
                *[{"bytes"}] * 3,
                *[{"headers"}] * 3,
                *[{"key"}, {"timestamp"}, {"topic"}, set[str]()],
                *[{"data", "headers"}, {"data", "key"}, {"headers", "bytes"}, {"topic", "headers"}],
            )
        )
    )
    if "data" in wrong:
        data = data_gone_wrong(draw, data)
        if "key" not in wrong:
            key = draw(st.sampled_from((key, key, _key_of(data))))
    form = draw(st.sampled_from(("plain", "plain", "binary", "structured")))
    headers: Headers = ()
    if form == "binary":
        headers = binary(kind)
    elif form == "structured":
        whole: dict[str, Any] = {
            n.removeprefix("ce_"): v.decode() for n, v in binary(kind) if n[:3] == "ce_"
        }
        whole["data"] = data
        data = data_gone_wrong(draw, whole) if "headers" in wrong else whole
        headers = (("content-type", b"application/cloudevents+json"),)
    value: bytes | None = written(data).encode("utf-8", "surrogatepass")
    if "headers" in wrong:
        headers = headers_gone_wrong(draw, headers)
    if "bytes" in wrong and value is not None:
        value = bytes_gone_wrong(draw, value)
    if "key" in wrong:
        key = draw(_KEYS)
    timestamp = draw(st.sampled_from(TIMESTAMPS)) if "timestamp" in wrong else None
    topic = kind.value
    if "topic" in wrong:
        tiers = [tier.topic for tier in Topics().retry_tiers]
        topic = draw(st.sampled_from((*sorted(each.value for each in TAKEN_UP), *tiers)))
    return name, Sent(topic, key, value, headers, timestamp)
