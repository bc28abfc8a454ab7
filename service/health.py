"""What the service tells its keepers: /healthz, /readyz and /metrics.

/healthz says that this process makes progress (restart it when not); it does not depend on PRO,
the broker or the ledger. /readyz says whether events are taken up, and if not, why.
"""

import time
from collections.abc import Callable, Mapping, Sequence

from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from service.metrics import Metrics

Reasons = Callable[[], Mapping[str, Sequence[str]]]
"""Gives why events are not taken up, or only some; empty when all is well."""


def create_app(
    metrics: Metrics,
    last_sign_of_life: Callable[[], float],
    stuck_after: float,
    not_ready: Reasons,
    slowed: Reasons,
) -> Starlette:
    """Make the HTTP application; `last_sign_of_life` is in monotonic seconds."""

    async def healthz(_request: Request) -> Response:
        silent = time.monotonic() - last_sign_of_life()
        alive = silent <= stuck_after
        body = {"alive": alive, "seconds_since_last_poll": round(silent, 1)}
        return JSONResponse(body, 200 if alive else 503)

    async def readyz(_request: Request) -> Response:
        reasons = not_ready()
        body = {"ready": not reasons, **reasons, **slowed()}
        return JSONResponse(body, 503 if reasons else 200)

    async def metrics_page(request: Request) -> Response:
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(metrics.registry), headers={"content-type": content_type})

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics_page),
        ]
    )
