"""What came before a record, so that it finds something to be about: its order, its consignment."""

import json
from dataclasses import dataclass, field

from service.events.topics import EventType
from service.intake.ending import Ending

from .mutated import CONSIGNMENT, ORDER, PICKED_FULL, examples, type_of
from .stand import UNREADABLE, CameOf, Sent, Stand

NEEDS: dict[EventType, tuple[str, ...]] = {
    EventType.ORDER_AMENDED: ("order.placed.minimum",),
    EventType.STOCK_PICKED: ("order.placed.minimum",),
}
"""The examples to be said before; what is not named needs the order and its pick."""
NOTHING = (EventType.ORDER_PLACED, EventType.CONSIGNMENT_REQUESTED)
NAMES = (ORDER, PICKED_FULL, "WEB-204819", "REPAIR-3300", "REPAIR-3301")


@dataclass
class Story:
    """Orders that wait for something to be said of them."""

    stand: Stand
    ready: dict[str, dict[bytes, bytes]] = field(default_factory=dict)
    told: int = 0

    def tell(self, name: str, sent: Sent) -> CameOf:
        """Have a record taken up that started as this example, after what has to come before."""
        names = self.ready.pop(name, None) or self._prepare(name)
        came_of = self.stand.take(_named(sent, names))
        if came_of.reason in UNREADABLE:
            self.ready[name] = names  # nobody has heard of it
        return came_of

    def _prepare(self, name: str) -> dict[bytes, bytes]:
        self.told += 1
        names = {one.encode(): f"{one[:4]}{self.told:06}".encode() for one in NAMES}
        kind = type_of(name)
        if kind in NOTHING:
            return names
        needs = NEEDS.get(kind, ("order.placed.minimum", "stock.picked.minimum"))
        if name == "stock.picked.full":
            needs = ("order.placed.full",)
        for each in needs:
            said = self._say(each, names)
            assert said.ending == Ending.SETTLED, (each, said)
        if "stock.picked.minimum" in needs:
            order = names[ORDER.encode()]
            (made,) = [one for one in self.stand.heard("consignment.created") if one.key == order]
            names[CONSIGNMENT.encode()] = json.loads(made.value)["consignment_reference"].encode()
        return names

    def _say(self, name: str, names: dict[bytes, bytes]) -> CameOf:
        data = examples()[name]
        key, value = data["order_reference"].encode(), json.dumps(data).encode()
        return self.stand.take(_named(Sent(type_of(name).value, key, value), names))


def _named(sent: Sent, names: dict[bytes, bytes]) -> Sent:
    def put(text: bytes | None) -> bytes | None:
        for old, new in names.items():
            text = None if text is None else text.replace(old, new)
        return text

    headers = tuple((name, put(value) or b"") for name, value in sent.headers)
    return Sent(sent.topic, put(sent.key), put(sent.value), headers, sent.timestamp)
