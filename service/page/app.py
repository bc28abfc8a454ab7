"""The operator page: lets people in, shows pages, takes forms, tells every error calmly."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from http import HTTPStatus

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from service.page.access import BY_PROXY, Access
from service.page.attempts import Attempts
from service.page.desk import Desk, Visit
from service.page.forms import Once, check_form_token, check_sender, fields_of
from service.page.headers import OF_PAGES, OF_STYLE
from service.page.problems import NOTHING_DONE, Problem, problem_of
from service.page.rendering import STATIC, link, static
from service.page.routes import ACTIONS, PAGES, Show
from service.page.sessions import Sessions
from service.page.shown import show, show_outside

SIGN_IN, SIGN_OUT = "/sign-in", "/sign-out"


def create_app(desk: Desk, access: Access, sessions: Sessions, attempts: Attempts) -> Starlette:
    """Make the application."""
    door = _Door(desk, access, sessions, attempts)
    app = Starlette(
        routes=[
            *(Route(path, door.guarded(look), methods=["GET"]) for path, look in PAGES.items()),
            *(
                Route(path, door.guarded(act), methods=["GET", "POST"])
                for path, act in ACTIONS.items()
            ),
            Route(SIGN_IN, door.safely(door.sign_in), methods=["GET", "POST"]),
            Route(SIGN_OUT, door.safely(door.sign_out), methods=["POST"]),
            Route("/static/{name}", door.safely(_static), methods=["GET"]),
        ],
        exception_handlers={HTTPException: door.not_here},
    )
    app.router.redirect_slashes = False  # an address is right, or it is not there
    return app


Handle = Callable[[Request], Awaitable[Response]]


class _Door:
    """Everything that is asked of us comes through here."""

    def __init__(self, desk: Desk, access: Access, sessions: Sessions, attempts: Attempts) -> None:
        self._desk = desk
        self._access = access
        self._sessions = sessions
        self._attempts = attempts
        self._once = Once()

    def guarded(self, look: Show) -> Handle:
        """Show a page, or do an action, for somebody who is let in."""

        async def answer(request: Request) -> Response:
            session = self._access.session_of(request)
            if session is None:
                return self._turned_away(request)
            visit = Visit(request, self._desk, session)
            try:
                response = await self._visited(visit, look)
            except Exception as error:  # noqa: BLE001 - every error is told alike, none in detail
                response = self._told(request, problem_of(error), visit)
            return self._with_session(visit, response)

        return self.safely(answer)

    async def _visited(self, visit: Visit, look: Show) -> Response:
        if visit.request.method != "POST":
            return await look(visit)
        visit.fields = await fields_of(visit.request)
        check_form_token(visit.session, visit.fields)
        visit.is_sent = True
        if not self._once.take(visit.session, visit.fields):
            raise Problem(
                HTTPStatus.CONFLICT,
                "This form was sent already, and counts once.",
                "Look at the timeline for what came of it.",
            )
        try:
            response = await look(visit)
        except NOTHING_DONE:
            self._once.give_back(visit.session, visit.fields)
            raise
        if response.status_code != HTTPStatus.SEE_OTHER:  # it has something to mend
            self._once.give_back(visit.session, visit.fields)
        return response

    def _with_session(self, visit: Visit, response: Response) -> Response:
        session, request = visit.session, visit.request
        known = self._sessions.read(request)
        is_new = known is None or known.id != session.id
        if is_new or visit.tell != session.told or self._sessions.is_to_be_renewed(session):
            self._sessions.write(request, response, replace(session, told=visit.tell))
        return response

    def _turned_away(self, request: Request) -> Response:
        if not self._access.takes_tokens:
            raise Problem(
                HTTPStatus.FORBIDDEN,
                "This page is reached by signing in with your organisation.",
                "Open it by its usual address; if you did, tell whoever runs this service.",
            )
        if request.method == "POST":
            raise Problem(
                HTTPStatus.FORBIDDEN,
                "Your session has ended.",
                "Nothing was done. Sign in again, and send the form once more.",
            )
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        next_page = None if wanted == "/" else wanted
        return RedirectResponse(link(SIGN_IN, next=next_page), 303, headers=OF_PAGES)

    async def sign_in(self, request: Request) -> Response:
        """Take a token for a session."""
        if not self._access.takes_tokens:
            return self._turned_away(request)
        wanted = _of_ours(request.query_params.get("next", "/"))
        if request.method == "GET":
            return self._sign_in_page(request, wanted)
        fields = await fields_of(request)
        wanted = _of_ours(fields.get("next", "/"))
        session = self._access.by_token(fields.get("token", ""))
        if session is None:
            return self._wrong_token(request, wanted)
        structlog.get_logger("page").info("signed in", by=session.who)
        response = RedirectResponse(wanted, 303, headers=OF_PAGES)
        self._sessions.write(request, response, session)
        return response

    def _wrong_token(self, request: Request, wanted: str) -> Response:
        """Turn a wrong token away. A right one is never kept waiting by others' wrong ones."""
        address = request.client.host if request.client else ""
        wait = self._attempts.seconds_to_wait(address)
        if wait > 0:
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                "Too many wrong tokens were tried.",
                f"Wait {wait:.0f} seconds before you try another.",
                retry_after=max(1, round(wait)),
            )
        self._attempts.failed(address)
        structlog.get_logger("page").warning("a wrong token", address=address)
        return self._sign_in_page(request, wanted, "That token is not known here.")

    def _sign_in_page(self, request: Request, wanted: str, wrong: str = "") -> Response:
        return show_outside(
            "sign_in.html",
            HTTPStatus.UNAUTHORIZED if wrong else HTTPStatus.OK,
            title="To mend: Sign in" if wrong else "Sign in",
            wanted=wanted,
            wrong=wrong,
            # A browser keeps its cookie back where a link of another site leads here.
            comes_from_elsewhere=request.headers.get("sec-fetch-site") == "cross-site",
        )

    async def sign_out(self, request: Request) -> Response:
        """End a session."""
        check_sender(request)
        session = self._access.session_of(request)
        response = RedirectResponse(SIGN_IN, 303, headers=OF_PAGES)
        if session is not None and session.mark != BY_PROXY:
            check_form_token(session, await fields_of(request))
            self._sessions.end(session)
            structlog.get_logger("page").info("signed out", by=session.who)
        self._sessions.forget(request, response)
        return response

    def safely(self, handle: Handle) -> Handle:
        """Tell whatever goes wrong as a page."""

        async def safe(request: Request) -> Response:
            try:
                return await handle(request)
            except Exception as error:  # noqa: BLE001 - every error is told alike, none in detail
                return self._told(request, problem_of(error))

        return safe

    async def not_here(self, request: Request, error: Exception) -> Response:
        """Tell what no route answers."""
        if not isinstance(error, HTTPException):
            return self._told(request, problem_of(error))
        status = HTTPStatus(error.status_code)
        what = "There is no such page." if status == HTTPStatus.NOT_FOUND else status.phrase + "."
        response = self._told(request, Problem(status, what, "Begin with what needs attention."))
        response.headers.update(error.headers or {})
        return response

    def _told(self, request: Request, problem: Problem, visit: Visit | None = None) -> Response:
        session = visit.session if visit else self._access.session_of(request)
        if session is None:
            response = show_outside(
                "problem.html", problem.status, title=problem.title, problem=problem
            )
        else:
            visit = visit or Visit(request, self._desk, session)
            response = show(
                visit, "problem.html", problem.status, title=problem.title, problem=problem
            )
        if problem.retry_after is not None:
            response.headers["retry-after"] = str(problem.retry_after)
        return response


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in STATIC:
        raise Problem(HTTPStatus.NOT_FOUND, "There is no such file.")
    return Response(static(name), headers=OF_STYLE, media_type=STATIC[name])


def _of_ours(wanted: str) -> str:
    """Lead nobody anywhere but to a page of ours."""
    is_path = wanted.startswith("/") and not wanted.startswith("//")
    return wanted if is_path and "\\" not in wanted and wanted.isprintable() else "/"
