"""Searching consignments (RULES 4.4): all criteria must match, names are read case-blind."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time, timedelta
from types import MappingProxyType

from sandbox.answers import summary_json
from sandbox.dates import read_loose
from sandbox.errors import Code, Detail, Refusal
from sandbox.exchange import Answer, Call
from sandbox.records import Consignment, total_value
from sandbox.state import SandboxState
from sandbox.states import ConsignmentState
from sandbox.words import AddressType

Test = Callable[[Consignment, str], bool]


def search_consignments(call: Call) -> Answer:
    """GET /consignments/{take}/{skip}. Nothing found is an empty 200."""
    take, skip = int(call.parameters["take"]), int(call.parameters["skip"])
    if take < 1:
        raise _invalid("take", "must be 1 or more")
    found = _matching(call)
    return Answer(
        200,
        {
            # Of all matches: whether PRO counts these or the page's is not said.
            "Count": len(found),
            "ConsignmentSummaries": [summary_json(each) for each in found[skip : skip + take]],
        },
    )


def search_references(call: Call) -> Answer:
    """GET /consignments/getConsignmentReferences; no paging is known."""
    return Answer(200, [each.reference for each in _matching(call)])


def is_searchable(state: SandboxState, consignment: Consignment) -> bool:
    """Whether searches know it yet: a just-made one may be missing for a while (RULES 4.4)."""
    return consignment.created + timedelta(seconds=state.search_lag_seconds) <= state.now


def _matching(call: Call) -> list[Consignment]:
    found = [each for each in call.state.consignments.values() if is_searchable(call.state, each)]
    # PRO does not state an order. The newest come first here, so that what is made while
    # somebody pages shifts the pages and whoever does not drop repeats is found out.
    found.reverse()
    for name, values in call.query.items():
        wanted = [value for value in values if value]
        _check(name, wanted)
        test = FILTERS.get(name)
        if test is not None and wanted:
            found = [each for each in found if any(test(each, value) for value in wanted)]
    return found


def _check(name: str, wanted: list[str]) -> None:
    """400 for a value that cannot be read, whatever there is to search."""
    readers = [reader for names, reader in _READERS if names.fullmatch(name)]
    try:
        for reader in readers:
            for value in wanted:
                reader(value)
    except ValueError:
        raise _invalid(name, "cannot be read") from None


def _invalid(target: str, message: str) -> Refusal:
    detail = Detail("Invalid", target, message)
    return Refusal(400, Code.VALIDATION, "The request is not valid.", [detail])


def _same(value_of: Callable[[Consignment], str | None]) -> Test:
    return lambda each, wanted: (value_of(each) or "").casefold() == wanted.casefold()


def _carrier(consignment: Consignment) -> str | None:
    return consignment.allocation.service.carrier.reference if consignment.allocation else None


def _carriers(consignment: Consignment, wanted: str) -> bool:
    return _carrier(consignment) in [each.strip() for each in wanted.split(",")]


def _true_or_false(text: str) -> bool:
    if text.casefold() not in ("true", "false"):
        raise ValueError(text)
    return text.casefold() == "true"


def _of_form(form: str) -> Callable[[str], object]:
    pattern = re.compile(form, re.ASCII)

    def read(text: str) -> None:
        if not pattern.fullmatch(text):
            raise ValueError(text)

    return read


_READERS: Sequence[tuple[re.Pattern[str], Callable[[str], object]]] = (
    (re.compile("startfrom|endat|.*date(from|to)"), read_loose),
    (
        re.compile("weightinkg(from|to)|value(from|to)"),
        _of_form(r"[+-]?\d{1,15}(\.\d{1,15})?([eE][+-]?\d{1,2})?"),
    ),
    (
        re.compile("weightingrams(from|to)|pagesize|startpage|creference|preference"),
        _of_form(r"[+-]?\d{1,19}"),
    ),
    (re.compile("labelsprinted"), _true_or_false),
)
"""How the values of a query are read, by its name in lower case; the others are text."""


def _tracking(consignment: Consignment, wanted: str) -> bool:
    legs = consignment.allocation.legs if consignment.allocation else []
    return any(wanted in leg.tracking_references for leg in legs)


def _destination(name: str) -> Callable[[Consignment], str | None]:
    def value(consignment: Consignment) -> str | None:
        address = consignment.address(AddressType.DESTINATION)
        found: str | None = getattr(address, name) if address else None
        return found

    return value


def _destination_country(consignment: Consignment) -> str | None:
    address = consignment.address(AddressType.DESTINATION)
    return address.country.code if address and address.country else None


def _postcode(consignment: Consignment, wanted: str) -> bool:
    bare = wanted.replace(" ", "").casefold()
    return any(
        (address.postcode or "").replace(" ", "").casefold() == bare
        for address in consignment.addresses
        if address.address_type in (AddressType.ORIGIN, AddressType.DESTINATION)
    )


def wall_time(moment: datetime) -> datetime:
    """Without its offset, so that dates with and without one can be compared by the clock."""
    return moment.replace(tzinfo=None)


def end_of(moment: datetime) -> datetime:
    """The end of the day for a bare day, else the moment: an upper bound takes in its day."""
    bare = wall_time(moment)
    return bare + timedelta(days=1, microseconds=-1) if bare.time() == time.min else bare


def _since(value_of: Callable[[Consignment], datetime | None]) -> Test:
    def test(consignment: Consignment, wanted: str) -> bool:
        bound, value = wall_time(read_loose(wanted)), value_of(consignment)
        return value is not None and wall_time(value) >= bound

    return test


def _until(value_of: Callable[[Consignment], datetime | None]) -> Test:
    def test(consignment: Consignment, wanted: str) -> bool:
        bound, value = end_of(read_loose(wanted)), value_of(consignment)
        return value is not None and wall_time(value) <= bound

    return test


def _created(consignment: Consignment) -> datetime | None:
    return consignment.created


def _shipping_date(consignment: Consignment) -> datetime | None:
    return consignment.shipping_date


def _requested(consignment: Consignment) -> datetime | None:
    wanted = consignment.requested_delivery_date
    return wanted.date if wanted else None


def _shipped(consignment: Consignment) -> datetime | None:
    return consignment.entered(ConsignmentState.DISPATCHED)


def _scheduled(consignment: Consignment) -> datetime | None:
    return consignment.allocation.expected_delivery if consignment.allocation else None


def _package(consignment: Consignment, wanted: str) -> bool:
    names = [
        name.casefold()
        for each in consignment.packages
        for name in (each.reference, each.package_reference_provided_by_customer)
    ]
    return wanted.casefold() in names


def _anywhere(consignment: Consignment, wanted: str) -> bool:
    """What a search term is held against is not said: here, what people would type."""
    destination = consignment.address(AddressType.DESTINATION)
    contact = destination.contact if destination else None
    texts = (
        consignment.reference,
        consignment.customer_reference,
        destination.town if destination else None,
        destination.postcode if destination else None,
        contact.last_name if contact else None,
    )
    term = wanted.casefold()
    return _tracking(consignment, wanted) or any(term in (each or "").casefold() for each in texts)


FILTERS: Mapping[str, Test] = MappingProxyType(
    {
        "reference": _same(lambda each: each.reference),
        "referenceprovidedbycustomer": _same(lambda each: each.customer_reference),
        "state": _same(lambda each: each.state.value),
        "direction": _same(lambda each: each.direction.value),
        "source": _same(lambda each: each.source.value),
        "shippinglocationreference": _same(lambda each: each.shipping_location),
        "carriers": _carriers,
        "carrierservice": _same(
            lambda each: each.allocation.service.reference if each.allocation else None
        ),
        "labelsprinted": lambda each, wanted: (
            (each.labels_first_printed is not None) is _true_or_false(wanted)
        ),
        "trackingreference": _tracking,
        "postcode": _postcode,
        "destinationcountrycode": _same(_destination_country),
        "destinationregion": _same(_destination("region")),
        "weightinkgfrom": lambda each, wanted: each.kilograms >= float(wanted),
        "weightinkgto": lambda each, wanted: each.kilograms <= float(wanted),
        "weightingramsfrom": lambda each, wanted: each.kilograms * 1000 >= float(wanted),
        "weightingramsto": lambda each, wanted: each.kilograms * 1000 <= float(wanted),
        "startfrom": _since(_created),
        "endat": _until(_created),
        "createddatefrom": _since(_created),
        "createddateto": _until(_created),
        "shippingdatefrom": _since(_shipping_date),
        "shippingdateto": _until(_shipping_date),
        "shippeddatefrom": _since(_shipped),
        "shippeddateto": _until(_shipped),
        "scheduleddeliverydatefrom": _since(_scheduled),
        "scheduleddeliverydateto": _until(_scheduled),
        "valuefrom": lambda each, wanted: total_value(each.packages).amount >= float(wanted),
        "valueto": lambda each, wanted: total_value(each.packages).amount <= float(wanted),
        "consignmentnumber": _same(lambda each: each.reference),
        "packagenumber": _package,
        "searchterm": _anywhere,
        "requesteddeliverydatefrom": _since(_requested),
        "requesteddeliverydateto": _until(_requested),
    }
)
"""By query name in lower case. Names that are not here are read over."""
