"""Reads how PRO shows a consignment, for a person who asks for it: one read, no second try."""

from service.people.views import InPro
from service.pro.client import ProClient
from service.pro.problems import Ambiguous, Refused, Retryable, Throttled, Unauthorised


async def state_in_pro(pro: ProClient, consignment_reference: str) -> InPro:
    """Read the state; where PRO does not say it, why."""
    try:
        return InPro(state=await pro.get_consignment_status(consignment_reference))
    except Refused as refused:
        return InPro(trouble=f"PRO does not show it ({refused.problem.code})")
    except Throttled:
        return InPro(trouble="PRO is busy")
    except Unauthorised:
        return InPro(trouble="PRO refuses our key")
    except (Retryable, Ambiguous):
        return InPro(trouble="PRO can't be reached")
