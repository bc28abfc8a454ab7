"""Asking for the events of a period; PRO pushes none (RULES 10)."""

import uuid
from collections.abc import Iterator

from sandbox.answers import Json, consignment_link, legs_json, print_part
from sandbox.dates import stamp
from sandbox.errors import Problems
from sandbox.exchange import Answer, Call
from sandbox.records import Consignment, Event
from sandbox.reference_data import ACCOUNT_NAME
from sandbox.requests import ConsignmentEventRequest, ConsignmentStateEventRequest, Period
from sandbox.states import ConsignmentState
from sandbox.validation import read
from sandbox.words import EventKind


def get_consignment_events(call: Call) -> Answer:
    """POST /events/consignments: what happened from Start to End, both included."""
    request = read(ConsignmentEventRequest, call.body)
    _check(request)
    found = [
        (event, number, consignment)
        for consignment in call.state.consignments.values()
        for number, event in enumerate(_events_of(consignment))
        if event.kind in request.event_types and request.start <= event.date <= request.end
    ]
    found.sort(key=lambda each: each[0].date)
    return Answer(200, [_event_json(*each) for each in found])


def get_consignment_state_events(call: Call) -> Answer:
    """POST /events/consignments/stateevents: an entry for each time a wanted state was entered."""
    request = read(ConsignmentStateEventRequest, call.body)
    _check(request)
    found = [
        (when, entered, consignment)
        for consignment in call.state.consignments.values()
        for when, entered in consignment.history
        if entered in request.consignment_states and request.start <= when <= request.end
    ]
    found.sort(key=lambda each: each[0])
    return Answer(200, [_state_json(consignment, entered) for _, entered, consignment in found])


def _check(period: Period) -> None:
    problems = Problems()
    if period.end < period.start:
        problems.add("Invalid", "End", "It is before Start.")
    problems.raise_any()


def _events_of(consignment: Consignment) -> Iterator[Event]:
    yield Event(consignment.created, EventKind.CREATED, consignment.reference)
    yield from consignment.events


def _event_json(event: Event, number: int, consignment: Consignment) -> Json:
    """A ConsignmentEventPayload. The state is the present one."""
    name = f"event {consignment.reference} {number}"
    return {
        "EventId": str(uuid.uuid5(uuid.NAMESPACE_OID, name)),
        "ConsignmentReference": consignment.reference,
        "ConsignmentReferenceProvidedByCustomer": consignment.customer_reference,
        "ConsignmentState": consignment.state.value,
        "EventDetails": {
            "EventType": event.kind.value,
            "Message": None,
            "EventDate": stamp(event.date),
            "User": ACCOUNT_NAME,
            "EventDetails": [{"Detail": event.detail}],
        },
        "Links": [consignment_link("detail", consignment.reference)],
    }


def _state_json(consignment: Consignment, entered: ConsignmentState) -> Json:
    """A ConsignmentPayload. The state is the one that was entered, all else as it is now."""
    allocation = consignment.allocation
    delivered = consignment.entered(ConsignmentState.DELIVERED)
    expected = stamp(allocation.expected_delivery) if allocation else None
    return {
        "ConsignmentReference": consignment.reference,
        "ConsignmentReferenceProvidedByCustomer": consignment.customer_reference,
        "ConsignmentTrackingReference": (
            allocation.legs[0].tracking_references[0] if allocation else None
        ),
        "ConsignmentState": entered.value,
        "Packages": [
            {
                "Reference": package.reference,
                "PickupCode": None,
                "Barcode": print_part(package.barcode),
            }
            for package in consignment.packages
        ],
        "ConsignmentLegs": legs_json(allocation.legs) if allocation else [],
        "CarrierServiceReference": allocation.service.reference if allocation else None,
        "CarrierServiceName": allocation.service.name if allocation else None,
        "EarliestDeliveryDate": expected,
        "LatestDeliveryDate": expected,
        "DateDelivered": stamp(delivered) if delivered else None,
        "PickupCode": None,
    }
