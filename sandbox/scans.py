"""Playing the carrier: scans that take a consignment on its way. Not PRO's, a means to test."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from sandbox.records import Scan
from sandbox.state import SandboxState
from sandbox.states import BY_CARRIERS, SCANNED_FROM, ConsignmentState


class NewScan(BaseModel):
    """A scan as it is posted."""

    model_config = ConfigDict(extra="forbid")

    consignment_reference: str
    state: ConsignmentState
    """One that carriers bring about, such as Delivered."""
    description: str | None = None
    location: str | None = None
    signed_by: str | None = None
    leg: Annotated[int, Field(ge=1)] = 1


def scan(state: SandboxState, new: NewScan) -> None:
    """Takes a consignment into the state that its carrier says; a ValueError if it cannot be."""
    consignment = state.consignments.get(new.consignment_reference)
    if consignment is None:
        raise ValueError(f"no consignment {new.consignment_reference}")
    if new.state not in BY_CARRIERS:
        raise ValueError(f"{new.state.value} does not come from a scan")
    allocation = consignment.allocation
    if consignment.state not in SCANNED_FROM or allocation is None:
        raise ValueError(f"no carrier has it: it is {consignment.state.value}")
    if new.leg > len(allocation.legs):
        raise ValueError(f"its journey has {len(allocation.legs)} legs")
    told = new.description or f"The consignment is {new.state.value}."
    consignment.scans.append(
        Scan(state.now, new.state.value, told, new.location, new.signed_by, new.leg)
    )
    state.enter(consignment, new.state)
