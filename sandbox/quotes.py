"""Quotes: what each service would cost, and why one makes no offer (RULES 5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.allocation import exclusion_reason, leaves, midnight
from sandbox.answers import Json, journey_json, print_part, rate_json
from sandbox.catalogue import ACCOUNT_OWNER
from sandbox.consignments import new_consignment, read_new
from sandbox.dates import stamp
from sandbox.errors import Code, Detail, Refusal
from sandbox.exchange import Answer, Call
from sandbox.records import Consignment, Quote
from sandbox.reference_data import SERVICE_GROUPS, SERVICES, CarrierService, ServiceGroup
from sandbox.requests import CreateConsignmentRequest
from sandbox.state import SandboxState
from sandbox.words import AddressType

GOOD_FOR = timedelta(days=1)
"""How long a quote can be used."""


def get_quotes(call: Call) -> Answer:
    """POST /quotes: 201, offers for goods that are not recorded."""
    request = read_new(CreateConsignmentRequest, call.body)
    goods = new_consignment(call.state, request, call.state.references.potential_consignment())
    offers = offers_for(call.state, goods, tuple(SERVICES.values()), recorded=False)
    return Answer(201, offers.as_json(call.state))


def get_quotes_for_consignment(call: Call) -> Answer:
    """GET /quotes/consignment/{consignmentReference}: 201, as the reference lists for this GET."""
    reference = call.parameters["consignmentReference"]
    consignment = call.state.consignments.get(reference)
    if consignment is None:
        # 404 is not among the documented codes of this one.
        detail = Detail("NotFound", "consignmentReference", f"{reference} was not found.")
        raise Refusal(400, Code.NOT_FOUND, f"Consignment {reference} was not found.", [detail])
    offers = offers_for(call.state, consignment, tuple(SERVICES.values()), recorded=True)
    return Answer(201, offers.as_json(call.state))


def get_service_group_quotes(call: Call) -> Answer:
    """POST /quotes/serviceGroups: 200, the offers within each group."""
    request = read_new(CreateConsignmentRequest, call.body)
    goods = new_consignment(call.state, request, call.state.references.potential_consignment())
    return Answer(200, [_group_json(call.state, goods, each) for each in SERVICE_GROUPS.values()])


def _group_json(state: SandboxState, goods: Consignment, group: ServiceGroup) -> Json:
    offers = offers_for(state, goods, group.services, recorded=False)
    cheapest = quote_json(offers.quotes[0], goods) if offers.quotes else None
    return {
        "Reference": group.reference,
        "Name": group.name,
        "CheapestQuote": cheapest,
    } | offers.as_json(state)


@dataclass(frozen=True, slots=True)
class Offers:
    """The quotes of some services for some goods, the cheapest first, and who made none."""

    goods: Consignment
    quotes: list[Quote]
    refused: dict[str, str]
    """Why, by the reference of the service."""

    def as_json(self, state: SandboxState) -> Json:
        """A QuoteResult."""
        return {
            "QuoteRequestReference": state.references.quote(),
            "Quotes": [quote_json(each, self.goods) for each in self.quotes],
            "Message": None if self.quotes else "No service can take the consignment.",
            "UnqualifiedServices": [
                _unqualified_json(SERVICES[reference], reason)
                for reference, reason in self.refused.items()
            ],
        }


def offers_for(
    state: SandboxState, goods: Consignment, services: Sequence[CarrierService], *, recorded: bool
) -> Offers:
    """Asks the services; their quotes are kept until they can no longer be used."""
    reasons = {each.reference: exclusion_reason(each, goods) for each in services}
    quotes = [
        Quote(
            reference=state.references.quote(),
            consignment=goods.reference if recorded else None,
            service=service,
            created=state.now,
            expires=state.now + GOOD_FOR,
        )
        for service in sorted(services, key=lambda each: each.price)
        if reasons[service.reference] is None
    ]
    for quote in quotes:
        state.quotes[quote.reference] = quote
        state.keep(quote)
    refused = {reference: reason for reference, reason in reasons.items() if reason}
    return Offers(goods, quotes, refused)


def quote_json(quote: Quote, goods: Consignment) -> Json:
    """A Quote."""
    service = quote.service
    ships = leaves(goods, quote.created)
    day = midnight(ships + timedelta(days=service.days))
    return {
        "QuoteReference": quote.reference,
        "Requestor": None,
        "CreationDate": stamp(quote.created),
        "ExpiryDate": stamp(quote.expires),
        "ConsignmentReference": quote.consignment,
        "ConsignmentReferenceProvidedByCustomer": goods.customer_reference,
        "MpdCarrierServiceReference": service.reference,
        "MpdCarrierServiceSource": 0,
        "MpdCarrierService": service.name,
        "CarrierReference": service.carrier.reference,
        "OriginAddress": _bare_address(goods, AddressType.ORIGIN),
        "DestinationAddress": _bare_address(goods, AddressType.DESTINATION),
        "CollectionDate": _local(midnight(ships)),
        "EarliestDeliveryDate": _local(day),
        "LatestDeliveryDate": _local(day),
        "BasePrice": rate_json(service.price),
        "Price": rate_json(service.price),
        "Surcharges": [],
        "Legs": journey_json(service),
        "CarrierAccountOwner": ACCOUNT_OWNER,
        "IsElectioService": False,
        "ServiceDirection": service.direction.value,
    }


def _local(moment: datetime) -> str:
    # These fields have no offset (contract, LooseDateTime).
    return stamp(moment.replace(tzinfo=None))


def _bare_address(goods: Consignment, kind: AddressType) -> dict[str, Any] | None:
    printed: dict[str, Any] | None = print_part(goods.address(kind))
    if printed is not None:
        del printed["AddressType"]
    return printed


def _unqualified_json(service: CarrierService, reason: str) -> Json:
    return {
        "Available": True,
        "Rates": True,
        "MpdCarrierService": service.name,
        "CarrierReference": service.carrier.reference,
        "MpdCarrierServiceReference": service.reference,
        "ExclusionReason": reason,
    }
