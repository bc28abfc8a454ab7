"""A paper to be stored, its place in any store, and what a store promises."""

from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

MOST_BYTES = 32_000_000
"""No paper that is read is larger."""
SUFFIXES = {"application/pdf": ".pdf", "image/png": ".png"}
"""By media type; what is none of these is ZPL, for which carriers use several types."""


class NotStored(Exception):
    """The store did not take the paper; the text says why, without anybody's data or keys."""


class NotThere(Exception):
    """The store does not give the paper; the text says why, without anybody's data or keys."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A label file or customs document of one allocation of a consignment."""

    consignment_reference: str
    allocation_number: int
    kind: str
    """Such as `labels` or `cn22`."""
    content: bytes
    content_type: str
    number: int | None = None
    """Tells papers of one kind apart that nothing else tells apart."""
    package_reference: str | None = None
    """Of the package that it belongs to, where it is one package's."""

    @property
    def path(self) -> str:
        """Where it lies in its store: the same whenever it is fetched again."""
        names = (self.kind, None if self.number is None else str(self.number))
        words = [word for word in (*names, self.package_reference) if word is not None]
        suffix = SUFFIXES.get(self.content_type.partition(";")[0].strip().lower(), ".zpl")
        name = "-".join(_plain(word) for word in words)
        return f"{_plain(self.consignment_reference)}/{self.allocation_number}/{name}{suffix}"


def _plain(word: str) -> str:
    """A reference as part of a path: it opens no folder, and leads out of none."""
    return quote(word, safe="").replace(".", "%2E")


class PaperStore(Protocol):
    """Keeps papers for good. Each is there whole or not at all."""

    async def save(self, paper: Paper) -> str:
        """Store a paper, in the place of an earlier one; give its address, which is the same each
        time and holds no secret. Raises NotStored."""
        ...

    async def read(self, address: str) -> bytes:
        """Read a paper by the address that `save` gave. Raises NotThere, and so for every address
        that leads out of the store."""
        ...
