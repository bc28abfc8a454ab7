"""What an answer means, as a table: status and body → verdict, for changes and for reads."""

from datetime import UTC, datetime

import pytest

from service.pro.problems import (
    Ambiguous,
    Answer,
    ProVerdict,
    Refused,
    Retryable,
    Scope,
    Throttled,
    Unauthorised,
    retry_after_seconds,
    verdict_of,
)

PRO = (
    b'{"Code": "ValidationError", "Message": "The request is not valid.", '
    b'"CorrelationId": "5b0e1f0c9d", "Details": [{"Code": "ItemNotOnOrder", '
    b'"Target": "Packages[0].Items[1].Sku", "Message": "TEA-CUP-04 is not part of the order."}]}'
)
HTML = b"<html><title>Bad gateway</title></html>"
GATEWAY = b'{"statusCode": 404, "message": "Resource not found"}'

TABLE: list[tuple[int, bytes, type[ProVerdict] | None, type[ProVerdict] | None]] = [
    # status, body, for a change, for a read
    (200, b"", None, None),
    (201, HTML, None, None),
    (202, b"", None, None),
    (207, b"", None, None),
    (300, b"", Ambiguous, Retryable),
    (301, b"", Ambiguous, Retryable),
    (302, HTML, Ambiguous, Retryable),
    (307, b"", Ambiguous, Retryable),
    (400, PRO, Refused, Refused),
    (400, b"", Refused, Refused),
    (400, b'{"Message": "No."}', Refused, Refused),
    (400, b'{"Code": null, "Message": null, "Details": [{"Message": "x"}]}', Refused, Refused),
    (400, b"{}", Ambiguous, Retryable),
    (400, b"[]", Ambiguous, Retryable),
    (400, b'"no"', Ambiguous, Retryable),
    (400, b'{"Message": {"a": 1}}', Ambiguous, Retryable),
    (400, b'{"Message": "cut o', Ambiguous, Retryable),
    (400, HTML, Ambiguous, Retryable),
    (401, b"", Unauthorised, Unauthorised),
    (401, HTML, Unauthorised, Unauthorised),
    (403, PRO, Unauthorised, Unauthorised),
    (404, PRO, Refused, Refused),
    (404, b"", Ambiguous, Refused),
    (400, b"", Refused, Refused),
    (404, HTML, Ambiguous, Retryable),
    (404, GATEWAY, Ambiguous, Retryable),
    (407, PRO, Ambiguous, Retryable),
    (408, PRO, Ambiguous, Retryable),
    (409, PRO, Refused, Refused),
    (413, HTML, Ambiguous, Retryable),
    (422, PRO, Refused, Refused),
    (425, PRO, Ambiguous, Retryable),
    (429, b"", Throttled, Throttled),
    (429, HTML, Throttled, Throttled),
    (499, b"", Ambiguous, Retryable),
    (500, PRO, Ambiguous, Retryable),
    (502, HTML, Ambiguous, Retryable),
    (503, b"", Ambiguous, Retryable),
    (504, b"", Ambiguous, Retryable),
    (599, b"", Ambiguous, Retryable),
]


@pytest.mark.parametrize(("status", "body", "change", "read"), TABLE)
def test_verdicts(
    status: int,
    body: bytes,
    change: type[ProVerdict] | None,
    read: type[ProVerdict] | None,
) -> None:
    answer = Answer(status, None, body)
    for changes, expected in ((True, change), (False, read)):
        verdict = verdict_of("pack_order", answer, changes=changes)
        assert (None if verdict is None else type(verdict)) is expected


def test_a_refusal_carries_pros_reasons_but_does_not_print_them() -> None:
    verdict = verdict_of("pack_order", Answer(400, None, PRO), changes=True)
    assert isinstance(verdict, Refused)
    problem = verdict.problem
    assert (problem.code, problem.correlation_id) == ("ValidationError", "5b0e1f0c9d")
    assert problem.details[0].target == "Packages[0].Items[1].Sku"
    assert problem.in_pros_words
    assert str(verdict) == "pack_order: PRO refused it (400 ValidationError)"


@pytest.mark.parametrize(
    ("body", "own"),
    [(PRO, True), (b"", False), (b'{"Message": "No route"}', False), (b'{"Code": "X"}', True)],
)
def test_pros_own_words_are_told_from_a_frameworks(body: bytes, own: bool) -> None:
    verdict = verdict_of("search", Answer(404, None, body), changes=False)
    assert isinstance(verdict, Refused)
    assert verdict.problem.in_pros_words is own
    assert verdict.problem.code
    assert verdict.problem.message


def test_scopes() -> None:
    for status, scope in ((401, Scope.EVERYTHING), (403, Scope.OPERATION)):
        verdict = verdict_of("pack_order", Answer(status, None, b""), changes=True)
        assert isinstance(verdict, Unauthorised)
        assert verdict.scope is scope


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("0", 0.0),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("999999999999999", 86400.0),
        ("Wed, 04 Mar 2026 08:00:30 GMT", 30.0),
        ("Wed, 04 Mar 2026 07:00:00 GMT", 0.0),
        ("Wed, 04 Mar 2099 07:00:00 GMT", 86400.0),
        ("Wed, 99 Mar 2026 07:00:00 GMT", None),
    ],
)
def test_retry_after(said: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(said, datetime(2026, 3, 4, 8, 0, tzinfo=UTC)) == seconds


def test_long_reasons_are_cut() -> None:
    body = b'{"Code": "X", "Message": "' + b"m" * 50_000 + b'", "Details": ['
    body += b", ".join([b'{"Message": "d"}'] * 500) + b"]}"
    verdict = verdict_of("pack_order", Answer(400, None, body), changes=True)
    assert isinstance(verdict, Refused)
    assert len(verdict.problem.message) == 1000
    assert len(verdict.problem.details) == 20
