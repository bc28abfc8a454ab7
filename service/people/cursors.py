"""Where a page of a list begins, as an opaque word that a page gives and the next one takes."""

import base64
import binascii
import json
from datetime import datetime

from service.events.said import FIRST_YEAR, LAST_YEAR
from service.ledger.overview import Behind


class BadCursor(Exception):
    """It names no page."""

    def __init__(self) -> None:
        super().__init__("`after` is not what a page gave as `next`")


def cursor(at: datetime, name: str) -> str:
    """Name the place behind what came at this time, under this name."""
    return base64.urlsafe_b64encode(json.dumps([at.isoformat(), name]).encode()).decode()


def behind_of(cursor: str | None) -> Behind | None:
    """Read it back; None is the first page. Raises BadCursor."""
    if cursor is None:
        return None
    try:
        at, name = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        moment = datetime.fromisoformat(at)
    except (binascii.Error, ValueError, TypeError):
        raise BadCursor from None
    if moment.tzinfo is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise BadCursor
    if not isinstance(name, str) or not name.isprintable():
        raise BadCursor
    return Behind(moment, name)
