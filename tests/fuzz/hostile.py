"""Hostile values, and JSON that nobody writes: doubled names, NaN, 1e400, lone halves of pairs."""

import json
from dataclasses import dataclass
from typing import Any

DEEP = 100_000
"""Levels."""


@dataclass(frozen=True)
class Raw:
    """Stands in the JSON as it is."""

    text: str


@dataclass(frozen=True)
class Pairs:
    """An object by its pairs, of which several may have the same name."""

    pairs: tuple[tuple[str, Any], ...]


def written(value: Any) -> str:
    """Write JSON, or what is meant to look like it."""
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, dict):
        value = Pairs(tuple(value.items()))
    if isinstance(value, Pairs):
        inner = (f"{json.dumps(name)}:{written(each)}" for name, each in value.pairs)
        return f"{{{','.join(inner)}}}"
    if isinstance(value, list):
        return f"[{','.join(map(written, value))}]"
    return json.dumps(value)


TEXTS = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ufeffWEB-204817",
    "\u202eWEB-718402",
    "\u2066x\u2069",
    "WEB-204817\u200b",
    "Ame\u0301lie",
    "Am\u00e9lie",
    "\u212bngstro\u0308m",
    "\U0001f4e6\U0001f469\u200d\U0001f680",
    "\ud800",
    "\udfff\ud800",
    "\U0010ffff",
    "\ufdd0\uffff",
    "e" + "\u0301" * 400,
    "ﷺ" * 100,
    "İıſß",
    "'; DROP TABLE orders; --",
    "../../../etc/passwd",
    "%00%2e%2e%2f",
    "{{7*7}}${7*7}",
    "<script>alert(1)</script>",
    "line\r\nce_type: order.cancelled",
    "a/b?c#d",
    "\\u0000",
    "\x7f\x1b[31m",
    "null",
    "٣",
    "x" * 101,
    "x" * 100,
    "x" * 501,
    "x" * 2001,
    "x" * 100_000,
)
NUMBERS = tuple(
    Raw(text)
    for text in (
        *("0", "-0", "-0.0", "-1", "1e400", "-1e400", "1e-400", "NaN", "Infinity", "-Infinity"),
        *("1e39", "1e41", "0.1e-40", "9" * 39, "9" * 41, "9" * 10_000, "1." + "0" * 10_000),
        *("123456789012345", "1234567890123456", "0.123456789", "0.1234567891", "1e14", "1e15"),
        *("2147483647", "2147483648", "9223372036854775808", "1.0", "1.5", "00", "01", "1e", "+1"),
        *("0x10", "1_000", ".5", "5.", "1E5", "1000001", "999999999999999"),
    )
)
TIMES = (
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999999-14:00",
    "9999-12-31T23:59:59Z",
    "1969-12-31T23:59:59Z",
    "2026-03-06T24:00:00Z",
    "2026-03-06T23:59:60Z",
    "2026-02-30T00:00:00Z",
    "2026-03-06T09:30:00",
    "2026-03-06T09:30:00+24:00",
    "2026-03-06T09:30:00+23:59",
    "2026-03-06T09:30:00-00:00",
    "2026-03-06",
    "2026-W10-5",
    "20260306T093000Z",
    "2026-03-06t09:30:00z",
    "２０２６-03-06T09:30:00Z",
    "12026-03-06T09:30:00Z",
    "1772438400",
    "now",
)
OTHERS: tuple[Any, ...] = (
    None,
    True,
    False,
    [],
    {},
    [[]],
    [None],
    {"": None},
    {"\ud800": 1},
    {"code": {}},
    Pairs((("a", 1), ("a", 2))),
    Raw("[" * 900 + "]" * 900),
    Raw("[" * DEEP + "]" * DEEP),
    Raw('{"a":' * DEEP + "1" + "}" * DEEP),
    [{}] * 1001,
    [{}] * 1000,
    ["x"] * 5000,
    Raw("undefined"),
    Raw('"\\ud83d"'),
    Raw('"\\x41"'),
    Raw('"\t"'),
    Raw("'x'"),
    Raw("1,"),
)
VALUES = (*TEXTS, *NUMBERS, *TIMES, *OTHERS)
