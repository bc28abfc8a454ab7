"""The ways to ask for an allocation (RULES 5): rules, a service, a group, a quote, filters."""

from sandbox.allocation import allocate
from sandbox.errors import Code, Refusal
from sandbox.exchange import Answer, Call
from sandbox.reference_data import SERVICE_GROUPS, SERVICES, CarrierService, ServiceGroup
from sandbox.requests import (
    AllocateWithCarrierServiceRequest,
    AllocateWithFiltersRequest,
    AllocateWithServiceGroupRequest,
    ConsignmentReferencesRequest,
)
from sandbox.validation import read


def allocate_by_default_rules(call: Call) -> Answer:
    """PUT /allocation/allocate."""
    request = read(ConsignmentReferencesRequest, call.body)
    return allocate(call, request.consignment_references, list(SERVICES.values()))


def allocate_with_cheapest_quote(call: Call) -> Answer:
    """PUT /allocation/{consignmentReference}/allocatewithcheapestquote."""
    return allocate(call, [_reference(call)], list(SERVICES.values()))


def allocate_with_carrier_service(call: Call) -> Answer:
    """PUT /allocation/allocatewithcarrierservice: that service or failure."""
    request = read(AllocateWithCarrierServiceRequest, call.body)
    service = service_named(request.mpd_carrier_service_reference)
    return allocate(call, request.consignment_references, [service])


def allocate_with_service_group(call: Call) -> Answer:
    """PUT /allocation/{consignmentReference}/allocatewithservicegroup/{…GroupReference}."""
    group = group_named(call.parameters["mpdCarrierServiceGroupReference"])
    return allocate(call, [_reference(call)], group.services, group.reference)


def allocate_many_with_service_group(call: Call) -> Answer:
    """PUT /allocation/allocatewithservicegroup."""
    request = read(AllocateWithServiceGroupRequest, call.body)
    group = group_named(request.mpd_carrier_service_group_reference)
    return allocate(call, request.consignment_references, group.services, group.reference)


def allocate_with_quote(call: Call) -> Answer:
    """PUT /allocation/{consignmentReference}/allocatewithquote/{quoteReference}."""
    return allocate(call, [_reference(call)], [quoted_service(call)])


def allocate_with_service_filters(call: Call) -> Answer:
    """PUT /allocation/allocateConsignmentsWithServiceFilters: the cheapest within the limits."""
    request = read(AllocateWithFiltersRequest, call.body)
    wanted = request.filters
    services = [
        service
        for service in SERVICES.values()
        if wanted.service_direction in (None, service.direction)
        and wanted.is_pickup in (None, service.is_pickup)
        and wanted.is_drop_off in (None, service.is_drop_off)
    ]
    return allocate(call, request.consignment_references, services)


def _reference(call: Call) -> str:
    return call.parameters["consignmentReference"]


def service_named(reference: str) -> CarrierService:
    """A service of the catalogue; which code an unknown one gets is not documented."""
    if reference not in SERVICES:
        raise Refusal(400, Code.VALIDATION, f"There is no carrier service {reference}.")
    return SERVICES[reference]


def group_named(reference: str) -> ServiceGroup:
    """A service group; which code an unknown one gets is not documented."""
    if reference not in SERVICE_GROUPS:
        raise Refusal(400, Code.VALIDATION, f"There is no service group {reference}.")
    return SERVICE_GROUPS[reference]


def quoted_service(call: Call) -> CarrierService:
    """The service of a quote that was made for this consignment and can still be used."""
    reference = call.parameters["quoteReference"]
    quote = call.state.quotes.get(reference)
    if quote is None or quote.consignment not in (None, _reference(call)):
        raise Refusal(400, Code.VALIDATION, f"There is no quote {reference} for it.")
    if quote.expires <= call.state.now:
        raise Refusal(400, Code.VALIDATION, f"Quote {reference} has expired.")
    return quote.service
