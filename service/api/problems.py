"""Every error of the API as problem JSON (RFC 9457), which names no person and no secret."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


class Fault(BaseModel):
    """One of the faults of a request."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    where: str
    """The parameter or field."""
    message: str


class ProblemBody(BaseModel):
    """What went wrong."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    type: str = "about:blank"
    title: str
    """The status in words."""
    status: int
    detail: str
    """What is wrong with this request, and what to do."""
    faults: tuple[Fault, ...] = ()
    """Where the request does not fit, if that is what is wrong."""


class Problem(Exception):
    """A request can't be answered as it was asked for."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.faults = tuple(faults)
        self.headers = headers

    def response(self) -> Response:
        """Say it."""
        body = ProblemBody(
            title=self.status.phrase,
            status=self.status.value,
            detail=self.detail,
            faults=self.faults,
        )
        return Response(
            body.model_dump_json(), self.status.value, self.headers, media_type=MEDIA_TYPE
        )
