"""The operations API: lets in who has a token, reads a request, answers, tells every error."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import unquote

import structlog
from aiokafka.errors import KafkaError
from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from service.api.access import Access
from service.api.endpoints import ENDPOINTS, Call, Desk, Endpoint
from service.api.openapi import document
from service.api.problems import Fault, Problem
from service.events import exact_json
from service.ledger.attention import NoSuchItem
from service.ledger.database import Contended, LedgerDown, LedgerNotReady
from service.ledger.dead_letters import NoSuchLetter, TooManyReplays
from service.ledger.sealing import SealBroken
from service.people.asking import NothingRefused, NotServing
from service.people.cursors import BadCursor
from service.people.reading import Unknown

MAX_BODY = 16_384
BODY_SECONDS = 10.0
"""For a body to arrive."""
VERSION = "1"


def create_app(desk: Desk, access: Access) -> Starlette:
    """Make the application."""
    described = document(ENDPOINTS, VERSION)

    async def openapi(request: Request) -> Response:
        _let_in(request, access)
        return JSONResponse(described)

    app = Starlette(
        routes=[
            Route("/openapi.json", _safely(openapi)),
            *(_route(endpoint, desk, access) for endpoint in ENDPOINTS),
        ],
        middleware=[Middleware(_KeepSlashes)],
        exception_handlers={HTTPException: _not_here},
    )
    app.router.redirect_slashes = False  # it would name the host that the request named
    return app


def _route(endpoint: Endpoint, desk: Desk, access: Access) -> Route:
    async def answer(request: Request) -> Response:
        who = _let_in(request, access)
        call = Call(
            desk=desk,
            who=who,
            names=_names(request),
            query=_query(endpoint.query, request),
            body=None if endpoint.body is None else await _body(endpoint.body, request),
        )
        answered = await endpoint.act(call)
        if endpoint.method != "GET":
            structlog.get_logger("api").info("asked for", what=endpoint.name, by=who, **call.names)
        return Response(
            answered.model_dump_json(), endpoint.status.value, media_type="application/json"
        )

    return Route(endpoint.path, _safely(answer), methods=[endpoint.method])


def _let_in(request: Request, access: Access) -> str:
    who = access.who(request.headers.get("authorization"))
    if who is None:
        raise Problem(
            HTTPStatus.UNAUTHORIZED,
            "a token is needed: Authorization: Bearer …",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return who


def _names(request: Request) -> dict[str, str]:
    names = {name: unquote(value) for name, value in request.path_params.items()}
    wrong = [name for name, value in names.items() if "\x00" in value]
    if wrong:
        faults = [Fault(where=name, message="must not hold a null character") for name in wrong]
        raise Problem(HTTPStatus.BAD_REQUEST, "the path does not fit", faults)
    return names


def _query(model: type[BaseModel], request: Request) -> BaseModel:
    given = request.query_params
    twice = [name for name in given if len(given.getlist(name)) > 1]
    if twice:
        faults = [Fault(where=name, message="is given twice") for name in twice]
        raise Problem(HTTPStatus.BAD_REQUEST, "the parameters do not fit", faults)
    return _read(lambda: model.model_validate(dict(given)), "the parameters do not fit")


async def _body(model: type[BaseModel], request: Request) -> BaseModel:
    content = b""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                content += chunk
                if len(content) > MAX_BODY:
                    raise Problem(
                        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {MAX_BODY} bytes are read"
                    )
    except TimeoutError:
        raise Problem(
            HTTPStatus.REQUEST_TIMEOUT, f"the body has to arrive within {BODY_SECONDS:.0f} s"
        ) from None
    try:
        data = exact_json.loads(content)
    except exact_json.BadJson:
        raise Problem(HTTPStatus.BAD_REQUEST, "the body is not JSON") from None
    return _read(lambda: model.model_validate(data), "the body does not fit")


def _read(read: Callable[[], BaseModel], detail: str) -> BaseModel:
    try:
        return read()
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
    faults = [
        Fault(where=".".join(str(part) for part in fault["loc"]) or "body", message=fault["msg"])
        for fault in found
    ]
    raise Problem(HTTPStatus.BAD_REQUEST, detail, faults)


Handle = Callable[[Request], Awaitable[Response]]


def _safely(handle: Handle) -> Handle:
    async def safe(request: Request) -> Response:
        try:
            return await handle(request)
        except Exception as error:  # noqa: BLE001 - every error is told alike, and none in detail
            told = _problem_of(error)
            if told.status is HTTPStatus.INTERNAL_SERVER_ERROR:
                structlog.get_logger("api").error("a bug", error=type(error).__name__)
            return told.response()

    return safe


def _problem_of(error: Exception) -> Problem:
    match error:
        case Problem():
            return error
        case Unknown() | NoSuchLetter() | NoSuchItem():
            return Problem(HTTPStatus.NOT_FOUND, str(error))
        case NothingRefused() | TooManyReplays() | SealBroken():
            return Problem(HTTPStatus.CONFLICT, str(error))
        case BadCursor():
            return Problem(
                HTTPStatus.BAD_REQUEST, str(error), [Fault(where="after", message=str(error))]
            )
        case ClientDisconnect():
            return Problem(HTTPStatus.BAD_REQUEST, "the request broke off")
        case LedgerDown() | LedgerNotReady() | Contended():
            return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "the ledger can't be asked now")
        case NotServing() | KafkaError() | TimeoutError():
            return Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "Kafka has not acknowledged it: look at the timeline before you ask for it again",
            )
        case _:
            return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "an error of ours; see the log")


async def _not_here(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        return _problem_of(error).response()
    status, detail = HTTPStatus(error.status_code), "see /openapi.json for what there is"
    return Problem(status, detail, headers=error.headers).response()


class _KeepSlashes:
    """Routes by the path as it was sent, so that a reference may hold a slash (%2F)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope.get("raw_path"):
            sent = scope["raw_path"].partition(b"?")[0]
            scope = {**scope, "path": sent.decode("latin-1")}
        await self._app(scope, receive, send)
