"""PRO's OpenAPI document as a judge of answers."""

import re
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

PATH = Path(__file__).with_name("openapi.yaml")
_URI = "urn:pro"
_URI_OF_REQUESTS = "urn:pro-as-written"
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_VERBS = ("get", "put", "post", "delete")


def _closed(part: Any) -> Any:
    """A copy in which no object may have a field that the document does not list.

    The document leaves objects open, so that a misspelt field would pass.
    """
    if isinstance(part, list):
        return [_closed(each) for each in part]
    if not isinstance(part, dict):
        return part
    closed = {name: _closed(value) for name, value in part.items()}
    if part.get("type") == "object" and "properties" in part:
        closed["additionalProperties"] = False
    return closed


def _flat(part: Any, schemas: dict[str, Any]) -> Any:
    """A copy in which an allOf of objects is one object, so that it can be closed."""
    if isinstance(part, list):
        return [_flat(each, schemas) for each in part]
    if not isinstance(part, dict):
        return part
    flat = {name: _flat(value, schemas) for name, value in part.items()}
    for each in flat.pop("allOf", ()):
        branch = (
            _flat(schemas[each["$ref"].rpartition("/")[2]], schemas) if "$ref" in each else each
        )
        flat["type"] = "object"
        flat["properties"] = flat.get("properties", {}) | branch["properties"]
        flat["required"] = [*flat.get("required", ()), *branch.get("required", ())]
    return flat


def _formats() -> FormatChecker:
    formats = FormatChecker(formats=())

    @formats.checks("date-time")
    def _(value: object) -> bool:
        return not isinstance(value, str) or _DATE_TIME.fullmatch(value) is not None

    @formats.checks("int32")
    def _(value: object) -> bool:
        return not isinstance(value, int) or -(2**31) <= value < 2**31

    return formats


def _pointer(*parts: str) -> str:
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


class Contract:
    """Answers held against the schemas of the document."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = yaml.safe_load(PATH.read_text(encoding="utf-8"))
        closed = _closed(_flat(self.document, self.document["components"]["schemas"]))
        resource = Resource.from_contents(closed, default_specification=DRAFT202012)
        # What is sent may carry more than the document lists: PRO reads over it.
        as_written = Resource.from_contents(self.document, default_specification=DRAFT202012)
        self._registry: Registry[Any] = Registry().with_resources(
            [(_URI, resource), (_URI_OF_REQUESTS, as_written)]
        )
        self._formats = _formats()
        self._places = {
            operation["operationId"]: (path, verb)
            for path, item in self.document["paths"].items()
            for verb, operation in item.items()
            if verb in _VERBS
        }

    @property
    def operations(self) -> dict[str, tuple[str, str]]:
        """operationId: verb and path."""
        return {name: (verb.upper(), path) for name, (path, verb) in self._places.items()}

    def statuses(self, operation: str) -> set[int]:
        """The documented statuses of an operation."""
        path, verb = self._places[operation]
        return {int(each) for each in self.document["paths"][path][verb]["responses"]}

    def problems(self, operation: str, status: int, body: Any) -> list[str]:
        """What is wrong with an answer; `body` is None for an empty one."""
        path, verb = self._places[operation]
        responses = self.document["paths"][path][verb]["responses"]
        if str(status) not in responses:
            return [f"{operation} has no documented {status}"]
        where = _pointer("paths", path, verb, "responses", str(status))
        response = responses[str(status)]
        if "$ref" in response:
            where = response["$ref"].removeprefix("#")
            response = self.document["components"]["responses"][where.rpartition("/")[2]]
        if "content" not in response:
            return [] if body is None else [f"{operation} {status} has an empty body"]
        pointer = where + _pointer("content", "application/json", "schema")
        return self._check(f"{_URI}#{pointer}", body)

    def problems_of_request(self, operation: str, body: Any) -> list[str]:
        """What is wrong with the body of a request; None is no body."""
        path, verb = self._places[operation]
        if "requestBody" not in self.document["paths"][path][verb]:
            return [] if body is None else [f"{operation} takes no body"]
        where = ("requestBody", "content", "application/json", "schema")
        pointer = _pointer("paths", path, verb, *where)
        return self._check(f"{_URI_OF_REQUESTS}#{pointer}", body)

    def problems_of_schema(self, name: str, value: Any) -> list[str]:
        """What is wrong with a value that should be of a named schema."""
        return self._check(f"{_URI}#{_pointer('components', 'schemas', name)}", value)

    def _check(self, reference: str, value: Any) -> list[str]:
        validator = Draft202012Validator(
            {"$ref": reference}, registry=self._registry, format_checker=self._formats
        )
        return [f"{each.json_path}: {each.message}" for each in validator.iter_errors(value)]
