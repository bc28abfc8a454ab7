"""What carriers saw on the way: scans by package, with and without legs (RULES 4.1)."""

from collections.abc import Callable

from sandbox.answers import Json
from sandbox.dates import stamp
from sandbox.exchange import Answer, Call
from sandbox.goods import Package
from sandbox.records import Consignment, Scan

ScansOf = Callable[[Consignment, Package], Json]


def get_tracking(call: Call) -> Answer:
    """GET /tracking/{consignmentReference}: before an allocation there are no legs."""
    return _answer(call, lambda consignment, package: {"Legs": _legs(consignment, package)})


def get_tracking_flattened(call: Call) -> Answer:
    """GET /tracking/flattened/{consignmentReference}: the oldest scan first."""
    return _answer(call, lambda consignment, _: {"Events": _flat(consignment)})


def _answer(call: Call, scans_of: ScansOf) -> Answer:
    consignment = call.state.consignment(call.parameters["consignmentReference"])
    return Answer(
        200,
        {
            "ConsignmentReferenceForAllLegsAssignedByMpd": consignment.reference,
            "TrackedPackages": [
                {"PackageReferenceForAllLegsAssignedByMpd": package.reference}
                | scans_of(consignment, package)
                for package in consignment.packages
            ],
        },
    )


def _legs(consignment: Consignment, package: Package) -> list[Json]:
    return [
        {
            "CarrierServiceName": _service_name(consignment),
            "Events": [_scan(each) for each in consignment.scans if each.leg == leg.leg],
        }
        for leg in package.consignment_legs
    ]


def _flat(consignment: Consignment) -> list[Json]:
    name = _service_name(consignment)
    return [_scan(each) | {"CarrierServiceName": name} for each in consignment.scans]


def _service_name(consignment: Consignment) -> str | None:
    return consignment.allocation.service.name if consignment.allocation else None


def _scan(scan: Scan) -> Json:
    return {
        "TimeStamp": stamp(scan.date),
        "Code": scan.code,
        "Description": scan.description,
        "SignedBy": scan.signed_by,
        "Location": scan.location,
    }
