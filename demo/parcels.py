"""A consignment as the outcome topics tell of it. Pure: it is fed with the data of events."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Paper:
    """A stored label or customs document, as `consignment.labelled` tells of it."""

    kind: str
    address: str
    sha256: str


@dataclass
class Parcel:
    """One consignment, as far as it has come."""

    consignment: str
    pick: str = ""
    customer_reference: str = ""
    direction: str = "outbound"
    place: str = ""
    """The shipping location that it leaves, or as a return comes to."""
    allocation_number: int = 1
    carrier: str = ""
    service: str = ""
    service_reference: str = ""
    papers: tuple[Paper, ...] = ()
    manifest: str = ""
    is_cancelled: bool = False

    @property
    def is_labelled(self) -> bool:
        """Whether the papers of its present allocation are there."""
        return bool(self.papers)

    def take(self, topic: str, data: Mapping[str, Any]) -> bool:
        """Take an outcome in; False when it is of an allocation that was taken back."""
        number = data["allocation_number"]
        if number < self.allocation_number:
            return False
        if number > self.allocation_number:
            self.allocation_number = number
            self.carrier = self.service = self.service_reference = ""
            self.papers = ()
        self.pick = data.get("pick_reference") or ""
        self.customer_reference = data["consignment_reference_provided_by_customer"]
        match topic:
            case "consignment.created":
                self.direction = data["direction"]
                self.place = data.get("shipping_location_reference") or ""
            case "consignment.allocated":
                self.carrier = data["carrier"].get("name") or ""
                self.service = data["carrier_service"].get("name") or ""
                self.service_reference = data["carrier_service"].get("reference") or ""
            case "consignment.labelled":
                told = [{**data["labels"], "kind": "label"}, *data["customs_documents"]]
                self.papers = tuple(
                    Paper(paper["kind"], paper["address"], paper["sha256"]) for paper in told
                )
            case "consignment.manifested":
                self.manifest = data["manifest_reference"]
            case "consignment.cancelled":
                self.is_cancelled = True
        return True
