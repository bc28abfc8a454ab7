"""How a consignment is allocated, whichever way it was asked for (RULES 5)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sandbox.answers import Json, consignment_link, legs_json, link
from sandbox.consignments import wrong_state
from sandbox.exchange import Answer, Call
from sandbox.faults import FaultKind, FaultRule
from sandbox.goods import ConsignmentLeg
from sandbox.jobs import action
from sandbox.records import Allocated, Consignment, Failure, total_value
from sandbox.reference_data import SERVICES, CarrierService
from sandbox.state import SandboxState
from sandbox.states import Action, ConsignmentState, is_allowed
from sandbox.words import AddressType, Direction


def allocate(
    call: Call, references: list[str], services: Sequence[CarrierService], group: str | None = None
) -> Answer:
    """Tries the consignments one after another, a summary each."""
    summaries = [attempt(call, reference, services, group) for reference in references]
    taken_up = any(each["StatusCode"] == 202 for each in summaries)
    return Answer(202 if taken_up else 200, summaries)


def attempt(
    call: Call,
    reference: str,
    services: Sequence[CarrierService],
    group: str | None = None,
    *,
    at_once: bool = False,
) -> Json:
    """Gives a consignment the cheapest of the services that fits; its summary.

    `at_once`: although allocations are set to take a while.
    """
    state = call.state
    consignment = state.consignments.get(reference)
    if consignment is None:
        return _summary(404, f"Consignment {reference} was not found.", None)
    fault = call.item_fault(FaultKind.BULK_ITEM_FAILURE, consignment)
    if fault is not None:
        return _summary(fault.status or 500, _text(fault), reference)
    if not is_allowed(Action.ALLOCATE, consignment.state):
        return _summary(400, wrong_state(consignment, Action.ALLOCATE), reference)
    state.enter(consignment, ConsignmentState.ALLOCATING)
    if state.options.allocation_seconds > 0 and not at_once:
        state.schedule(
            state.options.allocation_seconds,
            "settle allocation",
            reference,
            group or "",
            *(each.reference for each in services),
        )
        return _summary(202, "The allocation was taken up", reference)
    _settle(state, consignment, services, group)
    return summary_of(consignment)


def _text(fault: FaultRule) -> str:
    return fault.body if isinstance(fault.body, str) else "Something went wrong."


@action("settle allocation")
def _settle_later(state: SandboxState, arguments: list[str]) -> None:
    reference, group, *services = arguments
    consignment = state.consignments[reference]
    _settle(state, consignment, [SERVICES[each] for each in services], group or None)


def _settle(
    state: SandboxState,
    consignment: Consignment,
    services: Sequence[CarrierService],
    group: str | None,
) -> None:
    """Gives an Allocating consignment the cheapest of the services that fits, or fails it."""
    if consignment.state is not ConsignmentState.ALLOCATING:
        return
    reasons = {each.reference: exclusion_reason(each, consignment) for each in services}
    fitting = [each for each in services if reasons[each.reference] is None]
    if not fitting:
        told = "; ".join(f"{reference}: {reason}" for reference, reason in reasons.items())
        consignment.failed_allocation = Failure(
            state.now, f"No service can take the consignment. {told}"
        )
        state.enter(consignment, ConsignmentState.ALLOCATION_FAILED)
        return
    give(state, consignment, min(fitting, key=lambda each: each.price), group)


def give(
    state: SandboxState, consignment: Consignment, service: CarrierService, group: str | None = None
) -> None:
    """Allocates a consignment to a service; whether it fits is judged before."""
    legs: list[ConsignmentLeg] = []
    legs_of: list[list[ConsignmentLeg]] = [[] for _ in consignment.packages]
    for number, carrier in enumerate(service.carriers, start=1):
        tracking = [state.references.tracking(carrier.prefix) for _ in consignment.packages]
        leg = ConsignmentLeg(
            leg=number,
            tracking_references=tracking,
            carrier_reference=carrier.reference,
            carrier_name=carrier.name,
        )
        legs.append(leg)
        for own, one in zip(legs_of, tracking, strict=True):
            own.append(leg.model_copy(update={"tracking_references": [one]}))
    consignment.packages = [
        package.model_copy(update={"consignment_legs": own})
        for package, own in zip(consignment.packages, legs_of, strict=True)
    ]
    arrives = midnight(leaves(consignment, state.now) + timedelta(days=service.days))
    consignment.allocation = Allocated(service, state.now, legs, arrives, group)
    consignment.allocation_count += 1
    state.enter(consignment, ConsignmentState.ALLOCATED)


def leaves(consignment: Consignment, now: datetime) -> datetime:
    """When the goods go: on their shipping date, if that is still to come."""
    return max(now, (consignment.shipping_date or now).replace(tzinfo=now.tzinfo))


def midnight(moment: datetime) -> datetime:
    """The beginning of a day."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def exclusion_reason(service: CarrierService, consignment: Consignment) -> str | None:
    """Why the service cannot take the consignment; None when it can."""
    missing = set(consignment.tags) - service.tags
    # A consignment with tags goes only to a service that has all of them (RULES 5).
    checks = (
        (service.direction is not consignment.direction, f"is {service.direction.value} only"),
        (_country(consignment) not in service.countries, "does not serve the country"),
        (bool(missing), f"lacks the tags {', '.join(sorted(missing))}"),
        (
            consignment.kilograms > service.max_kilograms,
            f"takes at most {service.max_kilograms:g} Kg",
        ),
        (
            any(
                package.dimensions.longest_centimetres > service.max_longest_centimetres
                for package in consignment.packages
            ),
            f"takes at most {service.max_longest_centimetres:g} Cm",
        ),
        (
            service.max_value is not None
            and total_value(consignment.packages).amount > service.max_value.amount,
            "does not insure the value",
        ),
        (
            _exact_day(consignment) and not service.nominated_day,
            "does not deliver on a day that was asked for",
        ),
    )
    return next((reason for excluded, reason in checks if excluded), None)


def _country(consignment: Consignment) -> str:
    outbound = consignment.direction is Direction.OUTBOUND
    address = consignment.address(AddressType.DESTINATION if outbound else AddressType.ORIGIN)
    return address.country.code if address and address.country else ""


def _exact_day(consignment: Consignment) -> bool:
    wanted = consignment.requested_delivery_date
    return wanted is not None and wanted.is_to_be_exactly_on_the_date_specified


def summary_of(consignment: Consignment) -> Json:
    """The summary of a consignment whose allocation has just been settled."""
    allocation = consignment.allocation
    if allocation is None:
        return _summary(400, "No service can take the consignment", consignment.reference)
    service = allocation.service
    summary = _summary(
        200, f"Allocated to {service.carrier.name} {service.name}", consignment.reference
    )
    summary["ApiLinks"].append(link("label", f"labels/{consignment.reference}"))
    return summary | {
        "ConsignmentLegs": legs_json(allocation.legs),
        "CarrierReference": service.carrier.reference,
        "CarrierName": service.carrier.name,
        "CarrierServiceReference": service.reference,
        "CarrierServiceName": service.name,
    }


def _summary(status: int, description: str, reference: str | None) -> Json:
    return {
        "StatusCode": status,
        "ApiLinks": [consignment_link("detail", reference)] if reference else [],
        "Description": description,
        "ConsignmentLegs": [],
        "CarrierReference": None,
        "CarrierName": None,
        "CarrierServiceReference": None,
        "CarrierServiceName": None,
    }
