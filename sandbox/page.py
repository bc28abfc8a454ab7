"""What the sandbox holds, as a page for people. Not PRO's: no key is asked for."""

from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from sandbox.calls import CallRecord
from sandbox.dates import stamp
from sandbox.faults import ActiveFault
from sandbox.label_files import contents_of, pdf_file
from sandbox.markup import STYLE, Html, joined, table, tag
from sandbox.records import Consignment, Order
from sandbox.state import SandboxState
from sandbox.states import PASSING, Action, ConsignmentState, is_allowed
from sandbox.words import AddressType

SHOWN = 100
"""Lines of each table, the newest first."""
_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


def routes(state: SandboxState) -> list[Route]:
    """The page and the labels that it links to."""
    page = _Page(state)
    return [
        Route("/sandbox", page.show),
        Route("/sandbox/labels/{reference}.pdf", page.label),
    ]


class _Page:
    def __init__(self, state: SandboxState) -> None:
        self._state = state

    async def show(self, request: Request) -> Response:
        self._state.settle()
        wanted = request.query_params.get("find", "").strip()
        return HTMLResponse(_document(self._state, wanted), headers=_HEADERS)

    async def label(self, request: Request) -> Response:
        # Looking at a label here is not printing it: nothing on the consignment changes.
        self._state.settle()
        consignment = self._state.consignments.get(request.path_params["reference"])
        if consignment is None or not _has_label(consignment):
            return PlainTextResponse("There is no such label.\n", 404, headers=_HEADERS)
        content = pdf_file(contents_of(consignment))
        return Response(content, media_type="application/pdf", headers=_HEADERS)


def _document(state: SandboxState, wanted: str) -> str:
    sections = (
        _section("Faults switched on", "faults", _faults(state)),
        _section("Consignments", "consignments", _consignments(state, wanted)),
        _section("Orders", "orders", _orders(state, wanted)),
        _section("Calls", "calls", _calls(state, wanted)),
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", "PRO sandbox"),
        tag("style", Html(STYLE)),
    )
    body = tag("body", _header(state, wanted), tag("main", *sections))
    return "<!doctype html>" + tag("html", head, body, lang="en")


def _header(state: SandboxState, wanted: str) -> Html:
    kept = state.options.state_file
    told = f"Kept in {kept}." if kept else "Kept in memory: gone when the sandbox stops."
    field = tag("input", type="search", name="find", id="find", value=wanted)
    return tag(
        "header",
        tag("h1", "PRO sandbox"),
        tag(
            "p",
            f"{len(state.orders)} orders, {len(state.consignments)} consignments, "
            f"{len(state.calls)} calls. {told} Nothing here reaches a carrier. Times are UTC.",
            class_="soft",
        ),
        tag(
            "form",
            tag("label", "Reference, state or service", for_="find"),
            field,
            tag("button", "Find"),
            *([tag("a", "Show all", href="/sandbox")] if wanted else []),
            action="/sandbox",
            role="search",
        ),
    )


def _section(title: str, name: str, *content: Html) -> Html:
    return tag("section", tag("h2", title, id=name), *content)


def _newest(found: list[Any], wanted: str) -> tuple[list[Any], Html]:
    more = len(found) - SHOWN
    note = tag("p", f"The newest {SHOWN}; {more} more.", class_="soft") if more > 0 else Html()
    if wanted:
        note = joined(tag("p", f"Those with “{wanted}”: {len(found)}.", class_="soft"), note)
    return found[::-1][:SHOWN], note


def _matches(wanted: str, *texts: str | None) -> bool:
    return any(wanted.casefold() in (text or "").casefold() for text in texts)


def _faults(state: SandboxState) -> Html:
    heads = ("Operation", "Kind", "For", "Details", "Fired")
    return table("Faults", heads, [_fault_row(each) for each in state.faults.listing()])


def _fault_row(fault: ActiveFault) -> tuple[str, ...]:
    rule = fault.rule
    told = rule.model_dump(mode="json", exclude_defaults=True)
    match = told.pop("match", {})
    for name in ("operation", "kind", "times"):
        told.pop(name, None)
    most = f" of {rule.times}" if rule.times else ""
    return (
        "every one" if rule.operation == "*" else rule.operation,
        rule.kind.value,
        _pairs(match),
        _pairs(told),
        f"{fault.fired}{most}",
    )


def _pairs(fields: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in fields.items())


def _consignments(state: SandboxState, wanted: str) -> Html:
    found = [
        each
        for each in state.consignments.values()
        if _matches(
            wanted,
            each.reference,
            each.customer_reference,
            each.order_reference,
            each.state.value,
            each.allocation.service.reference if each.allocation else None,
        )
    ]
    rows, note = _newest(found, wanted)
    heads = ("Consignment", "Your reference", "State", "Carrier", "Route", "Order", "Label")
    return joined(table("Consignments", heads, [_consignment_row(each) for each in rows]), note)


def _consignment_row(consignment: Consignment) -> tuple[str, ...]:
    allocation, order = consignment.allocation, consignment.order_reference
    carrier = ""
    if allocation is not None:
        service = allocation.service
        tracking = [each for leg in allocation.legs for each in leg.tracking_references]
        carrier = f"{service.carrier.name} {service.name} ({', '.join(tracking)})"
    label = f"/sandbox/labels/{consignment.reference}.pdf"
    return (
        tag("span", consignment.reference, id=consignment.reference),
        consignment.customer_reference,
        tag("span", consignment.state.value, class_=_mood(consignment.state)),
        carrier,
        _route(consignment),
        tag("a", order, href=f"#{order}") if order else "",
        tag("a", "PDF", href=label) if _has_label(consignment) else "",
    )


def _route(consignment: Consignment) -> str:
    origin = _place(consignment, AddressType.ORIGIN)
    destination = _place(consignment, AddressType.DESTINATION)
    return f"{origin} to {destination} ({consignment.direction.value})"


def _place(consignment: Consignment, kind: AddressType) -> str:
    address = consignment.address(kind)
    if address is None:
        return "nowhere"
    country = address.country.code if address.country else ""
    return " ".join(filter(None, (address.town, country))) or "somewhere"


def _has_label(consignment: Consignment) -> bool:
    return consignment.allocation is not None and is_allowed(Action.GET_LABELS, consignment.state)


def _mood(state: ConsignmentState) -> str:
    if state.value.endswith("Failed") or state is ConsignmentState.CANCELLED:
        return "bad"
    return "wait" if state is ConsignmentState.UNALLOCATED or state in PASSING else "good"


def _orders(state: SandboxState, wanted: str) -> Html:
    found = [
        each
        for each in state.orders.values()
        if _matches(wanted, each.reference, each.customer_reference, each.delivery_option)
    ]
    rows, note = _newest(found, wanted)
    heads = ("Order", "Your reference", "Made", "Goods", "Consignments")
    return joined(table("Orders", heads, [_order_row(each) for each in rows]), note)


def _order_row(order: Order) -> tuple[str, ...]:
    count = sum(line.quantity for line in order.lines)
    packed = [each for pair in order.consignments for each in pair if each]
    links = [tag("a", each, href=f"#{each}") for each in packed]
    return (
        tag("span", order.reference, id=order.reference),
        order.customer_reference or "",
        _time(order.created),
        f"{count} in {len(order.packages)} packages, {len(order.lines)} lines",
        joined(*(part for link in links for part in (link, " "))),
    )


def _calls(state: SandboxState, wanted: str) -> Html:
    found = [
        each
        for each in state.calls
        if _matches(
            wanted,
            each.path,
            each.operation,
            *each.consignments,
            *each.customer_references,
            *each.order_references,
            *each.order_customer_references,
        )
    ]
    rows, note = _newest(found, wanted)
    heads = ("No.", "Time", "Call", "Operation", "Answer", "Fault")
    return joined(table("Calls", heads, [_call_row(each) for each in rows]), note)


def _call_row(call: CallRecord) -> tuple[str, ...]:
    # Without the query, in which a key may stand.
    answer = "no answer" if call.status is None else str(call.status)
    mood = "good" if call.status is not None and call.status < 400 else "bad"
    return (
        str(call.sequence),
        _time(call.time),
        f"{call.method} {call.path}",
        call.operation or "",
        joined(tag("span", answer, class_=mood), ", changed something" if call.changed else ""),
        call.fault or "",
    )


def _time(moment: datetime) -> Html:
    return tag("time", f"{moment:%d %b %H:%M:%S}", datetime=stamp(moment))
