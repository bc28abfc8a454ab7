"""Choosing a delivery option: it becomes an order, or a consignment (RULES 3.1, 4.2)."""

from dataclasses import dataclass, replace
from typing import Any

from sandbox.allocation import give, midnight, summary_of
from sandbox.answers import link
from sandbox.dates import offset_of
from sandbox.errors import Code, Detail, Refusal
from sandbox.exchange import Answer, Call
from sandbox.faults import FaultKind, FaultRule, Subject
from sandbox.goods import Package
from sandbox.models import DeliveryWindow, RequestedDeliveryDate
from sandbox.packing import merged_meta_data
from sandbox.records import Consignment, DeliveryOption, Order
from sandbox.requests import SelectedOption, SelectOrderRequest
from sandbox.state import SandboxState
from sandbox.validation import read


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of one option."""

    option: str
    status: int
    message: str | None = None
    order: str | None = None

    def as_json(self) -> dict[str, Any]:
        links = [link("Order", f"orders/{self.order}")] if self.order else []
        return {
            "DeliveryOptionReference": self.option,
            "OrderReference": self.order,
            "Status": self.status,
            "Message": self.message,
            "Links": links,
        }


def select_as_order(call: Call) -> Answer:
    """POST /deliveryoptions/selectorder: 201 when all became orders, 207 when some did.

    Not idempotent: an option that is chosen twice becomes two orders.
    """
    request = read(SelectOrderRequest, call.body)
    outcomes = [_choose(call, chosen) for chosen in request.delivery_options]
    made = tuple(each.order for each in outcomes if each.order)
    if not made and all(each.status < 500 for each in outcomes):
        # 207 is for some of them (contract); none is a refusal of the whole.
        details = [
            Detail(
                "NotFound" if each.status == 404 else "Expired",
                f"DeliveryOptions[{number}].Reference",
                each.message or "",
            )
            for number, each in enumerate(outcomes)
        ]
        raise Refusal(400, Code.VALIDATION, "No delivery option became an order.", details)
    return Answer(
        201 if len(made) == len(outcomes) else 207,
        {"SelectOrderResults": [each.as_json() for each in outcomes]},
        touched=made,
    )


def _choose(call: Call, chosen: SelectedOption) -> _Outcome:
    state = call.state
    fault = _fault(call, chosen)
    if fault is not None:
        told = fault.body if isinstance(fault.body, str) else "The order was not made."
        return _Outcome(chosen.reference, fault.status or 500, told)
    option = state.delivery_options.get(chosen.reference)
    if option is None:
        told = f"Delivery option {chosen.reference} was not found."
        return _Outcome(chosen.reference, 404, told)
    if _is_dead(state, option):
        return _Outcome(chosen.reference, 400, _dead(option))
    order = _order_of(state, option, chosen)
    state.orders[order.reference] = order
    state.changed(order)
    return _Outcome(chosen.reference, 201, order=order.reference)


def _fault(call: Call, chosen: SelectedOption) -> FaultRule | None:
    subject = Subject(
        order_reference_provided_by_customer=chosen.order_reference_provided_by_customer or ""
    )
    return call.state.faults.for_item(FaultKind.BULK_ITEM_FAILURE, call.operation, subject)


def select(call: Call) -> Answer:
    """POST /deliveryoptions/select/{deliveryOptionReference}: a consignment, allocated at once."""
    state = call.state
    reference = call.parameters["deliveryOptionReference"]
    option = state.delivery_options.get(reference)
    if option is None:
        # 404 is not among the documented codes of this one.
        told = f"Delivery option {reference} was not found."
        detail = Detail("NotFound", "deliveryOptionReference", told)
        raise Refusal(400, Code.NOT_FOUND, told, [detail])
    if _is_dead(state, option):
        detail = Detail("Expired", "deliveryOptionReference", _dead(option))
        raise Refusal(400, Code.VALIDATION, detail.message, [detail])
    goods = option.consignment
    consignment = replace(
        goods,
        reference=state.references.consignment(),
        created=state.now,
        packages=_own_packages(state, goods),
        tags=list(goods.tags),
        history=[],
    )
    state.consignments[consignment.reference] = consignment
    state.enter(consignment, consignment.state)
    give(state, consignment, option.service)
    # The one allocation that answers with a bare summary (contract, AllocationAnswer).
    return Answer(200, summary_of(consignment), touched=(consignment.reference,))


def _is_dead(state: SandboxState, option: DeliveryOption) -> bool:
    return state.now > option.cut_off


def _dead(option: DeliveryOption) -> str:
    return f"Delivery option {option.reference} is past its allocation cut-off."


def _order_of(state: SandboxState, option: DeliveryOption, chosen: SelectedOption) -> Order:
    goods = option.consignment
    return Order(
        reference=state.references.order(),
        created=state.now,
        customer_reference=(
            chosen.order_reference_provided_by_customer or goods.customer_reference or None
        ),
        addresses=list(option.addresses),
        packages=_own_packages(state, goods),
        direction=goods.direction,
        source=goods.source,
        # The day that was chosen, unless the goods were wanted on another.
        required_delivery_date=goods.requested_delivery_date or _day_of(option),
        shipping_date=goods.shipping_date,
        customs_documentation=goods.customs_documentation,
        meta_data=merged_meta_data(goods.meta_data, chosen.meta_data),
        tags=list(goods.tags),
        delivery_option=option.reference,
        delivery_between=(option.opens, option.closes),
    )


def _own_packages(state: SandboxState, goods: Consignment) -> list[Package]:
    return [
        package.model_copy(update={"reference": state.references.package()})
        for package in goods.packages
    ]


def _day_of(option: DeliveryOption) -> RequestedDeliveryDate:
    opens, closes = option.opens, option.closes
    window = DeliveryWindow(
        start=f"{opens:%H:%M:%S}", end=f"{closes:%H:%M:%S}", utc_offset=offset_of(opens)
    )
    return RequestedDeliveryDate(date=midnight(opens), delivery_window=window)
