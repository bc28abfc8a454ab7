"""The sandbox as an ASGI application."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from sandbox import inspection, page
from sandbox.door import Door
from sandbox.operations import NAMES, OPERATIONS
from sandbox.options import SandboxOptions
from sandbox.state import SandboxState


def create_app(options: SandboxOptions | None = None) -> Starlette:
    """A sandbox of its own; its state is `app.state.sandbox`."""
    state = SandboxState(options or SandboxOptions(), NAMES)
    app = Starlette(
        routes=[
            Route("/", _about),
            *page.routes(state),
            # Not PRO's: for tests and people only, so no key is asked for.
            Mount("/_sandbox", routes=inspection.routes(state)),
        ]
    )
    # Whatever else is called is PRO's; a Mount would read over paths with a line break in them.
    app.router.default = Door(state)
    app.state.sandbox = state
    return app


async def _about(_: Request) -> Response:
    rows = "\n".join(f"  {each.method:4} {each.path}" for each in OPERATIONS)
    return PlainTextResponse(
        "A sandbox of SortedPRO, for development and tests. Nothing here reaches a carrier.\n"
        "It keeps everything in memory, or in a file if SANDBOX_STATE names one.\n\n"
        "Send your key in ocp-apim-subscription-key. What it can do:\n\n"
        f"{rows}\n\n"
        "Not PRO's, no key needed: /sandbox, a page for people; /_sandbox/health, calls,\n"
        "consignments, consignments/by-customer-reference, orders, faults, latency, search-lag,\n"
        "keys, scans, reset.\n"
    )
