"""What the service is asked for in the demo, each in plain words: what is not an ordinary order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Case(StrEnum):
    """What an order asks for: at most one thing each."""

    ORDINARY = "ordinary"
    TWO_WAREHOUSES = "two_warehouses"
    SERVICE_GROUP = "service_group"
    CARRIER_SERVICE = "carrier_service"
    ABROAD = "abroad"
    RETURN = "return"
    OPTION = "option"
    WITHOUT_ORDER = "without_order"
    AMENDED = "amended"
    REALLOCATED = "reallocated"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Asked:
    """A case in words, the allocation that its event names, and how often it comes by chance.

    `service` is the carrier service (PRO's reference) that has to carry it in the end; empty where
    PRO chooses.
    """

    words: str
    allocation: Sequence[Mapping[str, str]] = ()
    service: str = ""
    weight: int = 1


NEXT_DAY = "NL_P24"
TWO_DAYS = "NL_P48"


def by_service(reference: str) -> Mapping[str, str]:
    """Name one carrier service, as `allocation` does."""
    return {"way": "carrier_service", "reference": reference}


CASES: Mapping[Case, Asked] = {
    Case.TWO_WAREHOUSES: Asked("jewellery leaves Leeds, clothes leave Bristol"),
    Case.SERVICE_GROUP: Asked(
        "goes by the cheapest of the group UK_NEXT_DAY",
        ({"way": "service_group", "reference": "UK_NEXT_DAY"},),
        NEXT_DAY,
        weight=4,
    ),
    Case.CARRIER_SERVICE: Asked(
        "goes by Parcel 48 and nothing else",
        (by_service(TWO_DAYS),),
        TWO_DAYS,
        weight=4,
    ),
    Case.ABROAD: Asked("goes abroad, so customs want papers", weight=4),
    Case.RETURN: Asked("comes with a label for sending it back", weight=2),
    Case.OPTION: Asked(
        "is of a delivery option, chosen at the checkout",
        (by_service(NEXT_DAY),),
        NEXT_DAY,
    ),
    Case.WITHOUT_ORDER: Asked("a repair goes home: a consignment, no order"),
    Case.AMENDED: Asked("amended, is to be signed for: so by Parcel 24", service=NEXT_DAY),
    Case.REALLOCATED: Asked("labelled, then given to another service", service=NEXT_DAY),
    Case.WITHDRAWN: Asked("labelled, then put back on the shelf, picked anew"),
    Case.CANCELLED: Asked("labelled, then the customer cancels"),
}
