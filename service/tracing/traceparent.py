"""W3C trace context: where a span stands, as the header `traceparent` tells it."""

import re
from dataclasses import dataclass

_FORM = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})"
)
_SAMPLED = 0x01


@dataclass(frozen=True, slots=True)
class Place:
    """A span's place: its trace (128 bits), the span itself (64 bits), whether it is recorded."""

    trace: int
    span: int
    is_sampled: bool

    @property
    def traceparent(self) -> str:
        """As it travels."""
        return f"00-{self.trace:032x}-{self.span:016x}-{'01' if self.is_sampled else '00'}"


def place_in(traceparent: str | None) -> Place | None:
    """Read a `traceparent`; None where there is none, or a broken one."""
    found = _FORM.fullmatch(traceparent) if traceparent else None
    if found is None:
        return None
    trace, span, flags = found.groups()
    return Place(int(trace, 16), int(span, 16), bool(int(flags, 16) & _SAMPLED))
