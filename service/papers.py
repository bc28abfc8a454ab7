"""Where label files are kept: a folder, each file written whole or not at all."""

import asyncio
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

SUFFIXES = {"application/pdf": ".pdf", "image/png": ".png"}
"""By media type; what is none of these is ZPL, for which carriers use several types."""


@dataclass(frozen=True)
class StoredFile:
    """A file that is stored for good."""

    address: str
    """`file://…`, the same for the same consignment and allocation."""
    sha256: str
    size_bytes: int


class LabelFolder:
    """Label files in a folder, one for each consignment and allocation."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def save(
        self, consignment_reference: str, allocation_number: int, content: bytes, content_type: str
    ) -> StoredFile:
        """Store a consignment's labels; storing them again replaces the file. Raises OSError."""
        suffix = SUFFIXES.get(content_type.partition(";")[0].strip().lower(), ".zpl")
        name = quote(consignment_reference, safe="")
        path = self._folder / f"{name}-{allocation_number}{suffix}"
        await asyncio.to_thread(_write, path, content)
        return StoredFile(
            path.absolute().as_uri(), hashlib.sha256(content).hexdigest(), len(content)
        )


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f"{path.suffix}.{os.getpid()}.part")
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
