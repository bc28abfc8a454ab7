"""The platform: a steady stream of orders and picks, with everything that a platform does wrong."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from demo.shop import GOODS, NOWHERE, PLACES
from tests.journeys.world import manifest, order, pick


class Trait(StrEnum):
    """What is special about an order; the values are for the report."""

    PLAIN = "orders without anything special"
    REPEATED = "orders whose every event is delivered again"
    EARLY = "picks before their order"
    RETURN = "picks with a return"
    OTHER_ORDER = "orders that come again with other content"
    OTHER_PICK = "picks that come again with other content"
    TOO_MANY = "picks of more than was ordered"
    REFUSED = "orders that PRO refuses"
    TOO_HEAVY = "parcels that no carrier takes"
    CANCELLED = "orders that are cancelled"
    WITHDRAWN = "orders of which a pick is withdrawn"
    MALFORMED = "events that can't be read"


DECK = {
    Trait.PLAIN: 7,
    Trait.REPEATED: 3,
    Trait.EARLY: 3,
    Trait.RETURN: 2,
    Trait.OTHER_ORDER: 1,
    Trait.OTHER_PICK: 1,
    Trait.TOO_MANY: 1,
    Trait.REFUSED: 1,
    Trait.TOO_HEAVY: 1,
    Trait.CANCELLED: 3,
    Trait.WITHDRAWN: 2,
    Trait.MALFORMED: 1,
}
"""How many orders of each trait are in so many."""
MANIFESTS = "manifests asked for"
MANIFEST_EVERY = 6.0
MOST_OPEN = 40
"""No more orders come while so many of them, or of their consignments, wait for PRO."""


@dataclass(frozen=True)
class Utterance:
    """One event to publish, `wait` seconds after its order began."""

    wait: float
    type: str
    key: str
    value: bytes
    readable: bool = True


Say = Callable[[Utterance], Awaitable[None]]
"""Returns when the broker has it."""


class Platform:
    """Publishes orders until it is told to stop. The same seed makes the same orders.

    `backlog` tells how much is still to be done after so many orders.
    """

    def __init__(
        self, say: Say, seed: int, orders_per_second: float, backlog: Callable[[int], int]
    ) -> None:
        self._say = say
        self._backlog = backlog
        self._dice = random.Random(f"platform {seed}")  # noqa: S311
        self._pace = 1.0 / orders_per_second
        self._deck: list[Trait] = []
        self._saying: set[asyncio.Task[None]] = set()
        self.counts: Counter[str] = Counter()
        self.published = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until `stop`, then what was begun."""
        number, manifests = 0, 0
        loop = asyncio.get_running_loop()
        next_manifest = loop.time() + MANIFEST_EVERY
        while not stop.is_set():
            number += 1
            for utterance in self.order(f"WEB-{number}"):
                self._later(utterance)
            while self._is_behind(number) and not stop.is_set():  # noqa: ASYNC110 - PRO is looked at
                await asyncio.sleep(0.2)
            if loop.time() >= next_manifest:
                manifests += 1
                next_manifest += MANIFEST_EVERY
                self.manifest(f"M-{manifests}", self._dice.choice(PLACES).reference)
            await asyncio.sleep(self._pace * self._dice.uniform(0.5, 1.5))
        await self.silent()

    def _is_behind(self, orders: int) -> bool:
        """On a slow machine more orders would only lengthen the queue."""
        never = self.counts[Trait.REFUSED.value] + self.counts[Trait.CANCELLED.value]
        return self._backlog(orders - never) > MOST_OPEN

    async def silent(self) -> None:
        """Return when everything that was begun is published."""
        while self._saying:
            await asyncio.wait(self._saying)

    def manifest(self, reference: str, location: str) -> None:
        """Ask for a manifest of a location, now and then twice."""
        self.counts[MANIFESTS] += 1
        value = _json(manifest(reference, location))
        for _ in range(self._dice.choice((1, 1, 2))):
            self._later(Utterance(0.0, "manifest.requested", location, value))

    def _later(self, utterance: Utterance) -> None:
        task = asyncio.create_task(self._say_in_time(utterance))
        self._saying.add(task)
        task.add_done_callback(self._saying.discard)

    async def _say_in_time(self, utterance: Utterance) -> None:
        await asyncio.sleep(utterance.wait)
        await self._say(utterance)
        self.published += 1

    def _trait(self) -> Trait:
        if not self._deck:
            self._deck = [trait for trait, count in DECK.items() for _ in range(count)]
            self._dice.shuffle(self._deck)
        return self._deck.pop()

    def order(self, reference: str) -> Iterator[Utterance]:
        """Make all events of one order."""
        dice, trait = self._dice, self._trait()
        self.counts[trait.value] += 1
        goods = dice.sample(GOODS, dice.randint(1, 3))
        items = [(good.sku, dice.randint(1, 3)) for good in goods]
        place = NOWHERE if trait is Trait.REFUSED else dice.choice(PLACES)
        kg = 400.0 if trait is Trait.TOO_HEAVY else 0.4
        placed = order(reference, *items, location=place.reference, kg=kg)
        order_wait = dice.uniform(1.0, 3.0) if trait in (Trait.EARLY, Trait.CANCELLED) else 0.0
        yield from self._times("order.placed", reference, placed, order_wait, trait)
        if trait is Trait.OTHER_ORDER:
            other = order(reference, *[(sku, count + 1) for sku, count in items])
            yield _event("order.placed", reference, other, dice.uniform(0.0, 4.0))
        if trait is Trait.MALFORMED:
            yield self._malformed(reference)
        if trait is Trait.REFUSED:
            return  # its picks would wait for it for ever
        yield from self._called_off(reference, trait)
        for name, picked in self._picks(items, trait):
            more = {"generate_return": True} if trait is Trait.RETURN else {}
            wait = dice.uniform(0.0, 0.5 if trait is Trait.EARLY else 2.0)
            data = pick(reference, name, picked, **more)
            yield from self._times("stock.picked", reference, data, wait, trait)
            if trait is Trait.OTHER_PICK:
                first, *others = picked
                data = pick(reference, name, [(first[0], first[1] + 1), *others])
                yield _event("stock.picked", reference, data, wait + dice.uniform(0.0, 4.0))

    def _called_off(self, reference: str, trait: Trait) -> Iterator[Utterance]:
        """Cancel an order, before it is placed or after, or withdraw its first pick."""
        wait, data = self._dice.uniform(0.0, 12.0), {"order_reference": reference}
        if trait is Trait.CANCELLED:
            for _ in range(self._dice.choice((1, 1, 2))):
                yield _event("order.cancelled", reference, data, wait)
        if trait is Trait.WITHDRAWN:
            yield _event("pick.withdrawn", reference, {**data, "pick_reference": "P-1"}, wait)

    def _picks(
        self, items: list[tuple[str, int]], trait: Trait
    ) -> Iterator[tuple[str, list[tuple[str, int]]]]:
        """Split an order into one pick or two."""
        units = [(sku, 1) for sku, count in items for _ in range(count)]
        cut = self._dice.randint(1, len(units))
        for number, part in enumerate((units[:cut], units[cut:]), start=1):
            if part:
                yield f"P-{number}", sorted(Counter(sku for sku, _ in part).items())
        if trait is Trait.TOO_MANY:
            yield "P-3", [(items[0][0], 1)]

    def _times(
        self, kind: str, reference: str, data: dict[str, Any], wait: float, trait: Trait
    ) -> Iterator[Utterance]:
        yield _event(kind, reference, data, wait)
        if trait is Trait.REPEATED:
            for _ in range(self._dice.randint(1, 2)):
                yield _event(kind, reference, data, wait + self._dice.uniform(0.0, 4.0))

    def _malformed(self, reference: str) -> Utterance:
        """Make an event that nobody can read, beside a healthy order's."""
        kind = self._dice.choice(("order.placed", "stock.picked", "manifest.requested"))
        value = self._dice.choice(
            (b"{", b"", b"\xff\xfe", b"[]", _json({"order_reference": reference}))
        )
        return Utterance(self._dice.uniform(0.0, 2.0), kind, reference, value, readable=False)


def _event(kind: str, reference: str, data: dict[str, Any], wait: float) -> Utterance:
    return Utterance(wait, kind, reference, _json(data))


def _json(data: object) -> bytes:
    return json.dumps(data).encode()
