"""Makes HTML of templates. Whatever comes in as text goes out as text."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from service.page.headers import OF_PAGES

STATIC: Mapping[str, str] = {"page.css": "text/css", "mark.svg": "image/svg+xml"}
"""The files that everybody may have, with their media types."""


@cache
def static(name: str) -> bytes:
    """Read one of them."""
    return files("service.page").joinpath("static", name).read_bytes()


def link(path: str, **words: object) -> str:
    """Make an address of ours; what is None or empty is left out."""
    given = {name: str(word) for name, word in words.items() if word not in (None, "")}
    return f"{path}?{urlencode(given)}" if given else path


def _static_link(name: str) -> str:
    return f"/static/{name}?{hashlib.sha256(static(name)).hexdigest()[:12]}"


def ago(at: datetime, now: datetime) -> str:
    """Say how long ago something was, or how soon it will be."""
    seconds = (now - at).total_seconds()
    is_ahead, seconds = seconds < 0, abs(seconds)
    for size, word in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            number = int(seconds // size)
            told = f"{number} {word}{'s' if number > 1 else ''}"
            return f"in {told}" if is_ahead else f"{told} ago"
    return "in a moment" if is_ahead and seconds >= 1 else "just now"


def stamp(at: datetime) -> str:
    """Say when something was, in UTC."""
    return f"{at.astimezone(UTC):%-d %b %Y, %H:%M:%S} UTC"


def iso(at: datetime) -> str:
    """Say it for machines."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


_environment = Environment(
    loader=PackageLoader("service.page"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.globals.update(
    link=link,
    static_link=cache(_static_link),
    ago=ago,
    stamp=stamp,
    iso=iso,
    once=lambda: secrets.token_urlsafe(12),
)


def html(template: str, **values: Any) -> str:
    """Make a page of a template."""
    return _environment.get_template(template).render(values)


def page(template: str, status: HTTPStatus = HTTPStatus.OK, **values: Any) -> Response:
    """Answer with a page."""
    return HTMLResponse(html(template, **values), status.value, headers=OF_PAGES)
