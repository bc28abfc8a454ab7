"""The platform: it says what the scenario says, and answers to what it has heard."""

import json
from typing import Any

from .kafka import Kafka
from .ledger import Ledger
from .loop import VirtualLoop
from .scenario import Saying, picked
from .trace import Trace
from .turns_of_mind import ANEW, Anew

LOOKS_AGAIN = 5.0
MOST_LOOKS = 30
"""How often, and every how many seconds, it looks whether it was told of a consignment."""
THE_REST = "REST"
"""The pick of all that is left of an order from which something was withdrawn."""
LEFT = """SELECT sku, quantity - (
  SELECT coalesce(sum(json_extract(picks.quantities, '$."' || line || '"')), 0) FROM picks
  WHERE picks.order_reference = order_lines.order_reference
    AND picks.pick_reference IN (SELECT value FROM json_each(?2)))
  FROM order_lines WHERE order_reference = ?1"""
"""What is left of each line after these picks: as was said, whatever the ledger reckons."""
RECORDED = """SELECT order_reference FROM orders WHERE state = 'recorded' AND NOT EXISTS (
  SELECT 1 FROM parked_events WHERE parked_events.order_reference = orders.order_reference)"""


class Platform:
    """Publishes, and keeps in mind what must be possible."""

    def __init__(self, loop: VirtualLoop, kafka: Kafka, ledger: Ledger, trace: Trace) -> None:
        self._loop, self._kafka, self._ledger, self._trace = loop, kafka, ledger, trace
        self.must_fit: set[tuple[str, str]] = set()

    def say(self, saying: Saying) -> None:
        """Publish an event."""
        self._trace.happened.update(saying.kinds)
        self._kafka.append(saying.topic, saying.key.encode(), saying.value, [])

    def ask_anew(self, wish: Anew, looks: int = 0) -> None:
        """Ask for another allocation of a consignment, as soon as it was told of."""
        made = [
            told["consignment_reference"]
            for told in self._heard("consignment.created")
            if _key(told) == wish.key and told.get("pick_reference") == wish.pick
        ]
        if made:
            own = "order_reference" if wish.pick else "consignment_reference_provided_by_customer"
            data = {
                own: wish.key,
                "consignment_reference": made[0],
                "request_reference": wish.request,
                **({"allocation": wish.allocation} if wish.allocation else {}),
            }
            self._trace.happened[ANEW] += 1
            topic = "consignment.reallocation_requested"
            self._kafka.append(topic, wish.key.encode(), json.dumps(data).encode(), [])
        elif looks < MOST_LOOKS:
            self._loop.outside(LOOKS_AGAIN, self.ask_anew, wish, looks + 1)

    def pick_the_rest(self) -> bool:
        """Pick all that is left of the orders from which something was withdrawn, if any is."""
        withdrawn = {told["order_reference"] for told in self._heard("pick.withdrawal_applied")}
        for (order,) in self._ledger.rows(RECORDED):
            left = self._left_of(order)
            if order in withdrawn and left:
                data = picked(order, THE_REST, "", 0, {})
                data["items"] = [{"sku": sku, "quantity": number} for sku, number in left.items()]
                self.must_fit.add((order, THE_REST))
                self._kafka.append("stock.picked", order.encode(), json.dumps(data).encode(), [])
        return bool(self.must_fit)

    def _left_of(self, order: str) -> dict[str, int]:
        gone = {told["consignment_reference"] for told in self._heard("consignment.cancelled")}
        taken = {
            told["pick_reference"]
            for told in self._heard("consignment.created")
            if told.get("order_reference") == order and told["direction"] == "outbound"
            if told["consignment_reference"] not in gone
        }
        lines = self._ledger.rows(LEFT, order, json.dumps(sorted(taken)))
        return {sku: number for sku, number in lines if number > 0}

    def _heard(self, outcome: str) -> list[dict[str, Any]]:
        parts = self._kafka.logs.get(outcome, ())
        return [json.loads(record.value or b"") for part in parts for record in part]


def _key(told: dict[str, Any]) -> str:
    return str(told.get("order_reference") or told["consignment_reference_provided_by_customer"])
