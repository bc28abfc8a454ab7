"""The one mapping between our events and PRO's requests. Pure; nothing is looked up or decided.

RULES section 12 shows both bodies; the tests hold this mapping to them field by field.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict, cast

from service.events import (
    amending,
    details,
    goods,
    measures,
    parties,
    published,
    received,
    requested,
)
from service.pro import contract, documents, parts, words
from service.pro.problems import Problem


def create_order_request(event: received.OrderPlaced) -> contract.CreateOrderRequest:
    """Create Order's body. What the event left out of a package is worked out from its items."""
    return contract.CreateOrderRequest(
        order_reference_provided_by_customer=event.order_reference, **_shipment(event)
    )


def select_option_request(
    event: received.OrderPlaced, option: str
) -> contract.SelectDeliveryOption:
    """What Select Option As Order takes of an order; `beside_the_option` gives the rest."""
    return contract.SelectDeliveryOption(
        reference=option,
        order_reference_provided_by_customer=event.order_reference,
        meta_data=_metadata(event.metadata),
    )


def beside_the_option(event: received.OrderPlaced) -> documents.Amendments:
    """What an order says that the option it was made of can't know. Its days stay the option's."""
    amendments = documents.Amendments(addresses=_addresses(event))
    if event.tags:
        amendments = amendments.model_copy(update={"tags": event.tags})
    if event.customs_documentation is not None:
        customs = _customs(event.customs_documentation)
        amendments = amendments.model_copy(update={"customs_documentation": customs})
    return amendments


def create_consignment_request(
    event: requested.ConsignmentRequested,
) -> contract.CreateConsignmentRequest:
    """Create Consignment's body; packages as for Create Order."""
    return contract.CreateConsignmentRequest(
        consignment_reference_provided_by_customer=event.consignment_reference_provided_by_customer,
        **_shipment(event),
    )


def pack_order_request(
    picked: received.StockPicked, *, pro_order_reference: str, customer_reference: str
) -> contract.PackOrderRequest:
    """Pack Order's body. `customer_reference` becomes the consignment's own reference.

    Raises ValueError when a package is not complete (no package size, and weight or dimensions
    missing): they have to be worked out from the order's lines before.
    """
    if not all(package.is_complete for package in picked.packages):
        raise ValueError("a picked package has neither a size nor both weight and dimensions")
    return contract.PackOrderRequest(
        order_reference=pro_order_reference,
        order_reference_provided_by_customer=customer_reference,
        generate_return=picked.generate_return,
        packages=tuple(_packed(package) for package in picked.packages),
        meta_data=_metadata(picked.metadata),
        customs_documentation=_customs(picked.customs_documentation),
        tags=picked.tags,
    )


def amendments(event: amending.OrderAmended) -> documents.Amendments:
    """What an amendment changes, in orders and in consignments alike; the direction only orders
    have."""
    given: dict[str, object] = {}
    if event.required_delivery_date is not None:
        given["required_delivery_date"] = _delivery(event.required_delivery_date)
    if event.shipping_date is not None:
        given["shipping_date"] = event.shipping_date
    if event.customs_documentation is not None:
        given["customs_documentation"] = _customs(event.customs_documentation)
    if event.metadata is not None:
        given["meta_data"] = _metadata(event.metadata)
    if event.tags is not None:
        given["tags"] = event.tags
    for name in event.remove:
        given["meta_data" if name == "metadata" else name] = () if name == "tags" else None
    ends: tuple[tuple[parties.Address | None, parts.AddressType], ...] = (
        (event.origin, "Origin"),
        (event.destination, "Destination"),
    )
    addresses = [_address(place, part) for place, part in ends if place is not None]
    addresses += [_other_address(other) for other in event.addresses]
    return documents.Amendments.model_validate({**given, "addresses": tuple(addresses)})


def direction(said: str | None) -> parts.Direction | None:
    """A direction in PRO's words."""
    return None if said is None else "Inbound" if said == "inbound" else "Outbound"


def rejection_from(problem: Problem) -> published.Rejection:
    """PRO's refusal in the words of an outcome event."""
    return published.Rejection(
        source="pro",
        code=problem.code,
        message=problem.message,
        details=tuple(
            published.RejectionDetail(code=d.code, target=d.target, message=d.message)
            for d in problem.details
        ),
        correlation_id=problem.correlation_id,
    )


class _Shipment(TypedDict):
    """What a new order and a new consignment take alike."""

    required_delivery_date: parts.RequiredDeliveryDate | None
    shipping_date: datetime | None
    packages: tuple[parts.Package, ...]
    customs_documentation: parts.CustomsDocumentation | None
    addresses: tuple[parts.Address, ...]
    meta_data: tuple[parts.MetaData, ...] | None
    direction: parts.Direction
    tags: tuple[str, ...] | None


def _shipment(said: goods.Shipment) -> _Shipment:
    delivery = said.required_delivery_date
    return {
        "required_delivery_date": None if delivery is None else _delivery(delivery),
        "shipping_date": said.shipping_date,
        "packages": tuple(_package(package) for package in said.packages),
        "customs_documentation": _customs(said.customs_documentation),
        "addresses": _addresses(said),
        "meta_data": _metadata(said.metadata),
        "direction": "Inbound" if said.direction == "inbound" else "Outbound",
        "tags": said.tags or None,
    }


def _addresses(said: goods.Shipment) -> tuple[parts.Address, ...]:
    return (
        _address(said.origin, "Origin"),
        _address(said.destination, "Destination"),
        *(_other_address(other) for other in said.addresses),
    )


def _package(package: goods.Package) -> parts.Package:
    return parts.Package(
        package_reference_provided_by_customer=package.package_reference,
        weight=_weight(package.full_weight),
        dimensions=_dimensions(package.full_dimensions),
        description=package.full_description,
        value=_money(package.full_value),
        package_size_reference=package.package_size_reference,
        barcode=_barcode(package.barcode),
        meta_data=_metadata(package.metadata),
        items=tuple(_item(item) for item in package.items),
    )


def _item(item: goods.Item) -> parts.Item:
    classification = item.content_classification
    classified = item.content_classification_details
    return parts.Item(
        sku=item.sku,
        model=item.model,
        description=item.description,
        country_of_origin=_country(item.country_of_origin),
        harmonisation_code=item.harmonisation_code,
        weight=parts.Weight(value=item.weight.value),
        dimensions=_box(item.dimensions),
        value=_money(item.value),
        item_reference_provided_by_customer=item.item_reference,
        barcode=_barcode(item.barcode),
        meta_data=_metadata(item.metadata),
        quantity=item.quantity,
        unit=item.unit,
        harmonisation_key_words=item.harmonisation_keywords or None,
        content_classification=None if classification is None else words.pascal(classification),
        content_classification_details=None if classified is None else words.pascal(classified),
    )


def _packed(package: received.PickedPackage) -> contract.PackPackage:
    return contract.PackPackage(
        dimensions=_dimensions(package.dimensions),
        weight=_weight(package.weight),
        package_size_reference=package.package_size_reference,
        items=tuple(
            contract.PackItem(
                sku=item.sku,
                reference=item.pro_reference,
                item_reference_provided_by_customer=item.item_reference,
                quantity=item.quantity,
            )
            for item in package.items
        ),
    )


def _weight(weight: measures.Weight | None) -> parts.Weight | None:
    return None if weight is None else parts.Weight(value=weight.value)


def _dimensions(size: measures.Dimensions | None) -> parts.Dimensions | None:
    return None if size is None else _box(size)


def _box(size: measures.Dimensions) -> parts.Dimensions:
    return parts.Dimensions(width=size.width, length=size.length, height=size.height)


def _money(money: measures.Money) -> parts.Money:
    return parts.Money(amount=money.amount, currency=parts.Currency(iso_code=money.currency))


def _country(country: parties.Country | None) -> parts.Country | None:
    if country is None:
        return None
    return parts.Country(
        name=country.name or None, iso_code=parts.IsoCode(two_letter_code=country.code)
    )


def _address(said: parties.Address, part: parts.AddressType) -> parts.Address:
    place = said.lat_long
    only_location = said.model_fields_set <= {"shipping_location_reference", "type"}
    return parts.Address(
        address_type=part,
        shop_location_reference=said.shop_location_reference,
        contact=None if said.contact is None else _contact(said.contact),
        company_name=said.company_name or None,
        shipping_location_reference=said.shipping_location_reference,
        customer_name=said.customer_name or None,
        address_line1=said.address_line_1 or None,
        address_line2=said.address_line_2 or None,
        address_line3=said.address_line_3 or None,
        town=said.town or None,
        region=said.region or None,
        postcode=said.postcode or None,
        country=_country(said.country),
        region_code=said.region_code or None,
        special_instructions=said.special_instructions or None,
        lat_long=None
        if place is None
        else parts.LatLong(latitude=place.latitude, longitude=place.longitude),
        is_cached=False if only_location else None,
    )


def _other_address(said: parties.OtherAddress) -> parts.Address:
    return _address(said, cast("parts.AddressType", words.pascal(said.type)))


def _contact(said: parties.Contact) -> parts.Contact:
    given = {name: text for name, text in said.model_dump().items() if text}
    return parts.Contact(**given)


def _barcode(said: details.Barcode | None) -> parts.Barcode | None:
    if said is None:
        return None
    return parts.Barcode(code=said.code, barcode_type=words.barcode_type(said.type))


def _metadata(said: Sequence[details.Metadata]) -> tuple[parts.MetaData, ...] | None:
    entries = tuple(
        parts.MetaData(
            key_value=entry.key,
            string_value=entry.string_value,
            int_value=entry.int_value,
            decimal_value=entry.decimal_value,
            date_time_value=entry.date_time_value,
            bool_value=entry.bool_value,
        )
        for entry in said
    )
    return entries or None


def _delivery(said: details.RequiredDeliveryDate) -> parts.RequiredDeliveryDate:
    window = said.delivery_window
    return parts.RequiredDeliveryDate(
        date=said.date,
        delivery_window=None
        if window is None
        else parts.DeliveryWindow(start=window.start, end=window.end, utc_offset=window.utc_offset),
        is_to_be_exactly_on_the_date_specified=said.exactly_on_date,
    )


def _customs(
    said: details.CustomsDocumentation | None,
) -> parts.CustomsDocumentation | None:
    if said is None:
        return None
    given = said.model_dump(exclude_none=True)
    if said.category_type is not None:
        given["category_type"] = words.pascal(said.category_type)
    if said.shipping_terms is not None:
        given["shipping_terms"] = words.shipping_terms(said.shipping_terms)
    return parts.CustomsDocumentation(**given)
