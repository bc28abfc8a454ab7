"""Temporary data folders that are cleared away even when their owner was killed.

An owner holds a lock on a file in its folder for as long as it lives. Whoever makes a folder
next removes those whose lock nobody holds.
"""

import fcntl
import shutil
import tempfile
from pathlib import Path

_PREFIX = "orderflex-"
_OWNER = ".owner"


class ScratchFolder:
    """A new folder in the system's temporary folder; `name` is part of its name.

    `user` shall own it (we must be root). `close` removes it with all it holds.
    """

    def __init__(self, name: str, user: str | None = None) -> None:
        _remove_abandoned()
        self.path = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{name}-"))
        # It gets its name only once it is locked: nobody can find it in between.
        unnamed = self.path / f"{_OWNER}.new"
        self._lock = unnamed.open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        unnamed.rename(self.path / _OWNER)
        if user is not None:
            shutil.chown(self.path, user)

    def close(self) -> None:
        """Remove it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


def _remove_abandoned() -> None:
    for owner in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/{_OWNER}"):
        try:
            with owner.open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(owner.parent, ignore_errors=True)
        except OSError:  # its owner lives, or it is another user's
            continue
