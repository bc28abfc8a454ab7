"""PRO's references in the form EO-xxx-xxx-xxx: counted in base 36, so unique and repeatable."""

import uuid

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_START = 475_000
"""References begin in the look of the documented samples (000-00A-7QK)."""


def _base36(number: int, width: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits.rjust(width, "0")


class References:
    """Hands out references; never the same twice, not even after a reset."""

    def __init__(self, first: int) -> None:
        self._first = first
        self._counts: dict[str, int] = {}

    def _next(self, kind: str) -> int:
        number = self._counts.get(kind, self._first)
        self._counts[kind] = number + 1
        return number

    def _dashed(self, prefix: str) -> str:
        text = _base36(_START + self._next(prefix), 9)
        return f"{prefix}-{text[:3]}-{text[3:6]}-{text[6:]}"

    def counts(self) -> dict[str, int]:
        """How far each kind was counted."""
        return dict(self._counts)

    def restore(self, counts: dict[str, int]) -> None:
        """Goes on counting where `counts` says."""
        self._counts = dict(counts)

    def order(self) -> str:
        """EO-xxx-xxx-xxx."""
        return self._dashed("EO")

    def consignment(self) -> str:
        """EC-xxx-xxx-xxx."""
        return self._dashed("EC")

    def potential_consignment(self) -> str:
        """EPC-xxx-xxx-xxx."""
        return self._dashed("EPC")

    def delivery_option(self) -> str:
        """EDO-xxx-xxx-xxx."""
        return self._dashed("EDO")

    def package(self) -> str:
        """EP-xxx-xxx-xxx."""
        return self._dashed("EP")

    def item(self) -> str:
        """32 hex digits."""
        return uuid.uuid5(uuid.NAMESPACE_OID, f"item {self._next('item')}").hex

    def quote(self) -> str:
        """A GUID, of a quote or of the asking for some."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"quote {self._next('quote')}"))

    def manifest(self) -> str:
        """One manifesting of some consignments; a file of it adds its carrier and location."""
        return str(self._next("manifest"))

    def tracking(self, prefix: str) -> str:
        """A carrier's tracking reference, such as NL0081733155."""
        return f"{prefix}{81_733_155 + self._next('tracking'):010d}"
