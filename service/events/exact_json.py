"""JSON without loss and without tricks.

Python's own reader lets a repeated key win silently, turns numbers into binary floats and accepts
NaN; its writer knows no Decimal. Here a number keeps its digits both ways, and what two readers
could understand differently is refused.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from json.encoder import encode_basestring_ascii as _quoted
from typing import Literal, NoReturn

Fault = Literal["not_json", "truncated", "wrong_encoding"]

MAX_NUMBER_LENGTH = 40
"""Characters of one number; nothing that is weighed, priced or counted needs more."""
MAX_EXPONENT = 40
MAX_DEPTH = 100
"""Levels of objects and lists; an event has less than ten. Who writes it again has to follow."""
MAX_VALUES = 1_000_000
"""Values in one text, by its commas and brackets: each takes far more room than in the text."""


class BadJson(ValueError):
    """Bytes that are not JSON as we read it. The text never repeats what the bytes say."""

    def __init__(self, fault: Fault, detail: str) -> None:
        super().__init__(detail)
        self.fault: Fault = fault
        self.detail = detail


def loads(raw: bytes) -> object:
    """Read UTF-8 JSON; numbers come as int or Decimal. Raises BadJson."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadJson(
            "wrong_encoding", f"byte {error.start} is not UTF-8: send uncompressed UTF-8 JSON"
        ) from None
    if text.startswith("\ufeff"):
        raise BadJson("wrong_encoding", "it opens with a byte order mark: leave that out")
    nestings = raw.count(b"[") + raw.count(b"{")
    if nestings + raw.count(b",") > MAX_VALUES:
        raise BadJson("not_json", f"it holds more than {MAX_VALUES} values")
    try:
        read = json.loads(
            text,
            parse_int=_integer,
            parse_float=_decimal,
            parse_constant=_constant,
            object_pairs_hook=_object,
        )
    except json.JSONDecodeError as error:
        raise _explained(error, text) from None
    except RecursionError:
        raise _too_deep() from None
    if nestings > MAX_DEPTH and _is_too_deep(read):
        raise _too_deep()
    return read


def _too_deep() -> BadJson:
    return BadJson("not_json", f"it is nested deeper than {MAX_DEPTH} levels: no event needs that")


def _is_too_deep(value: object) -> bool:
    level: list[object] = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return bool(level)


def _explained(error: json.JSONDecodeError, text: str) -> BadJson:
    ended = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
    if text.strip() and ended:
        return BadJson("truncated", f"it stops in the middle, after {len(text)} characters")
    return BadJson("not_json", f"line {error.lineno} column {error.colno}: {error.msg}")


def _integer(text: str) -> int:
    if len(text) > MAX_NUMBER_LENGTH:
        raise BadJson("not_json", f"a number has more than {MAX_NUMBER_LENGTH} characters")
    return int(text)


def _decimal(text: str) -> Decimal:
    if len(text) > MAX_NUMBER_LENGTH:
        raise BadJson("not_json", f"a number has more than {MAX_NUMBER_LENGTH} characters")
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("Infinity")
    if not number.is_finite() or abs(number.adjusted()) > MAX_EXPONENT:
        raise BadJson("not_json", f"a number is larger or smaller than 1e±{MAX_EXPONENT}")
    return number


def _constant(_: str) -> NoReturn:
    raise BadJson("not_json", "NaN and Infinity are no JSON numbers")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise BadJson("not_json", "an object holds the same key twice: which one is meant?")
    return read


def dumps(value: object, *, sort_keys: bool = False) -> str:
    """Write JSON in ASCII without spaces.

    Takes None, bool, int, str, Decimal (written digit by digit, 1.50 as 1.5), aware datetime
    (RFC 3339), date, mappings with text keys and sequences. Raises TypeError for a float, since it
    has lost its digits already, and for everything else.
    """
    parts: list[str] = []
    _write(value, parts, sort_keys)
    return "".join(parts)


def _write(value: object, parts: list[str], sort_keys: bool) -> None:
    if value is None or isinstance(value, bool):
        parts.append({None: "null", True: "true", False: "false"}[value])
    elif isinstance(value, str):
        parts.append(_quoted(value))
    elif isinstance(value, int):
        parts.append(str(value))
    elif isinstance(value, Decimal):
        parts.append(number_text(value))
    elif isinstance(value, datetime | date):
        parts.append(_quoted(value.isoformat()))
    elif isinstance(value, Mapping):
        _write_object(value, parts, sort_keys)
    elif isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        _write_array(value, parts, sort_keys)
    else:
        raise TypeError(f"{type(value).__name__} has no exact JSON form")


def _write_object(value: Mapping[str, object], parts: list[str], sort_keys: bool) -> None:
    opening = "{"
    for key in sorted(value) if sort_keys else value:
        parts += (opening, _quoted(key), ":")
        _write(value[key], parts, sort_keys)
        opening = ","
    parts.append("}" if value else "{}")


def _write_array(value: Sequence[object], parts: list[str], sort_keys: bool) -> None:
    opening = "["
    for element in value:
        parts.append(opening)
        _write(element, parts, sort_keys)
        opening = ","
    parts.append("]" if value else "[]")


def number_text(number: Decimal) -> str:
    """The one spelling of a number: no exponent, no closing zeros, no minus zero."""
    if not number.is_finite():
        raise TypeError("NaN and Infinity have no JSON form")
    if not number:
        return "0"
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
