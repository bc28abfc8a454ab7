"""Shows a page to somebody who is let in, with what stands on every page."""

from http import HTTPStatus
from typing import Any

from starlette.responses import RedirectResponse, Response

from service.page.access import BY_PROXY
from service.page.desk import Visit
from service.page.headers import OF_PAGES
from service.page.intake import intake_of
from service.page.rendering import page


def show(
    visit: Visit,
    template: str,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    title: str,
    here: str = "",
    **values: Any,
) -> Response:
    """Answer with a page; `here` is the path of the part of the navigation that it belongs to."""
    return page(
        template,
        status,
        title=title,
        here=here,
        session=visit.session,
        by_proxy=visit.session.mark == BY_PROXY,
        intake=intake_of(visit.desk),
        told=visit.told,
        now=visit.desk.now(),
        **values,
    )


def show_outside(
    template: str, status: HTTPStatus = HTTPStatus.OK, *, title: str, **values: Any
) -> Response:
    """Answer with a page to somebody who is not let in."""
    return page(
        template,
        status,
        title=title,
        here="",
        session=None,
        by_proxy=False,
        intake=None,
        told="",
        **values,
    )


def go_to(visit: Visit, address: str, tell: str = "") -> Response:
    """Send the browser to another page of ours, which tells something once."""
    visit.tell = tell
    return RedirectResponse(address, 303, headers=OF_PAGES)
