"""How records are printed in answers: PascalCase, full countries, PRO's links."""

from typing import Any

from sandbox.dates import stamp
from sandbox.goods import ConsignmentLeg, Package
from sandbox.records import Allocated, Consignment, Failure, Order, total_value, total_weight
from sandbox.reference_data import COMPANY, SERVICE_GROUPS, CarrierService
from sandbox.states import ConsignmentState
from sandbox.words import AddressType

HOST = "https://apisandbox.electioapp.com"
"""In links whatever the host that was called: nobody may follow them as they stand (RULES 1)."""

Json = dict[str, Any]


def link(rel: str, path: str) -> Json:
    """An ApiLink."""
    return {"Rel": rel, "Href": f"{HOST}/{path}"}


def consignment_link(rel: str, reference: str) -> Json:
    """A link to a consignment."""
    return link(rel, f"consignments/{reference}")


def outcome(reference: str, message: str, *, good: bool, linked: bool = False) -> Json:
    """A StringResult: the outcome for one reference of a bulk call (RULES 5)."""
    return {
        "IsSuccess": good,
        "Message": message,
        "Data": reference,
        "ApiLinks": [consignment_link("detail", reference)] if linked else None,
    }


def print_part(model: Any) -> Any:
    """A part of the contract as it travels; None as it is."""
    return None if model is None else model.model_dump(mode="json", by_alias=True)


def print_all(models: Any) -> Any:
    """A list of parts as it travels; None as it is."""
    return None if models is None else [print_part(each) for each in models]


def order_json(order: Order) -> Json:
    """An Order. Addresses stand as they were sent: a location is not written out (RULES 3.2)."""
    window = order.delivery_between
    packages = []
    for package in order.packages:
        printed = print_part(package)
        del printed["ConsignmentLegs"]
        for item in printed["Items"]:
            del item["Status"]
        packages.append(printed)
    return {
        "OrderReference": order.reference,
        "OrderReferenceProvidedByCustomer": order.customer_reference,
        "DeliveryOptionReference": order.delivery_option,
        "Packages": packages,
        "DateCreated": stamp(order.created),
        "RequiredDeliveryDate": print_part(order.required_delivery_date),
        "ShippingDate": stamp(order.shipping_date) if order.shipping_date else None,
        "MetaData": print_all(order.meta_data),
        "EarliestDeliveryDate": stamp(window[0]) if window else None,
        "LatestDeliveryDate": stamp(window[1]) if window else None,
        "Weight": print_part(total_weight(order.packages)),
        "Source": order.source.value,
        "Value": print_part(total_value(order.packages)),
        "Addresses": print_all(order.addresses),
        "CustomsDocumentation": print_part(order.customs_documentation),
        "Direction": order.direction.value,
        "Tags": order.tags or [],
    }


def package_json(package: Package) -> Json:
    """A Package of a consignment."""
    printed: Json = print_part(package)
    printed["Charges"] = []
    return printed


def _allocation_json(allocation: Allocated | None) -> Json | None:
    if allocation is None:
        return None
    group = SERVICE_GROUPS[allocation.group] if allocation.group else None
    return {
        "CarrierServiceGroupReference": group.reference if group else None,
        "MpdCarrierServiceGroupName": group.name if group else None,
        "MpdCarrierServiceReference": allocation.service.reference,
        "MpdCarrierServiceName": allocation.service.name,
        "AllocationDate": stamp(allocation.date),
        "Price": rate_json(allocation.service.price),
    }


def rate_json(net: float) -> Json:
    """A Rate: a price in pounds with British tax."""
    return {
        "Net": net,
        "Gross": round(net * 1.2, 4),
        "TaxRate": {
            "Reference": "GB_STANDARD",
            "CountryIsoCode": "GB",
            "Type": "Standard",
            "Rate": 0.2,
        },
        "VatAmount": round(net * 0.2, 4),
        "Currency": {"Name": "Pound Sterling", "IsoCode": "GBP"},
    }


def _failed_allocation_json(failure: Failure | None) -> Json | None:
    if failure is None:
        return None
    return {
        "CarrierServiceGroupReference": None,
        "MpdCarrierServiceGroupName": None,
        "MpdCarrierServiceReference": None,
        "MpdCarrierServiceName": None,
        "AttemptedAllocationDate": stamp(failure.date),
        "Message": failure.message,
    }


def journey_json(service: CarrierService) -> list[Json]:
    """The legs of a service's journey, as JourneyLegs."""
    return [
        {
            "JourneyStage": stage,
            "CarrierService": {
                "Reference": service.reference,
                "Name": service.name,
                "CarrierReference": carrier.reference,
                "CarrierName": carrier.name,
                "IsDropOff": False,
                "IsPickUp": False,
                "IsTimed": service.nominated_day,
            },
            "CarrierAccountReference": None,
            "CollectionType": "Scheduled",
        }
        for stage, carrier in enumerate(service.carriers, start=1)
    ]


def legs_json(legs: list[ConsignmentLeg]) -> list[Json]:
    """The legs of a journey."""
    return [print_part(leg) for leg in legs]


def _when(consignment: Consignment, state: ConsignmentState) -> str | None:
    entered = consignment.entered(state)
    return stamp(entered) if entered else None


def consignment_json(consignment: Consignment) -> Json:
    """A Consignment, its shipping locations written out in full."""
    allocation = consignment.allocation
    expected = stamp(allocation.expected_delivery) if allocation else None
    first_printed = consignment.labels_first_printed
    return {
        "Reference": consignment.reference,
        "ConsignmentState": consignment.state.value,
        "ConsignmentReferenceProvidedByCustomer": consignment.customer_reference,
        "CustomerReference": COMPANY,
        "Source": consignment.source.value,
        "DateCreated": stamp(consignment.created),
        "ShippingDate": stamp(consignment.shipping_date) if consignment.shipping_date else None,
        "RequestedDeliveryDate": print_part(consignment.requested_delivery_date),
        "EarliestDeliveryDate": expected,
        "LatestDeliveryDate": expected,
        "CollectionDate": None,
        "DateCollected": _when(consignment, ConsignmentState.COLLECTED),
        "DateShipped": _when(consignment, ConsignmentState.DISPATCHED),
        "DateDelivered": _when(consignment, ConsignmentState.DELIVERED),
        "DateReturned": None,
        "FirstAttemptedDeliveryDate": None,
        "AttemptedDeliveryDate": None,
        "Weight": print_part(total_weight(consignment.packages)),
        "Value": print_part(total_value(consignment.packages)),
        "Direction": consignment.direction.value,
        "Tags": consignment.tags,
        "Addresses": print_all(consignment.addresses),
        "Packages": [package_json(package) for package in consignment.packages],
        "ConsignmentLegs": legs_json(allocation.legs) if allocation else [],
        "Allocation": _allocation_json(allocation),
        "FailedAllocation": _failed_allocation_json(consignment.failed_allocation),
        "CustomsDocumentation": print_part(consignment.customs_documentation),
        "MetaData": print_all(consignment.meta_data) or [],
        "LabelCount": consignment.label_count,
        "LabelsPrinted": first_printed is not None,
        "DateLabelsWereFirstPrinted": stamp(first_printed) if first_printed else None,
        "IsLate": False,
        "LateForCustomer": False,
        "LocationInformation": None,
    }


def status_json(consignment: Consignment) -> Json:
    """A ConsignmentStatus."""
    allocation = consignment.allocation
    return {
        "ConsignmentReferenceForAllLegsAssignedByMpd": consignment.reference,
        "Status": consignment.state.value,
        "ExpectedDeliveryDate": stamp(allocation.expected_delivery) if allocation else None,
        "ApiLink": consignment_link("detail", consignment.reference),
    }


def summary_json(consignment: Consignment) -> Json:
    """A ConsignmentSummary: a line of a search answer. Its state field is State."""
    allocation = consignment.allocation
    service = allocation.service if allocation else None
    failed, unsent = consignment.failed_allocation, consignment.failed_manifest
    destination = consignment.address(AddressType.DESTINATION)
    wanted = consignment.requested_delivery_date
    first_printed = consignment.labels_first_printed
    customs = consignment.customs_documentation
    return {
        "Reference": consignment.reference,
        "ConsignmentReferenceProvidedByCustomer": consignment.customer_reference,
        "DateCreated": stamp(consignment.created),
        "State": consignment.state.value,
        "ShippingDate": stamp(consignment.shipping_date) if consignment.shipping_date else None,
        "Source": consignment.source.value,
        "MpdCarrierReference": service.carrier.reference if service else None,
        "MpdCarrierServiceReference": service.reference if service else None,
        "MpdCarrierServiceName": service.name if service else None,
        "MpdCarrierServiceGroupName": None,
        "MpdCarrierServiceGroupReference": None,
        "AllocationDate": stamp(allocation.date) if allocation else None,
        "ShippedDate": _when(consignment, ConsignmentState.DISPATCHED),
        "DestinationAddressLine1": destination.address_line1 if destination else None,
        "DestinationAddressTown": destination.town if destination else None,
        "DestinationAddressPostcode": destination.postcode if destination else None,
        "DestinationAddressCountry": (
            destination.country.code if destination and destination.country else None
        ),
        "DestinationShippingLocationReference": (
            destination.shipping_location_reference if destination else None
        ),
        "RequestedDeliveryDate": stamp(wanted.date) if wanted else None,
        "RequestedDeliveryDateIsToBeExactlyOnTheDateSpecified": (
            wanted.is_to_be_exactly_on_the_date_specified if wanted else None
        ),
        "LabelsPrinted": first_printed is not None,
        "DateLabelsWereFirstPrinted": stamp(first_printed) if first_printed else None,
        "EstimatedDeliveryDate": stamp(allocation.expected_delivery) if allocation else None,
        "ShippingTerms": customs.shipping_terms.value if customs else None,
        "FailedAllocationAttemptedAllocationDate": stamp(failed.date) if failed else None,
        "FailedAllocationMessage": failed.message if failed else None,
        "FailedAllocationMpdCarrierServiceReference": None,
        "FailedAllocationMpdCarrierServiceName": None,
        "FailedAllocationMpdCarrierServiceGroupName": None,
        "FailedAllocationMpdCarrierServiceGroupReference": None,
        "FailedManifestMessage": unsent.message if unsent else None,
        "FailedManifestTimeStamp": stamp(unsent.date) if unsent else None,
        "IsLate": False,
        "DeliveryDate": _when(consignment, ConsignmentState.DELIVERED),
        "CollectionDate": _when(consignment, ConsignmentState.COLLECTED),
        "AttemptedDeliveryDate": None,
        "Value": print_part(total_value(consignment.packages)),
        "Weight": print_part(total_weight(consignment.packages)),
        "ApiLink": consignment_link("detail", consignment.reference),
    }
