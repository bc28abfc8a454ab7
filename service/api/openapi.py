"""The OpenAPI 3.1 document of the API, made of its table of endpoints and their models."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from service.api.endpoints import Endpoint
from service.api.problems import MEDIA_TYPE, ProblemBody
from service.api.requests import NO_NULL

Json = dict[str, Any]

REF = "#/components/schemas/{model}"
ALWAYS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
"""What any endpoint may answer with."""
_NAME = {"type": "string", "minLength": 1, "pattern": NO_NULL}
_OF_A_BODY = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def document(endpoints: Sequence[Endpoint], version: str) -> Json:
    """Make the document."""
    answers = [(e.answer, "serialization") for e in endpoints]
    bodies = [(e.body, "validation") for e in endpoints if e.body is not None]
    models = {*answers, *bodies, (ProblemBody, "serialization")}
    names, schemas = models_json_schema(
        sorted(models, key=lambda each: each[0].__name__),  # type: ignore[arg-type]
        ref_template=REF,
    )
    paths: Json = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, names)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "orderflex operations",
            "version": version,
            "description": "Look-ups from the ledger, what needs attention, and what people ask "
            "for. No answer holds personal data. Every error is problem JSON.",
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(endpoint: Endpoint, names: Any) -> Json:
    operation: Json = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "parameters": [*_from_path(endpoint), *_from_query(endpoint)],
        "responses": _responses(endpoint, names),
    }
    if endpoint.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": names[(endpoint.body, "validation")]}},
        }
    return operation


def _from_path(endpoint: Endpoint) -> list[Json]:
    parts = (part for part in endpoint.path.split("/") if part.startswith("{"))
    return [
        {"name": part.strip("{}"), "in": "path", "required": True, "schema": _NAME}
        for part in parts
    ]


def _from_query(endpoint: Endpoint) -> list[Json]:
    schema = _inlined(endpoint.query)
    found = []
    for name, field in schema.get("properties", {}).items():
        told = {"name": name, "in": "query", "schema": _without_null(field)}
        if "description" in field:
            told["description"] = field.pop("description")
        found.append(told)
    return found


def _inlined(model: type[BaseModel]) -> Json:
    """Give a model's schema with its closed lists of words written out."""
    schema = model.model_json_schema()
    words = schema.get("$defs", {})

    def put_in(value: Any) -> Any:
        if isinstance(value, dict):
            if "$ref" in value:
                told = dict(words[value["$ref"].rsplit("/", 1)[1]])
                told.pop("description", None)
                return told | {k: v for k, v in value.items() if k != "$ref"}
            return {key: put_in(inner) for key, inner in value.items()}
        return [put_in(inner) for inner in value] if isinstance(value, list) else value

    inlined: Json = put_in({key: value for key, value in schema.items() if key != "$defs"})
    return inlined


def _without_null(field: Json) -> Json:
    """Say what a parameter is when it is there: a query has no null."""
    field.pop("title", None)
    choices = [choice for choice in field.pop("anyOf", []) if choice.get("type") != "null"]
    if choices:
        field |= choices[0]
        field.pop("default", None)
    field.pop("title", None)
    return field


def _responses(endpoint: Endpoint, names: Any) -> Json:
    problem = {"schema": names[(ProblemBody, "serialization")]}
    also = _OF_A_BODY if endpoint.body is not None else ()
    said: Json = {
        str(endpoint.status.value): {
            "description": endpoint.status.phrase,
            "content": {"application/json": {"schema": names[(endpoint.answer, "serialization")]}},
        }
    }
    for status in sorted({*ALWAYS, *also, *endpoint.problems}):
        said[str(status.value)] = {
            "description": status.phrase,
            "content": {MEDIA_TYPE: problem},
        }
    return said
