"""A consignment: its states, its papers, and the papers themselves."""

import re
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import structlog
from starlette.responses import Response

from service.page.desk import Visit
from service.page.headers import OF_PAPERS
from service.page.rendering import link
from service.page.shown import show
from service.page.state_words import of_consignment, way_of
from service.people.reading import Unknown
from service.people.views import Consignment, StoredPaper
from service.pro import states

KINDS = {
    "labels": "Labels",
    "label": "Label",
    "commercial_invoice": "Commercial invoice",
    "cn22": "Customs form CN22",
    "cn23": "Customs form CN23",
}
SHOWN_IN_PLACE = {".pdf": "application/pdf", ".png": "image/png"}
"""What a browser shows; all else is only saved."""


async def show_consignment(visit: Visit) -> Response:
    """Show one, on request with PRO's state beside ours. Raises Unknown."""
    reference = named(visit)
    asks_pro = visit.asked("ask_pro") is not None
    one = await visit.desk.reading.consignment(reference, ask_pro=asks_pro)
    papers = await visit.desk.papers.of(reference)
    return show(
        visit,
        "consignment.html",
        title=f"Consignment {reference}",
        here="/search",
        one=one,
        chip=of_consignment(one.state),
        in_pro=of_consignment(one.in_pro.state) if one.in_pro and one.in_pro.state else None,
        way=way_of(one),
        papers=[
            (KINDS[paper.kind], paper, link("/paper", consignment=reference, number=number))
            for number, paper in enumerate(papers)
        ],
        actions=_actions(one),
    )


def _actions(one: Consignment) -> list[tuple[str, str]]:
    if one.state == states.CANCELLED or one.state in states.TOO_LATE_TO_CANCEL:
        return []
    reference = one.consignment_reference
    return [
        ("Allocate again", link("/consignment/reallocate", reference=reference)),
        ("Cancel it", link("/consignment/cancel", reference=reference)),
    ]


async def show_paper(visit: Visit) -> Response:
    """Give a paper as it was stored: labels hold a name and an address. Raises NotThere, Unknown.

    Nothing in it can run, and nothing beside it be reached, whatever it is.
    """
    reference = visit.asked("consignment")
    number = visit.asked("number") or "0"
    if reference is None or not (number.isascii() and number.isdecimal() and len(number) < 4):
        raise Unknown("no paper is named")
    opened = await visit.desk.papers.open(reference, int(number))
    structlog.get_logger("page").info(
        "paper opened", by=visit.session.who, consignment_reference=reference, paper=number
    )
    suffix = PurePosixPath(urlsplit(opened.paper.address).path).suffix.lower()
    media_type = SHOWN_IN_PLACE.get(suffix)
    disposition = "inline" if media_type else "attachment"
    name = _file_name(opened.paper, reference, suffix)
    return Response(
        opened.content,
        headers={**OF_PAPERS, "content-disposition": f'{disposition}; filename="{name}"'},
        media_type=media_type or "application/octet-stream",
    )


def _file_name(paper: StoredPaper, reference: str, suffix: str) -> str:
    """Name it by plain letters: a header can't be left by them."""
    words = [reference, paper.kind, paper.package_reference or ""]
    return re.sub(r"[^A-Za-z0-9_-]+", "-", "-".join(word for word in words if word)) + suffix


def named(visit: Visit) -> str:
    """Say which consignment is asked for. Raises Unknown."""
    reference = visit.asked("reference")
    if reference is None:
        raise Unknown("no consignment is named")
    return reference
