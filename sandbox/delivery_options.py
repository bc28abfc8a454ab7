"""Delivery options: days and services on offer for goods that are not recorded yet (RULES 3.1)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sandbox.allocation import exclusion_reason, leaves, midnight
from sandbox.answers import Json, print_all, rate_json
from sandbox.consignments import new_consignment, read_new
from sandbox.dates import offset_of, stamp
from sandbox.errors import not_found
from sandbox.exchange import Answer, Call
from sandbox.records import Consignment, DeliveryOption
from sandbox.reference_data import SERVICES, CarrierService
from sandbox.requests import DeliveryOptionsRequest

DAYS_ON_OFFER = 5
"""How many days a service that delivers on a day of choice offers when none is named."""
_FARTHEST_DAYS = 14
_LAST_ALLOCATION = timedelta(hours=17)
_LAST_HANDOVER = timedelta(hours=1)
"""After the allocation's cut-off, the warehouse has this long to hand the goods over."""
_OPENS, _CLOSES = timedelta(hours=8), timedelta(hours=18)


def get_delivery_options(call: Call) -> Answer:
    """POST /deliveryoptions: 201, every day and service that can take the goods."""
    request = read_new(DeliveryOptionsRequest, call.body)
    found = _kept_options(call, request)
    wanted = [each for each in found if is_guaranteed(each.service) or not request.guaranteed_only]
    others = [each for each in found if not is_guaranteed(each.service)]
    # What the single option without a guarantee is for is not said: here it is the way out for
    # whoever asked for guaranteed ones only.
    cheapest = min(others, key=lambda each: each.service.price, default=None)
    spare = option_json(cheapest) if cheapest and request.guaranteed_only else None
    return Answer(
        201,
        {
            "DeliveryOptions": [option_json(each) for each in wanted],
            "NonGuaranteedDeliveryOption": spare,
        },
    )


def get_delivery_option_summary(call: Call) -> Answer:
    """POST /deliveryoptions/summary: 201, the days on which something is on offer."""
    request = read_new(DeliveryOptionsRequest, call.body)
    found = _kept_options(call, request)
    guaranteed = [each for each in found if is_guaranteed(each.service)]
    return Answer(
        201,
        {
            "Reference": found[0].consignment.reference if found else None,
            "DeliveryOptions": _days(guaranteed if request.guaranteed_only else found),
            "TimeSlots": _days(guaranteed),
            # No service here goes by way of a shop.
            "PickUp": [],
            "DropOff": [],
        },
    )


def get_delivery_option(call: Call) -> Answer:
    """GET /deliveryoptions/details/{deliveryOptionReference}."""
    reference = call.parameters["deliveryOptionReference"]
    option = call.state.delivery_options.get(reference)
    if option is None:
        raise not_found("Delivery option", reference)
    return Answer(
        200,
        {
            "Reference": option.reference,
            "ConsignmentDetail": _potential_json(option.consignment),
            "DeliveryOption": option_json(option),
        },
    )


def is_guaranteed(service: CarrierService) -> bool:
    """Whether the day that is offered is promised."""
    return service.nominated_day


def _kept_options(call: Call, request: DeliveryOptionsRequest) -> list[DeliveryOption]:
    state = call.state
    goods = new_consignment(state, request, state.references.potential_consignment())
    first = _first_shipping_day(goods, state.now)
    options = [
        DeliveryOption(
            reference=state.references.delivery_option(),
            consignment=goods,
            addresses=request.addresses,
            service=service,
            opens=day + _OPENS,
            closes=day + _CLOSES,
            cut_off=first + _LAST_ALLOCATION,
        )
        for service in SERVICES.values()
        if exclusion_reason(service, goods) is None
        for day in _days_of(service, first, request)
    ]
    for option in options:
        state.delivery_options[option.reference] = option
        state.keep(option)
    return options


def _first_shipping_day(goods: Consignment, now: datetime) -> datetime:
    day = midnight(leaves(goods, now))
    return day if day + _LAST_ALLOCATION > now else day + timedelta(days=1)


def _days_of(
    service: CarrierService, first: datetime, request: DeliveryOptionsRequest
) -> Iterator[datetime]:
    """The days on which a service can deliver, and that were asked for."""
    earliest = first + timedelta(days=service.days)
    wanted = {request.delivery_date.date()} if request.delivery_date else set()
    required = request.required_delivery_date
    if required is not None and required.is_to_be_exactly_on_the_date_specified:
        wanted.add(required.date.date())
    chosen = _FARTHEST_DAYS if wanted else DAYS_ON_OFFER
    for number in range(chosen if service.nominated_day else 1):
        day = earliest + timedelta(days=number)
        if not wanted or wanted == {day.date()}:
            yield day


def _days(options: list[DeliveryOption]) -> list[str]:
    return sorted({stamp(midnight(each.opens)) for each in options})


def option_json(option: DeliveryOption) -> Json:
    """A DeliveryOption."""
    service = option.service
    return {
        "Reference": option.reference,
        "EstimatedDeliveryDate": {
            "Date": stamp(midnight(option.opens)),
            "Guaranteed": is_guaranteed(service),
            "DayOfWeek": option.opens.strftime("%A"),
        },
        "DeliveryWindow": {
            "Start": f"{option.opens:%H:%M:%S}",
            "End": f"{option.closes:%H:%M:%S}",
            "UtcOffset": offset_of(option.opens),
        },
        "Carrier": service.carrier.name,
        "CarrierService": service.name,
        "CarrierServiceReference": service.reference,
        "CarrierServiceTypes": [],
        "Price": rate_json(service.price),
        "AllocationCutOff": stamp(option.cut_off),
        "OperationalCutOff": stamp(option.cut_off + _LAST_HANDOVER),
        "ServiceDirection": service.direction.value,
    }


def _potential_json(consignment: Consignment) -> dict[str, Any]:
    ships = consignment.shipping_date
    return {
        "Reference": consignment.reference,
        "ConsignmentReferenceProvidedByCustomer": consignment.customer_reference,
        "DateCreated": stamp(consignment.created),
        "ShippingDate": stamp(ships) if ships else None,
        "Addresses": print_all(consignment.addresses),
    }
