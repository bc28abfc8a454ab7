"""How PRO says no: a status and a body of Code, Message, CorrelationId, Details (RULES 9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Code(StrEnum):
    """The `Code` of a refused call. PRO publishes no list: these words are this sandbox's own."""

    VALIDATION = "ValidationError"
    WRONG_STATE = "InvalidState"
    NOT_FOUND = "NotFound"
    UNAUTHORIZED = "Unauthorized"
    UNSUPPORTED_MEDIA_TYPE = "UnsupportedMediaType"
    NOT_ACCEPTABLE = "NotAcceptable"
    TOO_MANY_REQUESTS = "TooManyRequests"
    SERVER_ERROR = "ServerError"


@dataclass(frozen=True, slots=True)
class Detail:
    """One problem inside an error."""

    code: str
    target: str
    message: str


class Refusal(Exception):
    """The call is answered with an error; nothing was changed."""

    def __init__(
        self, status: int, code: Code, message: str, details: Sequence[Detail] = ()
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = tuple(details)


def error_body(
    code: str, message: str, correlation_id: str, details: Sequence[Detail] = ()
) -> dict[str, Any]:
    """An ApiError as it stands in the contract."""
    return {
        "Code": code,
        "Message": message,
        "CorrelationId": correlation_id,
        "Details": [
            {"Code": each.code, "Target": each.target, "Message": each.message} for each in details
        ],
    }


def not_found(kind: str, reference: str) -> Refusal:
    """404: no such resource for this account."""
    return Refusal(404, Code.NOT_FOUND, f"{kind} {reference} was not found.")


class Problems:
    """Collects every problem of a request, so that one answer names them all."""

    def __init__(self) -> None:
        self._details: list[Detail] = []

    def add(self, code: str, target: str, message: str) -> None:
        """Notes one more problem."""
        self._details.append(Detail(code, target, message))

    def raise_any(self) -> None:
        """Refuses the call with 400 when there was a problem."""
        if self._details:
            raise Refusal(400, Code.VALIDATION, "The request is not valid.", self._details)
