"""Every operation of the client of PRO, called once, by its name."""

from collections.abc import Awaitable, Callable
from decimal import Decimal

from service.pro import contract, documents, parts
from service.pro.client import ProClient
from service.pro.mapping import create_consignment_request, create_order_request
from tests.reactions.goods import placed, requested

Call = Callable[[ProClient], Awaitable[object]]

_WEIGHT = parts.Weight(value=Decimal("2.3"))
_PACKAGE = contract.PackPackage(weight=_WEIGHT, items=(contract.PackItem(sku="A", quantity=1),))
_PACK = contract.PackOrderRequest(
    order_reference="EO-1",
    order_reference_provided_by_customer="C-1",
    generate_return=True,
    packages=(_PACKAGE,),
)
_QUERY = contract.ManifestFromQueryRequest(
    shipping_location_references=("LEEDS_DC",), states=("ReadyToShip",)
)
_HELD = {"OrderReference": "EO-1", "Reference": "EC-1", "Addresses": [], "Packages": []}
_ADDRESS = parts.Address(
    address_type="Origin", shipping_location_reference="LEEDS_DC", is_cached=False
)


async def _searched(client: ProClient) -> object:
    found = client.search_consignments(shipping_location_reference="LEEDS_DC")
    return [line async for line in found]


CHANGES: dict[str, Call] = {
    "create_order": lambda pro: pro.create_order(create_order_request(placed())),
    "select_delivery_option_as_order": lambda pro: pro.select_delivery_option_as_order(
        contract.SelectDeliveryOption(reference="EDO-1", order_reference_provided_by_customer="C-1")
    ),
    "update_order": lambda pro: pro.update_order(documents.OrderDocument(_HELD)),
    "add_order_address": lambda pro: pro.add_order_address("EO-1", _ADDRESS),
    "update_order_address": lambda pro: pro.update_order_address("EO-1", _ADDRESS),
    "pack_order": lambda pro: pro.pack_order(_PACK),
    "create_consignment": lambda pro: pro.create_consignment(
        create_consignment_request(requested())
    ),
    "update_consignment": lambda pro: pro.update_consignment(documents.ConsignmentDocument(_HELD)),
    "allocate_default_rules": lambda pro: pro.allocate_default_rules(["EC-1"]),
    "allocate_carrier_service": lambda pro: pro.allocate_carrier_service(["EC-1"], "PP_ECO"),
    "allocate_service_group": lambda pro: pro.allocate_service_group("EC-1", "NEXT_DAY"),
    "cancel_consignment": lambda pro: pro.cancel_consignment("EC-1"),
    "set_ready_to_ship": lambda pro: pro.set_ready_to_ship(["EC-1"]),
    "set_not_ready_to_ship": lambda pro: pro.set_not_ready_to_ship(["EC-1"]),
    "deallocate_consignments": lambda pro: pro.deallocate_consignments(["EC-1"]),
    "cancel_consignments": lambda pro: pro.cancel_consignments(["EC-1"]),
    "manifest_consignments": lambda pro: pro.manifest_consignments(["EC-1"]),
    "manifest_from_query": lambda pro: pro.manifest_from_query(_QUERY),
}
READS: dict[str, Call] = {
    "get_order": lambda pro: pro.get_order("EO-1"),
    "get_consignment": lambda pro: pro.get_consignment("EC-1"),
    "get_consignment_document": lambda pro: pro.get_consignment_document("EC-1"),
    "get_consignment_status": lambda pro: pro.get_consignment_status("EC-1"),
    "find_consignments": lambda pro: pro.find_consignments("C-1"),
    "search_consignments": _searched,
    "get_labels": lambda pro: pro.get_labels("EC-1"),
    "get_package_label": lambda pro: pro.get_package_label("EC-1", "EP-1"),
    "get_customs_documents": lambda pro: pro.get_customs_documents("EC-1"),
    "get_shipping_locations": lambda pro: pro.get_shipping_locations(),
}
OPERATIONS = CHANGES | READS
