"""Amends an order in PRO, and what was packed of it before: read, change, send the whole back.

PRO says of no consignment that it follows its order, so each is changed itself, and before the
order: what PRO refuses of one is put back, and nothing is amended. All of it may be repeated after
any doubt: give it as what `Operations.perform` asks, under the lease of the order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from service.amendable import Packed
from service.operations import StillMoving, reading
from service.pro import states
from service.pro.client import ProClient
from service.pro.documents import (
    Amendments,
    ConsignmentDocument,
    Document,
    OrderDocument,
    with_amendments,
)
from service.pro.parts import Address, AddressType, Direction
from service.pro.problems import Ambiguous, Refused, Retryable, Throttled

_OF_PICKS = {"tags": "Tags", "customs_documentation": "CustomsDocumentation"}
"""What a pick may say for itself, by PRO's names."""
_SWAPPED: dict[AddressType, AddressType] = {"Origin": "Destination", "Destination": "Origin"}


@dataclass(frozen=True)
class Amending:
    """Amends orders."""

    pro: ProClient

    async def __call__(
        self,
        pro_order_reference: str,
        amendments: Amendments,
        direction: Direction | None,
        packed: Sequence[Packed],
    ) -> dict[str, str]:
        """Amend an order and what is packed of it. Gives the states of those that can't be changed
        any more: then nothing was changed.

        Raises StillMoving and the verdicts of pro.problems; Refused only when nothing is changed.
        """
        found = [(one, await self._read(one)) for one in packed]
        alive = [(one, document) for one, document in found if not _is_cancelled(document)]
        locked = {
            one.consignment_reference: _state(document)
            for one, document in alive
            if _state(document) not in states.CAN_BE_UPDATED
        }
        if locked:
            return locked
        order = await reading(self.pro.get_order(pro_order_reference))
        changed: list[OrderDocument | ConsignmentDocument] = []
        try:
            for one, document in alive:
                amended = amended_consignment(one, document, order, amendments)
                if amended != document:
                    await self.pro.update_consignment(amended)
                    changed.append(document)
            await self._amend_order(order, amendments, direction, changed)
        except Refused:
            await self._put_back(changed)
            raise
        except (Retryable, Throttled) as doubt:
            if changed:
                raise Ambiguous(doubt.operation, f"done in part: {doubt.why}") from doubt
            raise
        return {}

    async def _read(self, one: Packed) -> ConsignmentDocument:
        document = await reading(self.pro.get_consignment_document(one.consignment_reference))
        if _state(document) in states.PASSING:
            raise StillMoving(f"{one.consignment_reference} is {_state(document)}")
        return document

    async def _amend_order(
        self,
        order: OrderDocument,
        amendments: Amendments,
        direction: Direction | None,
        changed: list[OrderDocument | ConsignmentDocument],
    ) -> None:
        """Change an order, then its addresses one by one: first those with a location, which PRO
        wants at one end at least at any time."""
        amended = with_amendments(order, amendments.model_copy(update={"addresses": ()}))
        if direction is not None:
            amended = amended.changed({"Direction": direction})
        if amended != order:
            await self.pro.update_order(amended)
            changed.append(order)
        there = order.order.address_types
        without_location_last = sorted(
            amendments.addresses, key=lambda one: one.shipping_location_reference is None
        )
        for address in without_location_last:
            if address.address_type in there:
                await self.pro.update_order_address(order.reference, address)
            else:
                await self.pro.add_order_address(order.reference, address)
            changed.append(order)

    async def _put_back(self, changed: Sequence[OrderDocument | ConsignmentDocument]) -> None:
        """Send what was changed back as it was."""
        try:
            for document in changed:
                if isinstance(document, OrderDocument):
                    await self.pro.update_order(document)
                else:
                    await self.pro.update_consignment(document)
        except (Refused, Retryable, Throttled) as doubt:
            raise Ambiguous(doubt.operation, f"not put back: {doubt.why}") from doubt


def amended_consignment(
    one: Packed, document: ConsignmentDocument, order: OrderDocument, amendments: Amendments
) -> ConsignmentDocument:
    """Give what an order's amendments make of a consignment. What its pick said for itself stays:
    tags, customs documentation, metadata, and where it leaves from. The ends of a return are
    swapped."""
    own = {name for name in _OF_PICKS if _said(document, name) != _said(order, name)}
    kept = amendments.model_fields_set - own - {"addresses"}
    addresses = [
        address
        for address in amendments.addresses
        if address.address_type != "Origin" or one.follows_origin
    ]
    if one.is_return:
        addresses = [_swapped(address) for address in addresses]
    values = {name: getattr(amendments, name) for name in kept}
    amended = with_amendments(
        document, Amendments.model_construct(kept, **values, addresses=tuple(addresses))
    )
    if "meta_data" not in kept:
        return amended
    return amended.changed({"MetaData": _with_own_metadata(amended, document, order)})


def _with_own_metadata(
    amended: ConsignmentDocument, document: ConsignmentDocument, order: OrderDocument
) -> list[object]:
    new = _entries(amended)
    taken = {entry["KeyValue"] for entry in new}
    own = [entry for entry in _entries(document) if entry not in _entries(order)]
    return [*new, *(entry for entry in own if entry["KeyValue"] not in taken)]


def _entries(document: Document) -> list[dict[str, object]]:
    return cast("list[dict[str, object]]", document.fields.get("MetaData") or [])


def _said(document: Document, name: str) -> object:
    return document.fields.get(_OF_PICKS[name]) or None


def _swapped(address: Address) -> Address:
    part = _SWAPPED.get(address.address_type, address.address_type)
    return address.model_copy(update={"address_type": part})


def _state(document: ConsignmentDocument) -> str:
    return document.consignment.consignment_state


def _is_cancelled(document: ConsignmentDocument) -> bool:
    return _state(document) == states.CANCELLED
