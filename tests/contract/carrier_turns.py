"""A call of each operation that a carrier has a part in, for the test that gives each its turn."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from .caller import Caller, Clock, changed
from .samples import ORDER, PACK

TO_FRANCE = [
    ORDER["Addresses"][0],
    ORDER["Addresses"][1] | {"Country": {"IsoCode": {"TwoLetterCode": "FR"}}},
]


async def abroad(pro: Caller, **changes: Any) -> str:
    """A consignment to France, allocated."""
    reference = await pro.pack(await pro.order(Addresses=TO_FRANCE), Tags=[], **changes)
    assert (await pro.allocate(reference))[0]["StatusCode"] == 200
    return reference


def package_of(pro: Caller, reference: str) -> str:
    """The EP- reference of a consignment's first package."""
    return pro.state.consignments[reference].packages[0].reference or ""


async def _group(pro: Caller) -> object:
    path = f"/allocation/{await pro.pack()}/allocatewithservicegroup/UK_STANDARD"
    return await pro.good("PUT", path)


async def _many_with_group(pro: Caller) -> object:
    body = {
        "ConsignmentReferences": [await pro.pack()],
        "MpdCarrierServiceGroupReference": "UK_STANDARD",
    }
    return await pro.good("PUT", "/allocation/allocatewithservicegroup", body)


async def _cheapest(pro: Caller) -> object:
    return await pro.good("PUT", f"/allocation/{await pro.pack()}/allocatewithcheapestquote")


async def _quote(pro: Caller) -> object:
    reference = await pro.pack()
    quotes = await pro.good("GET", f"/quotes/consignment/{reference}")
    quote = quotes["Quotes"][0]["QuoteReference"]
    return await pro.good("PUT", f"/allocation/{reference}/allocatewithquote/{quote}")


async def _filters(pro: Caller) -> object:
    body = {"ConsignmentReferences": [await pro.pack()], "Filters": {"IsPickup": True}}
    path = "/allocation/allocateConsignmentsWithServiceFilters"
    return await pro.good("PUT", path, body)


async def _package_label(pro: Caller) -> object:
    reference = await pro.allocated()
    return await pro.good("GET", f"/labels/package/{reference}/{package_of(pro, reference)}")


async def _package_label_as_zpl(pro: Caller) -> object:
    reference = await pro.allocated()
    path = f"/labels/package/{reference}/{package_of(pro, reference)}/zpl"
    return await pro.good("GET", path)


async def _documents(pro: Caller) -> object:
    return await pro.good("GET", f"/consignments/docs/{await abroad(pro)}")


async def _invoice(pro: Caller) -> object:
    return await pro.good("GET", f"/consignments/docs/commercialinvoice/{await abroad(pro)}")


async def _document(pro: Caller) -> object:
    reference = await abroad(pro)
    package = package_of(pro, reference)
    return await pro.good("GET", f"/consignments/docs/CN22/{reference}/{package}")


async def _labelled(pro: Caller) -> object:
    return await pro.good("PUT", f"/allocation/{await pro.pack()}/labels/pdf")


async def _labelled_by(pro: Caller, way: str) -> object:
    return await pro.good("PUT", f"/allocation/{await pro.pack()}/{way}/labels/zpl")


async def _labelled_by_service(pro: Caller) -> object:
    return await _labelled_by(pro, "carrierservice/NL_P24")


async def _labelled_by_group(pro: Caller) -> object:
    return await _labelled_by(pro, "servicegroup/UK_STANDARD")


async def _labelled_by_quote(pro: Caller) -> object:
    reference = await pro.pack()
    quotes = await pro.good("GET", f"/quotes/consignment/{reference}")
    quote = quotes["Quotes"][0]["QuoteReference"]
    return await pro.good("PUT", f"/allocation/{reference}/quote/{quote}/labels/PNG")


async def _labels_at_300_dpi(pro: Caller) -> object:
    return await pro.good("GET", f"/labels/{await pro.allocated()}/zpl/300")


async def _package_label_at_300_dpi(pro: Caller) -> object:
    reference = await pro.allocated()
    path = f"/labels/package/{reference}/{package_of(pro, reference)}/png/300"
    return await pro.good("GET", path)


async def manifested(pro: Caller) -> str:
    """A consignment whose carrier was told of it."""
    reference = await pro.allocated()
    await pro.good("PUT", "/consignments/manifest", {"ConsignmentReferences": [reference]})
    clock = pro.state.options.clock
    assert isinstance(clock, Clock)
    clock.forward(60)
    return reference


async def _manifests(pro: Caller) -> object:
    await manifested(pro)
    return await pro.good("GET", "/consignments/customer/manifests")


async def _manifest(pro: Caller) -> object:
    await manifested(pro)
    (file,) = await pro.good("GET", "/consignments/customer/manifests")
    path = f"/consignments/customer/manifest/{file['ManifestReference']}"
    return await pro.good("GET", path)


async def _tracking(pro: Caller) -> object:
    return await pro.good("GET", f"/tracking/{await pro.allocated()}")


async def _flat_tracking(pro: Caller) -> object:
    return await pro.good("GET", f"/tracking/flattened/{await pro.allocated()}")


PERIOD = {"Start": "2026-03-02T00:00:00Z", "End": "2026-03-03T00:00:00+00:00"}


async def _events(pro: Caller) -> object:
    await pro.pack()
    body = PERIOD | {"EventTypes": ["ConsignmentCreated"]}
    return await pro.good("POST", "/events/consignments", body)


async def _state_events(pro: Caller) -> object:
    await pro.allocated()
    body = PERIOD | {"ConsignmentStates": ["Allocated"]}
    return await pro.good("POST", "/events/consignments/stateevents", body)


TURNS: Mapping[str, Callable[[Caller], Awaitable[object]]] = {
    "allocateWithServiceGroup": _group,
    "allocateManyWithServiceGroup": _many_with_group,
    "allocateCheapestQuote": _cheapest,
    "allocateWithQuote": _quote,
    "allocateWithServiceFilters": _filters,
    "getPackageLabel": _package_label,
    "getPackageLabelInFormat": _package_label_as_zpl,
    "getCustomsDocuments": _documents,
    "getCommercialInvoice": _invoice,
    "getCustomsDocument": _document,
    "allocateAndGetLabels": _labelled,
    "allocateWithServiceAndGetLabels": _labelled_by_service,
    "allocateWithGroupAndGetLabels": _labelled_by_group,
    "allocateWithQuoteAndGetLabels": _labelled_by_quote,
    "getLabelsInResolution": _labels_at_300_dpi,
    "getPackageLabelInResolution": _package_label_at_300_dpi,
    "getCustomerManifests": _manifests,
    "getCustomerManifest": _manifest,
    "getTracking": _tracking,
    "getTrackingFlattened": _flat_tracking,
    "getConsignmentEvents": _events,
    "getConsignmentStateEvents": _state_events,
}


def packed(kilograms: float, **changes: Any) -> dict[str, Any]:
    """Changes of a pick for its one package."""
    package = PACK["Packages"][0] | {"Weight": {"Value": kilograms, "Unit": "Kg"}}
    return {"Packages": [changed(package, changes)]}
