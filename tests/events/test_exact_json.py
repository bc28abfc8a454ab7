"""Numbers keep their digits, and what two readers could understand differently is refused."""

import contextlib
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.events import exact_json

numbers = st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=9
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | numbers | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(values)
def test_what_is_written_reads_back_equal(value: object) -> None:
    assert exact_json.loads(exact_json.dumps(value).encode("ascii")) == value


@given(values)
def test_another_reader_understands_what_is_written(value: object) -> None:
    read = json.loads(exact_json.dumps(value), parse_float=Decimal)
    assert read == value


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Decimal("1.50"), "1.5"),
        (Decimal("1E+2"), "100"),
        (Decimal("-0.0"), "0"),
        (Decimal("0.000000001"), "0.000000001"),
        (Decimal("123456789012.345678901"), "123456789012.345678901"),
        (Decimal(10), "10"),
    ],
)
def test_a_number_has_one_spelling(number: Decimal, text: str) -> None:
    assert exact_json.dumps(number) == text


def test_times_and_tuples_are_written() -> None:
    moment = datetime(2026, 3, 6, tzinfo=UTC)
    assert exact_json.dumps((moment, True)) == '["2026-03-06T00:00:00+00:00",true]'


@pytest.mark.parametrize("value", [1.5, b"x", {1}, Decimal("NaN"), object()])
def test_what_has_no_exact_form_is_not_written(value: object) -> None:
    with pytest.raises(TypeError):
        exact_json.dumps([value])


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"", "not_json"),
        (b"   ", "not_json"),
        (b"hello", "not_json"),
        (b"{'a': 1}", "not_json"),
        (b'{"a": 1}}', "not_json"),
        (b'{"a": NaN}', "not_json"),
        (b'{"a": -Infinity}', "not_json"),
        (b'{"a": 1, "a": 1}', "not_json"),
        (b"[" * 100_000, "not_json"),
        (b'{"a":' * 100_000, "not_json"),
        (b"1" * 5000, "not_json"),
        (b"0." + b"1" * 5000, "not_json"),
        (b"1e400", "not_json"),
        (b"1e-400", "not_json"),
        (b"1e99999999999999999999", "not_json"),
        (b'{"a": ', "truncated"),
        (b'{"a": "b', "truncated"),
        (b'{"a": [1, 2', "truncated"),
        (b"\xff\xfe{\x00", "wrong_encoding"),
        ('{"a": "ö"}'.encode("latin-1"), "wrong_encoding"),
        (b"\x1f\x8b\x08\x00", "wrong_encoding"),
        (b'\xef\xbb\xbf{"a": 1}', "wrong_encoding"),
    ],
)
def test_bad_json_is_told_apart(raw: bytes, fault: str) -> None:
    with pytest.raises(exact_json.BadJson) as caught:
        exact_json.loads(raw)
    assert caught.value.fault == fault
    assert len(str(caught.value)) < 200


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader(raw: bytes) -> None:
    with contextlib.suppress(exact_json.BadJson):
        exact_json.loads(raw)
