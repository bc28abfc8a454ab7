"""Requests that schemathesis makes of the API's own document: each is answered as it says."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import positive_data_acceptance

from service.api.app import VERSION
from service.api.endpoints import ENDPOINTS
from service.api.openapi import document
from tests.api.desk import TOKEN

from .budget import REQUESTS
from .served import Served, over_sqlite, served

NAMES = {
    "order_reference": "WEB-1",
    "consignment_reference": "EC-000-000-001",
    "number": "3",
}
SCHEMA = schemathesis.openapi.from_dict(
    document(ENDPOINTS, VERSION),
    config=SchemathesisConfig.from_dict(
        {
            "generation": {
                "deterministic": True,
                "database": "none",
                "max-examples": REQUESTS,
                "with-security-parameters": False,
            },
        }
    ),
)


@pytest.fixture(scope="module")
def api() -> Iterator[Served]:
    with served(over_sqlite) as one:
        yield one


@SCHEMA.parametrize()
def test_every_answer_is_as_the_document_has_it(case: Case[Any], api: Served) -> None:
    _ask(case, api)
    if case.path_parameters:
        case.path_parameters = {name: NAMES[name] for name in case.path_parameters}
        _ask(case, api)


def _ask(case: Case[Any], api: Served) -> None:
    # Only a page can tell what `after` may be, and which ways go together no schema says.
    said = {*(case.query or {}), *(case.body if isinstance(case.body, dict) else ())}
    but: list[Any] = [positive_data_acceptance] if said & {"after", "allocation"} else []
    headers = {"Authorization": f"Bearer {TOKEN}"}
    case.call_and_validate(base_url=api.url, headers=headers, excluded_checks=but)
