"""Which events run and which offsets may be committed: pure state, no I/O.

Events of one key run strictly one after the other, of different keys side by side. An offset may
be committed only when every event before it in its partition is finished.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import Generic, TypeVar

Item = TypeVar("Item")


class OffsetWindow:
    """The admitted and not yet committed offsets of one partition."""

    def __init__(self) -> None:
        self._open: OrderedDict[int, None] = OrderedDict()
        self._next = -1
        self._committed = -1

    def admit(self, offset: int) -> bool:
        """Take in the next offset; False when it was admitted before."""
        if offset < self._next:
            return False
        self._open[offset] = None
        self._next = offset + 1
        return True

    def finish(self, offset: int) -> None:
        """Mark an offset as finished, unless it was given back meanwhile."""
        self._open.pop(offset, None)

    def give_back(self, offset: int) -> bool:
        """Forget this offset and all after it: they are read again. False if they were before."""
        if offset >= self._next:
            return False
        for later in [one for one in self._open if one >= offset]:
            del self._open[later]
        self._next = offset
        return True

    @property
    def position(self) -> int:
        """The offset to commit: that of the lowest unfinished event, else the next one."""
        return next(iter(self._open), self._next)

    @property
    def gap(self) -> int:
        """How many offsets lie between the lowest unfinished event and the next one to come."""
        return self._next - self.position

    @property
    def unfinished(self) -> int:
        """How many admitted events are not finished."""
        return len(self._open)

    def to_commit(self) -> int | None:
        """Give the offset to commit; None when it was committed already."""
        return self.position if self.position > self._committed and self._next >= 0 else None

    def committed(self, offset: int) -> None:
        """Remember what the broker has acknowledged."""
        self._committed = max(self._committed, offset)


@dataclass
class Lanes(Generic[Item]):
    """Lanes by key: at most `max_in_flight` items run, one of each key, in order of arrival.

    Of several that may run, the one that arrived first does: so a busy key keeps up with the
    others, and the offset to commit does not stay behind.
    """

    max_in_flight: int
    _waiting: dict[str, deque[tuple[int, Item]]] = field(default_factory=dict)
    _ready: list[tuple[int, str]] = field(default_factory=list)
    """A heap: the arrival of each lane's first item, and its key."""
    _arrivals: int = 0
    _running: dict[str, Item] = field(default_factory=dict)
    _waiting_count: int = 0

    def admit(self, key: str, item: Item) -> None:
        """Put an item at the end of its lane."""
        lane = self._waiting.setdefault(key, deque())
        lane.append((self._arrivals, item))
        self._waiting_count += 1
        if len(lane) == 1 and key not in self._running:
            heappush(self._ready, (self._arrivals, key))
        self._arrivals += 1

    def start(self) -> list[tuple[str, Item]]:
        """Give the items that run from now on."""
        started = []
        while self._ready and len(self._running) < self.max_in_flight:
            _, key = heappop(self._ready)
            lane = self._waiting[key]
            _, item = lane.popleft()
            self._waiting_count -= 1
            if not lane:
                del self._waiting[key]
            self._running[key] = item
            started.append((key, item))
        return started

    def finish(self, key: str) -> None:
        """End the running item of a lane; the next of the lane may start."""
        del self._running[key]
        if key in self._waiting:
            heappush(self._ready, (self._waiting[key][0][0], key))

    def drop_waiting(self, which: Callable[[Item], bool] = lambda _: True) -> list[Item]:
        """Forget what does not run yet (of the items asked for), and give it."""
        dropped = []
        for key, lane in list(self._waiting.items()):
            dropped += [item for _, item in lane if which(item)]
            left = deque(one for one in lane if not which(one[1]))
            if left:
                self._waiting[key] = left
            else:
                del self._waiting[key]
        self._ready = [
            (lane[0][0], key) for key, lane in self._waiting.items() if key not in self._running
        ]
        heapify(self._ready)
        self._waiting_count -= len(dropped)
        return dropped

    def items(self) -> Iterator[Item]:
        """Give the items that run or wait."""
        yield from self._running.values()
        for lane in self._waiting.values():
            yield from (item for _, item in lane)

    @property
    def running(self) -> int:
        """How many items run."""
        return len(self._running)

    @property
    def admitted(self) -> int:
        """How many items run or wait."""
        return len(self._running) + self._waiting_count
