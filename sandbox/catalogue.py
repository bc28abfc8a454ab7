"""Reading what is set up: shipping locations, package sizes, carrier services."""

from typing import Any

from sandbox.answers import journey_json
from sandbox.errors import not_found
from sandbox.exchange import Answer, Call
from sandbox.models import country
from sandbox.reference_data import (
    ACCOUNT,
    ACCOUNT_NAME,
    ASSIGNED_LOCATIONS,
    COMPANY,
    LOCATIONS,
    PACKAGE_SIZES,
    SERVICES,
    CarrierService,
    ShippingLocation,
)

ACCOUNT_OWNER = "Marlow & Finch Ltd"
"""Who has the contracts with the carriers."""


def get_shipping_locations(_: Call) -> Answer:
    """GET /shippinglocations."""
    return Answer(200, [_location_json(each) for each in LOCATIONS.values()])


def get_assigned_shipping_locations(_: Call) -> Answer:
    """GET /shippinglocations/assigned: those of the sandbox's one user."""
    assigned = [each for each in LOCATIONS.values() if each.reference in ASSIGNED_LOCATIONS]
    return Answer(200, [_location_json(each) for each in assigned])


def get_shipping_location(call: Call) -> Answer:
    """GET /shippinglocations/{shippingLocationReference}."""
    reference = call.parameters["shippingLocationReference"]
    if reference not in LOCATIONS:
        raise not_found("Shipping location", reference)
    return Answer(200, _location_json(LOCATIONS[reference]))


def _location_json(location: ShippingLocation) -> dict[str, Any]:
    return {
        "Id": location.id,
        "Reference": location.reference,
        "Name": location.name,
        "ShippingLocationType": location.kind,
        "DefaultLocationForReturns": location.default_for_returns,
        "Notes": None,
        "CustomerReference": COMPANY,
        "LinkedAccounts": (
            [{"AccountReference": ACCOUNT, "AccountName": ACCOUNT_NAME}]
            if location.reference in ASSIGNED_LOCATIONS
            else []
        ),
        "Contact": location.contact.model_dump(mode="json", by_alias=True),
        "CompanyName": location.company_name,
        "AddressLine1": location.address_line1,
        "AddressLine2": None,
        "AddressLine3": None,
        "Town": location.town,
        "Region": location.region,
        "Postcode": location.postcode,
        "Country": country(location.country_code).model_dump(mode="json", by_alias=True),
        "RegionCode": None,
        "SpecialInstructions": None,
        "LatLong": location.lat_long.model_dump(mode="json", by_alias=True),
    }


def get_package_sizes(_: Call) -> Answer:
    """GET /packagesizes. Weight is a bare number here, unlike everywhere else."""
    return Answer(
        200,
        [
            {
                "Reference": size.reference,
                "Description": size.description,
                "CustomerReference": COMPANY,
                "Length": size.length,
                "Width": size.width,
                "Height": size.height,
                "Weight": size.weight,
                "IsDefault": size.is_default,
            }
            for size in PACKAGE_SIZES.values()
        ],
    )


def get_carrier_services(_: Call) -> Answer:
    """GET /carrierservices."""
    services = [_service_json(each) for each in SERVICES.values()]
    return Answer(200, {"MpdCarrierServices": services, "Success": True, "ErrorMessage": None})


def _service_json(service: CarrierService) -> dict[str, Any]:
    return {
        "Reference": service.reference,
        "Name": service.name,
        "Description": service.description,
        "MpdCarrierReference": service.carrier.reference,
        "CarrierName": service.carrier.name,
        "CarrierAccountOwner": ACCOUNT_OWNER,
        "IsConfigured": True,
        "Journey": journey_json(service),
    }
