"""Papers in a folder."""

import asyncio
import glob
import os
import stat
import uuid
from pathlib import Path
from urllib.parse import unquote, urlsplit

from service.papers.paper import MOST_BYTES, NotStored, NotThere, Paper


class PaperFolder:
    """Keeps papers as files. The address is `file://…`."""

    def __init__(self, folder: Path) -> None:
        """Take a folder that the service may write to; raises ValueError for any other.

        It is made when its first paper comes.
        """
        self._folder = folder.absolute()
        if not _is_writable(self._folder):
            raise ValueError("must be a folder that the service may write to")

    async def save(self, paper: Paper) -> str:
        """Store a paper; see PaperStore."""
        path = self._folder / paper.path
        try:
            await asyncio.to_thread(_write, path, paper.content)
        except OSError as error:
            raise NotStored(f"the folder does not take it: {type(error).__name__}") from error
        return path.as_uri()

    async def read(self, address: str) -> bytes:
        """Read a paper; see PaperStore."""
        parts = urlsplit(address)
        if parts.scheme != "file" or parts.netloc:
            raise NotThere("it lies in another store than the one that is set now")
        try:
            return await asyncio.to_thread(_read, self._folder, unquote(parts.path))
        except (OSError, ValueError) as error:
            raise NotThere(f"the folder does not give it: {type(error).__name__}") from None


def _is_writable(folder: Path) -> bool:
    """Tell whether a folder, or the nearest of those above it that is there, may be written to."""
    there = next(each for each in (folder, *folder.parents) if os.path.lexists(each))
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _read(folder: Path, place: str) -> bytes:
    path = Path(place).resolve(strict=True)  # where it really is, whatever it is called
    if not path.is_relative_to(folder.resolve()):
        raise NotThere("it lies outside of the folder that is set now")
    with path.open("rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_size > MOST_BYTES:
            raise NotThere("it is no paper")
        return file.read(MOST_BYTES)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Where an earlier try was killed its half is still there.
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        left.unlink(missing_ok=True)
    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with unfinished.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
