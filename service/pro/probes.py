"""Reads that tell whether PRO is there and accepts our key."""

import contextlib

from service.pro.client import ProClient
from service.pro.problems import Refused, Scope, Throttled, Unauthorised


async def is_there(pro: ProClient) -> None:
    """Return when PRO answers, whatever it answers. Raises Retryable."""
    with contextlib.suppress(Refused, Unauthorised, Throttled):
        await pro.get_shipping_locations()


async def accepts_key(pro: ProClient) -> None:
    """Return when PRO accepts our key, whatever else it answers. Raises Unauthorised, Retryable."""
    try:
        await pro.get_shipping_locations()
    except (Refused, Throttled):
        pass
    except Unauthorised as refused:
        if refused.scope is Scope.EVERYTHING:
            raise
