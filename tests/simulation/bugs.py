"""A bug in the service: while it lasts, some events make their reaction raise."""

import random
import zlib
from typing import Any

from .loop import current_fate
from .trace import Trace


class Bugs:
    """Which events are poisonous is decided by what they say, so it stays so until it is mended."""

    def __init__(self, dice: random.Random, trace: Trace) -> None:
        self._salt = dice.getrandbits(32)
        self._trace = trace
        self.likely = 0.0

    def strike(self, event: Any, *, before: bool) -> None:
        """Raise for a poisonous event, either before its reaction or after it."""
        if not self.likely:
            return
        text = f"{self._salt}{event.event_type}{event.model_dump_json()}".encode()
        number = zlib.crc32(text)
        if (number % 1000) / 1000 < self.likely and bool(number & 1024) is before:
            fate = current_fate.get()
            name = fate.name if fate else "world"
            self._trace.trouble("bug", name, f"{event.event_type.value} of {event.kafka_key}")
            raise ZeroDivisionError
