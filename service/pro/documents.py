"""Orders and consignments as PRO told them, to change a part and send the whole back.

PRO's updates replace: a field that is absent is wiped (RULES 3.3, 4.3). So the answer is kept as it
came, with fields that we don't know; what is named is changed, and all goes back but what only
answers hold. Nothing here asks PRO, and every change gives a new document.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Self, TypeVar, cast

from service.events import exact_json
from service.pro.answers import Consignment
from service.pro.order_answers import Order
from service.pro.parts import (
    Address,
    AddressType,
    CustomsDocumentation,
    MetaData,
    RequiredDeliveryDate,
    Sent,
)
from service.pro.problems import UnreadableAnswer

Fields = Mapping[str, object]


@dataclass(frozen=True)
class Document:
    """An answer of PRO: `fields` by PRO's own names. Its repr tells nobody's address."""

    fields: Fields = field(repr=False)

    REFERENCE: ClassVar[str]
    DELIVERY_DATE: ClassVar[str]
    """The wanted delivery day, which has two names (RULES 4.3)."""
    NOT_SENT: ClassVar[frozenset[str]]
    """What only answers hold, and what an update ignores."""
    NOT_SENT_OF_PACKAGES: ClassVar[frozenset[str]] = frozenset()

    @property
    def reference(self) -> str:
        """PRO's reference of it."""
        return str(self.fields[self.REFERENCE])

    @property
    def addresses(self) -> Sequence[Fields]:
        """Its addresses, field by field."""
        return cast("Sequence[Fields]", self.fields["Addresses"])

    def to_json(self) -> bytes:
        """The exact body of an update."""
        sent = _without(self.fields, self.NOT_SENT)
        packages = sent.get("Packages")
        if isinstance(packages, list):
            sent["Packages"] = [_without(each, self.NOT_SENT_OF_PACKAGES) for each in packages]
        return exact_json.dumps(sent).encode("ascii")

    def changed(self, changes: Fields) -> Self:
        """The same with other values under these names."""
        return type(self)({**self.fields, **changes})


class OrderDocument(Document):
    """`GET /orders/{ref}`; `update_order` sends it back."""

    REFERENCE = "OrderReference"
    DELIVERY_DATE = "RequiredDeliveryDate"
    NOT_SENT = frozenset(
        {
            *("DeliveryOptionReference", "DateCreated", "EarliestDeliveryDate"),
            *("LatestDeliveryDate", "Weight", "Value", "Source", "Packages"),
        }
    )

    @property
    def order(self) -> Order:
        """What we decide by."""
        return Order.model_validate(self.fields)


class ConsignmentDocument(Document):
    """`GET /consignments/{ref}`; `update_consignment` sends it back."""

    REFERENCE = "Reference"
    DELIVERY_DATE = "RequestedDeliveryDate"
    NOT_SENT = frozenset(
        {
            *("ConsignmentState", "CustomerReference", "Source", "DateCreated", "Direction"),
            *("EarliestDeliveryDate", "LatestDeliveryDate", "CollectionDate", "DateCollected"),
            *("DateShipped", "DateDelivered", "DateReturned", "FirstAttemptedDeliveryDate"),
            *("AttemptedDeliveryDate", "Weight", "Value", "ConsignmentLegs", "Allocation"),
            *("FailedAllocation", "LabelCount", "LabelsPrinted", "DateLabelsWereFirstPrinted"),
            *("IsLate", "LateForCustomer", "LocationInformation"),
        }
    )
    NOT_SENT_OF_PACKAGES = frozenset({"ConsignmentLegs", "Charges"})

    @property
    def consignment(self) -> Consignment:
        """What we decide by."""
        return Consignment.model_validate(self.fields)


D = TypeVar("D", bound=Document)


def order_document(body: bytes, order_reference: str) -> OrderDocument:
    """Read an order. Raises UnreadableAnswer, or pydantic's error, where it isn't this one."""
    document = OrderDocument(_object(body, "Addresses"))
    _check(order_reference, document.order.order_reference)
    return document


def consignment_document(body: bytes, consignment_reference: str) -> ConsignmentDocument:
    """Read a consignment. Raises UnreadableAnswer, or pydantic's error, where it isn't this one,
    or where sending it back would wipe its packages or addresses."""
    document = ConsignmentDocument(_object(body, "Addresses", "Packages"))
    _check(consignment_reference, document.consignment.reference)
    return document


def _object(body: bytes, *lists: str) -> Fields:
    said = exact_json.loads(body)
    if not isinstance(said, dict) or not all(isinstance(said.get(name), list) for name in lists):
        raise UnreadableAnswer(f"no object with {', '.join(lists)}")
    return said


def _without(fields: Fields, names: frozenset[str]) -> dict[str, object]:
    return {name: said for name, said in fields.items() if name not in names}


def _check(asked: str, told: str) -> None:
    if told != asked:
        raise UnreadableAnswer("it is about another reference")


class Amendments(Sent):
    """What shall be different in an order or a consignment.

    A field that is not set stays as it is, None wipes it, and a value replaces it whole; of the
    addresses only those of the types named here are replaced.
    """

    required_delivery_date: RequiredDeliveryDate | None = None
    shipping_date: datetime | None = None
    customs_documentation: CustomsDocumentation | None = None
    meta_data: tuple[MetaData, ...] | None = None
    tags: tuple[str, ...] = ()
    """None of them is the empty tuple: PRO keeps what is absent."""
    addresses: tuple[Address, ...] = ()


def with_amendments(document: D, amendments: Amendments) -> D:
    """Change just what the amendments set."""
    said = cast("dict[str, object]", exact_json.loads(amendments.to_json()))
    changes: dict[str, object] = {}
    for name in amendments.model_fields_set - {"addresses"}:
        wire = str(Amendments.model_fields[name].alias)
        own = document.DELIVERY_DATE if name == "required_delivery_date" else wire
        changes[own] = said.get(wire)
    amended = document.changed(changes)
    for address in amendments.addresses:
        amended = with_address(amended, address)
    return amended


def with_address(document: D, address: Address) -> D:
    """Put the address in the place of the one of its type, or behind all where there is none."""
    new = cast("Fields", exact_json.loads(address.to_json()))
    kept: list[Fields] = []
    placed = False
    for old in document.addresses:
        if old["AddressType"] != address.address_type:
            kept.append(old)
        elif not placed:
            kept.append(new)
            placed = True
    return document.changed({"Addresses": kept if placed else [*kept, new]})


def with_origin(document: D, shipping_location_reference: str) -> D:
    """Let it leave from this shipping location."""
    return _with_location(document, "Origin", shipping_location_reference)


def with_destination_location(document: D, shipping_location_reference: str) -> D:
    """Let it go to this shipping location, as an inbound return does."""
    return _with_location(document, "Destination", shipping_location_reference)


def origin_location_of(document: Document) -> str | None:
    """The shipping location it leaves from; None where PRO names none, or several addresses."""
    return _location(document, "Origin")


def destination_location_of(document: Document) -> str | None:
    """The shipping location it goes to; None where PRO names none, or several addresses."""
    return _location(document, "Destination")


def _with_location(document: D, part: AddressType, location: str) -> D:
    address = Address(address_type=part, shipping_location_reference=location, is_cached=False)
    return with_address(document, address)


def _location(document: Document, part: AddressType) -> str | None:
    of_part = [address for address in document.addresses if address["AddressType"] == part]
    said = of_part[0].get("ShippingLocationReference") if len(of_part) == 1 else None
    return said if isinstance(said, str) and said else None
