"""Orders, and the delivery options that become orders (RULES 3)."""

from service.pro import answers, contract, parts, results
from service.pro.asking import Asking, listed, nothing, one, segment
from service.pro.documents import OrderDocument, order_document
from service.pro.order_answers import SelectOrderResponse


class OrderCalls(Asking):
    """What can be asked about orders."""

    async def create_order(self, request: contract.CreateOrderRequest) -> str:
        """`POST /orders` → the order's `EO-…` reference. Changes; a repeat makes another order."""
        return await self._calls.call(
            "create_order",
            "POST",
            "/orders",
            body=request.to_json(),
            changes=True,
            read=lambda a: results.created_reference(listed(a, answers.LINKS), "Order"),
        )

    async def select_delivery_option_as_order(self, option: contract.SelectDeliveryOption) -> str:
        """`POST /deliveryoptions/selectorder` for one option → the order's `EO-…` reference.
        Changes; a repeat makes another order. Refused also where only the option's own status
        says so."""
        operation = "select_delivery_option_as_order"
        return await self._calls.call(
            operation,
            "POST",
            "/deliveryoptions/selectorder",
            body=contract.SelectOrderRequest(delivery_options=(option,)).to_json(),
            changes=True,
            read=lambda a: results.selected_order(
                operation, option.reference, one(a, SelectOrderResponse)
            ),
        )

    async def get_order(self, order_reference: str) -> OrderDocument:
        """`GET /orders/{ref}` → the whole order, to read or to change and send back."""
        return await self._calls.call(
            "get_order",
            "GET",
            f"/orders/{segment(order_reference)}",
            read=lambda a: order_document(a.body, order_reference),
        )

    async def update_order(self, document: OrderDocument) -> None:
        """`PUT /orders/{ref}` with all that an absent field would wipe (RULES 3.3). Changes; a
        repeat does no harm. Packages can't be changed; consignments packed before stay as they
        are."""
        await self._calls.call(
            "update_order",
            "PUT",
            f"/orders/{segment(document.reference)}",
            body=document.to_json(),
            changes=True,
            read=nothing,
        )

    async def add_order_address(self, order_reference: str, address: parts.Address) -> None:
        """`POST /orders/{ref}/address`: refused where the order has one of this type. Changes."""
        await self._calls.call(
            "add_order_address",
            "POST",
            f"/orders/{segment(order_reference)}/address",
            body=address.to_json(),
            changes=True,
            read=nothing,
        )

    async def update_order_address(self, order_reference: str, address: parts.Address) -> None:
        """`PUT /orders/{ref}/address`: refused where the order has none of this type. Changes; a
        repeat does no harm."""
        await self._calls.call(
            "update_order_address",
            "PUT",
            f"/orders/{segment(order_reference)}/address",
            body=address.to_json(),
            changes=True,
            read=nothing,
        )

    async def pack_order(self, request: contract.PackOrderRequest) -> results.PackResult:
        """`POST /orders/{ref}/pack` → the consignments made. Changes; a repeat makes more."""
        return await self._calls.call(
            "pack_order",
            "POST",
            f"/orders/{segment(request.order_reference)}/pack",
            body=request.to_json(),
            changes=True,
            read=lambda a: results.pack_result(
                one(a, answers.PackOrderResponse), return_asked=request.generate_return
            ),
        )
