"""What is sent to us: forms, of which only those count that our own pages sent."""

import asyncio
import hashlib
import hmac
import json
from collections import OrderedDict
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from service.page.problems import Problem
from service.page.sessions import Session

MOST_BYTES = 16_384
BODY_SECONDS = 10.0
"""For a form to arrive."""
MOST_FIELDS = 20
MOST_REMEMBERED = 10_000
FORM = "application/x-www-form-urlencoded"

Fields = Mapping[str, str]


class Once:
    """Takes a form that was sent once only: a second click of an impatient hand does nothing."""

    def __init__(self) -> None:
        self._taken: OrderedDict[str, None] = OrderedDict()

    def take(self, session: Session, fields: Fields) -> bool:
        """Tell whether this is the first time."""
        sent = _sent(session, fields)
        if sent in self._taken:
            return False
        self._taken[sent] = None
        while len(self._taken) > MOST_REMEMBERED:
            self._taken.popitem(last=False)
        return True

    def give_back(self, session: Session, fields: Fields) -> None:
        """Let it be sent again: nothing was done."""
        self._taken.pop(_sent(session, fields), None)


def _sent(session: Session, fields: Fields) -> str:
    return f"{session.id}:{fields.get('once', '')[:64]}"


def wish_of(session: Session, fields: Fields) -> str:
    """Name what a form asks for: the same, however often and to which replica it is sent."""
    said = json.dumps([session.id, sorted(fields.items())])
    return hashlib.sha256(said.encode()).hexdigest()[:16]


async def fields_of(request: Request) -> Fields:
    """Read a form that was sent by a page of ours. Raises Problem."""
    check_sender(request)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Only the forms of this page are read.")
    content = await _body(request)
    try:
        pairs = parse_qsl(
            content.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        raise Problem(HTTPStatus.BAD_REQUEST, "The form can't be read.") from None
    if len({name for name, _ in pairs}) < len(pairs):
        raise Problem(HTTPStatus.BAD_REQUEST, "The form says the same thing twice.")
    return dict(pairs)


async def _body(request: Request) -> bytes:
    content = b""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                content += chunk
                if len(content) > MOST_BYTES:
                    raise Problem(
                        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                        "That is more than the forms of this page say.",
                    )
    except TimeoutError:
        raise Problem(
            HTTPStatus.REQUEST_TIMEOUT,
            "The form took too long to arrive.",
            "Nothing was done. Go back, and send it again.",
        ) from None
    except ClientDisconnect:
        raise Problem(HTTPStatus.BAD_REQUEST, "The form broke off on its way.") from None
    return content


def check_sender(request: Request) -> None:
    """See by what the browser itself says that the form is of this very site. Raises Problem.

    A browser says where a form comes from to https and to this machine only; by plain http from
    elsewhere nothing can be told, so nothing is taken.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        is_ours = site == "same-origin"
    else:
        is_ours = origin is not None and _host_of(origin) == request.headers.get("host", "").lower()
    if origin is not None and origin != "null":
        is_ours = is_ours and _host_of(origin) == request.headers.get("host", "").lower()
    if not is_ours:
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "The browser does not say that this form comes from this page.",
            "Nothing was done. Open the page anew, by https or on this machine, and try again.",
        )


def check_form_token(session: Session, fields: Fields) -> None:
    """See that the form was made for this session. Raises Problem."""
    given = fields.get("form_token", "").encode("utf-8", "surrogatepass")
    if not hmac.compare_digest(given, session.form_token.encode()):
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "This form belongs to a session that has ended.",
            "Nothing was done. Go back, load the page anew, and send the form again.",
        )


def _host_of(origin: str) -> str:
    return origin.partition("://")[2].lower()
