"""The way of every order, as the outcome topics tell it. Pure: it is fed with records."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from demo.cases import Case
from demo.orders import Order
from demo.parcels import Parcel
from demo.stage import DEAD_LETTERS, RETRIES
from demo.troubles import Trouble

WHY_PARKED = {
    "too_early": "its order is not there yet; it waits",
    "throttled": "PRO is busy; it waits as PRO asked",
    "unknown": "PRO may have acted: it is looked up first",
    "awaiting_lookup": "not found in PRO; it is looked up again",
    "retryable": "nothing happened in PRO; tried again later",
    "busy": "another event of its order is at work",
}
"""Error classes of the retry topics, in words."""


@dataclass(frozen=True)
class Notice:
    """Something worth a line on the screen."""

    at: float
    about: str
    """An order's reference, or a town."""
    what: str
    text: str
    style: str = ""


@dataclass
class Way:
    """What is known of one order."""

    order: Order
    placed_at: float | None = None
    labelled_at: float | None = None
    pro_reference: str = ""
    rejection: str = ""
    is_amended: bool = False
    is_called_off: bool = False
    """Nothing leaves of the order, or of the pick that was withdrawn."""
    parcels: dict[str, Parcel] = field(default_factory=dict)
    """By PRO's reference, `EC-…`."""
    rejected_picks: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    dead_letters: list[str] = field(default_factory=list)
    parked: Counter[str] = field(default_factory=Counter)
    said_again: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def until_change(self) -> None:
        """Wait until something more is heard of it."""
        self.changed.clear()
        await self.changed.wait()

    @property
    def leaving(self) -> Sequence[Parcel]:
        """Its consignments but those that were cancelled."""
        return [parcel for parcel in self.parcels.values() if not parcel.is_cancelled]

    @property
    def labelled(self) -> int:
        """How many of those have their papers."""
        return sum(parcel.is_labelled for parcel in self.leaving)

    @property
    def manifested(self) -> int:
        """How many of those are manifested."""
        return sum(1 for parcel in self.leaving if parcel.manifest)

    @property
    def expected_dead_letters(self) -> int:
        """How many of its events are meant to end as dead letters."""
        return int(self.order.trouble in (Trouble.OTHER_CONTENT, Trouble.TRUNCATED))

    @property
    def is_ready(self) -> bool:
        """Whether all that is to happen before its manifest has happened."""
        if not self.order.ships:
            return bool(self.rejection)
        too_many = self.order.trouble is Trouble.TOO_MANY
        return (
            self.labelled == self.order.leaving
            and self.is_amended == (self.order.case is Case.AMENDED)
            and self.is_called_off == bool(self.order.called_off)
            and self.is_given_away == (self.order.case is Case.REALLOCATED)
            and len(self.rejected_picks) >= int(too_many)
            and len(self.dead_letters) >= self.expected_dead_letters
        )

    @property
    def is_given_away(self) -> bool:
        """Whether an allocation was taken back."""
        return any(parcel.allocation_number > 1 for parcel in self.parcels.values())

    @property
    def is_stuck(self) -> bool:
        """Whether it ended in a way that nobody wanted."""
        return bool(
            self.failures
            or (self.rejection and self.order.ships)
            or len(self.dead_letters) > self.expected_dead_letters
        )


class Ways:
    """The ways of all orders, kept up to date from the records of the watched topics."""

    def __init__(self, orders: Sequence[Order], noticed: Callable[[Notice], None]) -> None:
        self.begun = time.monotonic()
        self.of = {order.reference: Way(order) for order in orders}
        self._noticed = noticed
        self._ids: set[str] = set()

    def take(self, topic: str, key: str, value: bytes, headers: Mapping[str, str]) -> None:
        """Take note of one record; the topic is named without its prefix."""
        way = self.of.get(key)
        if way is None:
            return
        if topic in RETRIES:
            self._parked(way, headers)
        elif topic == DEAD_LETTERS:
            self._dead(way, headers)
        elif (event_id := headers.get("ce_id", "")) in self._ids:
            way.said_again += 1
            self._notice(way, "said again", f"{topic}, with the same id", "dim")
        else:
            self._ids.add(event_id)
            self._outcome(way, topic, json.loads(value))
        way.changed.set()

    def _outcome(self, way: Way, topic: str, data: dict[str, Any]) -> None:
        match topic:
            case "order.recorded":
                way.pro_reference = data["pro_order_reference"]
            case "order.rejected":
                way.rejection = _why(data)
                self._notice(way, "rejected", way.rejection, "yellow")
            case "pick.rejected":
                way.rejected_picks.append(_why(data))
                self._notice(way, "refused", _why(data), "yellow")
            case "order.amendment_applied":
                way.is_amended = True
            case "order.cancellation_applied" | "pick.withdrawal_applied":
                way.is_called_off = True
            case _ if "rejection" in data:
                way.failures.append(f"{topic}: {_why(data)}")
                self._notice(way, "failed", _why(data), "red")
            case _:
                self._on_its_way(way, topic, data)

    def _on_its_way(self, way: Way, topic: str, data: dict[str, Any]) -> None:
        reference = data["consignment_reference"]
        parcel = way.parcels.setdefault(reference, Parcel(reference))
        if not parcel.take(topic, data):
            return
        named = f"{parcel.pick} → {reference}" if parcel.pick else reference
        match topic:
            case "consignment.labelled":
                if way.labelled == way.order.leaving:
                    way.labelled_at = way.labelled_at or time.monotonic()
                customs = " and customs" if len(parcel.papers) > 1 else ""
                said = f"{named}, {parcel.carrier} {parcel.service}{customs}"
                self._notice(way, "labelled", said, "green")
            case "consignment.reallocation_started":
                self._notice(way, "taken back", f"{named}: its labels are void", "yellow")
            case "consignment.cancelled":
                self._notice(way, "cancelled", named, "yellow")

    def _parked(self, way: Way, headers: Mapping[str, str]) -> None:
        why = headers.get("orderflex_error_class", "?")
        way.parked[why] += 1
        self._notice(way, "parked", WHY_PARKED.get(why, why), "yellow")

    def _dead(self, way: Way, headers: Mapping[str, str]) -> None:
        why = headers.get("orderflex_error_class", "?")
        detail = headers.get("orderflex_error_detail", "")
        way.dead_letters.append(f"{headers.get('orderflex_original_topic', '?')}, {why}: {detail}")
        self._notice(way, "dead letter", f"{why}: {detail}", "red")

    def say(self, about: str, what: str, text: str, style: str = "") -> None:
        """Tell of something that just happened."""
        self._noticed(Notice(time.monotonic() - self.begun, about, what, text, style))

    def _notice(self, way: Way, what: str, text: str, style: str) -> None:
        self.say(way.order.reference, what, text, style)


def _why(data: Mapping[str, Any]) -> str:
    rejection = data["rejection"]
    details = [detail.get("message") for detail in rejection.get("details", ())]
    said = next((detail for detail in details if detail), rejection["message"])
    return f"PRO: {said}" if rejection["source"] == "pro" else str(said)
