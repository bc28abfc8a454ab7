"""What other systems ask for beside orders: `consignment.requested`."""

from typing import ClassVar

from service.events.goods import Shipment
from service.events.said import Reference
from service.events.topics import EventType


class ConsignmentRequested(Shipment):
    """A consignment without an order. `consignment.requested`, key:
    `consignment_reference_provided_by_customer`, which nothing else may bear: no order, no other
    consignment in PRO. By it a lost answer is looked up."""

    event_type: ClassVar[EventType] = EventType.CONSIGNMENT_REQUESTED

    consignment_reference_provided_by_customer: Reference

    @property
    def kafka_key(self) -> str:
        """`consignment_reference_provided_by_customer`"""
        return self.consignment_reference_provided_by_customer
