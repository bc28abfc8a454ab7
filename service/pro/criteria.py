"""What a search for consignments asks for, and which of PRO's lines answer it (RULES 4.4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from service.pro.answers import ConsignmentSummary


@dataclass(frozen=True, slots=True)
class Criteria:
    """All that are given must match. `carrier` is a carrier's reference; the days are those of the
    shipping date, both included; `created_from` is the day from which it is in PRO."""

    customer_reference: str | None = None
    shipping_location_reference: str | None = None
    state: str | None = None
    carrier: str | None = None
    labels_printed: bool | None = None
    ships_from: date | None = None
    ships_until: date | None = None
    created_from: date | None = None

    def query(self) -> Mapping[str, str]:
        """PRO's query fields. Raises ValueError for no criterion, which would find everything."""
        printed = self.labels_printed
        fields = {
            "referenceProvidedByCustomer": self.customer_reference,
            "shippingLocationReference": self.shipping_location_reference,
            "state": self.state,
            "carriers": self.carrier,
            "labelsPrinted": None if printed is None else str(printed).lower(),
            "shippingDateFrom": _day(self.ships_from),
            "shippingDateTo": _day(self.ships_until),
            "createdDateFrom": _day(self.created_from),
        }
        given = {name: text for name, text in fields.items() if text is not None}
        if not given:
            raise ValueError("a search needs a criterion")
        return given

    def matches(self, line: ConsignmentSummary) -> bool:
        """Whether the line itself agrees, as far as it tells: PRO might not read a query field, or
        read it as a part of a text. Customer reference and state have to be the same."""
        return (
            self.customer_reference in (None, line.consignment_reference_provided_by_customer)
            and self.state in (None, line.state)
            and (self.carrier is None or line.mpd_carrier_reference in (None, self.carrier))
            and (self.labels_printed is None or line.labels_printed in (None, self.labels_printed))
        )


def _day(day: date | None) -> str | None:
    return None if day is None else f"{day:%Y-%m-%d}"
