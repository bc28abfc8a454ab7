"""The page about PRO's operations is true: none is missing, every test on it exists."""

import ast

import pytest
import yaml

from sandbox.operations import OPERATIONS
from service.pro.client import ProClient

from .pages import ROOT, text_of
from .pro_coverage import PAGE, methods_of_the_client, page, shape_of
from .pro_proofs import PROOFS


def test_the_page_is_current() -> None:
    assert text_of(PAGE) == page(), "run python -m tests.promises.pro_coverage"


def test_every_operation_of_the_document_is_on_it() -> None:
    document = yaml.safe_load(text_of(ROOT / "tests" / "contract" / "openapi.yaml"))
    listed = {
        operation["operationId"]
        for verbs in document["paths"].values()
        for operation in verbs.values()
    }
    assert listed == set(PROOFS) == {each.name for each in OPERATIONS}


def test_every_method_of_the_client_asks_for_an_operation_of_the_document() -> None:
    shapes = {shape_of(each) for each in OPERATIONS}
    asked = methods_of_the_client()
    assert {name: calls for name, calls in asked.items() if not calls <= shapes} == {}
    public = {name for name in dir(ProClient) if not name.startswith("_")}
    no_calls = {"aclose", "calls_in_flight", "certificates", "use_key"}
    assert public - no_calls == set(asked)


@pytest.mark.parametrize("operation", PROOFS)
def test_every_test_that_it_names_exists(operation: str) -> None:
    module, _, name = PROOFS[operation].partition("::")
    tree = ast.parse(text_of(ROOT / "tests" / module))
    defined = {each.name for each in tree.body if isinstance(each, ast.AsyncFunctionDef)}
    assert name in defined
