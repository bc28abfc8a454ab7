"""What changes about an order: `order.amended`, and what came of it."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, model_validator

from service.events.cancelling import References
from service.events.details import CustomsDocumentation, MetadataList, RequiredDeliveryDate
from service.events.goods import Tags
from service.events.parties import OtherAddress, Place
from service.events.published import Count, OrderOutcome, Rejection
from service.events.said import Event, Reference, Time, refuse
from service.events.topics import EventType

CHANGEABLE = (
    "required_delivery_date",
    "shipping_date",
    "customs_documentation",
    "metadata",
    "tags",
    "direction",
    "origin",
    "destination",
    "addresses",
)
FIXED = ("packages", "items", "source", "allocation", "delivery_option_reference")
"""An amendment that names one of these is rejected: PRO would ignore it."""

Removable = Literal[
    "required_delivery_date", "shipping_date", "customs_documentation", "metadata", "tags"
]
_FIXED = "Can't be amended: with it the amendment is rejected."


class OrderAmended(Event):
    """Something about an order has changed that is not its goods. `order.amended`, key:
    `order_reference`.

    What is given replaces what was there, whole; what is left out stays; what `remove` names is
    taken away. `version` grows with every amendment of an order: an older one that comes after a
    newer one was applied is rejected. `addresses` replaces those of the types it names.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [{"required": [name]} for name in (*CHANGEABLE, *FIXED, "remove")]
        }
    )
    event_type: ClassVar[EventType] = EventType.ORDER_AMENDED

    order_reference: Reference
    version: Annotated[int, Field(ge=1, le=2**31 - 1)]
    required_delivery_date: RequiredDeliveryDate | None = None
    shipping_date: Time | None = None
    customs_documentation: CustomsDocumentation | None = None
    metadata: MetadataList | None = None
    tags: Tags | None = None
    direction: Literal["outbound", "inbound"] | None = None
    origin: Place | None = None
    destination: Place | None = None
    addresses: Annotated[tuple[OtherAddress, ...], Field(strict=False, max_length=4)] = ()
    remove: Annotated[tuple[Removable, ...], Field(strict=False, max_length=5)] = ()
    packages: Any = Field(default=None, description=_FIXED)
    items: Any = Field(default=None, description=_FIXED)
    source: Any = Field(default=None, description=_FIXED)
    allocation: Any = Field(default=None, description=_FIXED)
    delivery_option_reference: Any = Field(default=None, description=_FIXED)

    @model_validator(mode="after")
    def _says_what(self) -> "OrderAmended":
        given = [name for name in (*CHANGEABLE, *FIXED) if getattr(self, name) not in (None, ())]
        given += [name for name in ("metadata", "tags") if getattr(self, name) == ()]
        if not given and not self.remove:
            raise refuse("amendment", "names nothing to amend")
        if set(given) & set(self.remove):
            raise refuse("remove", "names a field that is given too")
        types = [address.type for address in self.addresses]
        if len(types) != len(set(types)):
            raise refuse("addresses", "addresses names the same type twice")
        place = self.destination
        if place and not place.shipping_location_reference and not place.contact:
            raise refuse("contact", "destination needs a contact: the person who gets the parcel")
        return self

    @property
    def fixed(self) -> tuple[str, ...]:
        """What it names that can't be amended."""
        return tuple(name for name in FIXED if getattr(self, name) is not None)

    @property
    def kafka_key(self) -> str:
        """`order_reference`"""
        return self.order_reference


class OrderAmendmentApplied(OrderOutcome):
    """PRO has the order as amended, and so are the `consignments` that were packed of it."""

    event_type: ClassVar[EventType] = EventType.ORDER_AMENDMENT_APPLIED
    version: Count
    consignments: References = ()


class OrderAmendmentRejected(OrderOutcome):
    """The order stays as it is, and so does what is packed of it."""

    event_type: ClassVar[EventType] = EventType.ORDER_AMENDMENT_REJECTED
    version: Count
    rejection: Rejection
