"""Calls that are generated from PRO's document: whatever is sent, the answer is a documented one.

Each is sent twice: as it was generated, which mostly ends at the first refusal, and with all but
one value taken from a good call, which gets further.
"""

import copy
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import schemathesis
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from .aiming import Target
from .caller import HEADERS, judge
from .document import Contract

# A body, a query or a state is refused with 400 by every operation that lists a code for it. These
# take a body or a query too, and the document lists none: 400 here as well.
NO_CODE_FOR_A_BAD_REQUEST: Sequence[str] = (
    "deallocateConsignments",
    "dispatchConsignments",
    "getServiceGroupQuotes",
    "manifestConsignments",
    "searchConsignments",
    "setConsignmentCustomerReference",
    "setNotReadyToShip",
    "setReadyToShip",
)
# The gateway's, before any operation: a body that is not JSON is invalid (RULES 2), and no
# operation lists a code for it.
NOT_JSON = 415
READ_AND_DROPPED: Mapping[str, Sequence[str]] = {
    "updateOrder": ("Source", "Packages"),
    "updateConsignment": ("Source",),
}
"""Fields that the document says are ignored: whatever stands in them is taken."""
ONE_VALUE_CHANGED = 5
"""How many calls are made of a generated body, each with another of its values."""

_CONTRACT = Contract()


def _document() -> dict[str, Any]:
    """PRO's document, and the codes about which it is silent."""
    document = copy.deepcopy(_CONTRACT.document)
    refused = {"$ref": "#/components/responses/BadRequest"}
    for verbs in document["paths"].values():
        for operation in verbs.values():
            if operation["operationId"] in NO_CODE_FOR_A_BAD_REQUEST:
                assert "400" not in operation["responses"], "the document is not silent"
                operation["responses"]["400"] = refused
            if "requestBody" in operation:
                assert str(NOT_JSON) not in operation["responses"], "the document is not silent"
                operation["responses"][str(NOT_JSON)] = refused
    return document


SCHEMA = schemathesis.openapi.from_dict(
    _document(),
    config=SchemathesisConfig.from_dict(
        {
            "generation": {
                "deterministic": True,
                "database": "none",
                "max-examples": 8,
                # The right key goes with every call; tests/contract/test_access.py has the others.
                "with-security-parameters": False,
            },
            # It tries each of the 35 search fields in dozens of ways: minutes.
            "phases": {"coverage": {"enabled": False}},
        }
    ),
)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@functools.cache
def _target(operation: str) -> Target:
    return Target(_CONTRACT, operation)


@SCHEMA.parametrize()
def test_every_answer_is_documented(case: Case[Any]) -> None:
    operation = case.operation.definition.raw["operationId"]
    target = _target(operation)
    _send(case, operation, target)
    if case.path_parameters:
        case.path_parameters = dict(target.path_parameters)
    generated = case.body
    if not isinstance(generated, dict | list):
        _send(case, operation, target)
        return
    for _ in range(ONE_VALUE_CHANGED):
        case.body = target.body(generated)
        _send(case, operation, target)


def _send(case: Case[Any], operation: str, target: Target) -> None:
    response = case.call(app=target.app, headers=HEADERS)
    case.validate_response(response, checks=CHECKS)
    # Stricter: no field that the document does not list, dates as PRO prints them.
    problems = judge(_CONTRACT, operation, response.status_code, response.content)
    assert not problems, problems
    if response.status_code < 300 and isinstance(case.body, dict | list):
        # What the sandbox takes and PRO's document does not would mislead a client.
        problems = _CONTRACT.problems_of_request(operation, _that_counts(operation, case.body))
        assert not problems, (case.body, problems)


def _that_counts(operation: str, body: Any) -> Any:
    dropped = READ_AND_DROPPED.get(operation, ())
    if isinstance(body, dict):
        body = {name: value for name, value in body.items() if name not in dropped}
    return _without_nulls(body)


def _without_nulls(part: Any) -> Any:
    """A null is an absent field, as the document's conventions have it."""
    if isinstance(part, dict):
        return {name: _without_nulls(value) for name, value in part.items() if value is not None}
    return [_without_nulls(each) for each in part] if isinstance(part, list) else part
