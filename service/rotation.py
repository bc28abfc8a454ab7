"""Secrets that are replaced while the service runs: their files are looked at again and again.

What is not in the table of `Replaceable` is in force until the next start; the log says so.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from service import settings as every_setting
from service.settings import BadSettings, Settings
from service.tls import BadTls, ClientTls

TakeUp = Callable[[Settings, Settings], None]
"""Is given the settings as they were and as they are. Raises BadSettings to stay with the former.
"""


@dataclass(frozen=True)
class Replaceable:
    """What can be replaced: settings that are taken up together, by the name of one of them."""

    settings: Mapping[tuple[str, ...], TakeUp]
    certificates: Mapping[str, Sequence[ClientTls]]
    """By whom they are for."""

    @property
    def names(self) -> frozenset[str]:
        """The settings that need no restart."""
        return frozenset(name for names in self.settings for name in names)


class Rotation:
    """Takes replaced secrets and certificates up, and says so without their values."""

    def __init__(
        self,
        in_force: Settings,
        replaceable: Replaceable,
        read: Callable[[], Settings] = every_setting.load,
    ) -> None:
        """`read` reads the settings again; raises BadSettings."""
        self._in_force = in_force
        self._replaceable = replaceable
        self._read = read
        self._seen = _stamps(in_force.secrets_dir)
        self._log = structlog.get_logger("settings")

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(self._in_force.secrets_every)
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - the next look may do better
                self._log.error("secrets not looked at", error=type(error).__name__)

    def look(self) -> None:
        """Take up what is new since the last look."""
        for whose, all_tls in self._replaceable.certificates.items():
            for tls in all_tls:
                self._take_certificates(whose, tls)
        found = _stamps(self._in_force.secrets_dir)
        if found == self._seen:
            return
        try:
            self._take(self._read())
        except BadSettings as bad:
            self._log.error("settings not taken up", reason=str(bad))
        self._seen = found  # after any other error the next look begins with the same files

    def _take_certificates(self, whose: str, tls: ClientTls) -> None:
        try:
            if tls.reload():
                self._log.info("certificates replaced", of=whose)
        except BadTls as bad:
            self._log.error("certificates not taken up", of=whose, part=bad.part, reason=str(bad))

    def _take(self, new: Settings) -> None:
        changed = {
            name
            for name in Settings.model_fields
            if getattr(new, name) != getattr(self._in_force, name)
        }
        for names, take_up in self._replaceable.settings.items():
            meant = changed.intersection(names)
            if not meant:
                continue
            changed -= meant
            try:
                take_up(self._in_force, new)
            except BadSettings as bad:
                self._log.error("settings not taken up", reason=str(bad))
                continue
            self._in_force = self._in_force.model_copy(
                update={name: getattr(new, name) for name in meant}
            )
            self._log.info("settings replaced", settings=_told(meant))
        if changed:
            self._log.warning("settings changed: restart to use them", settings=_told(changed))


def _told(names: Iterable[str]) -> list[str]:
    return sorted(f"ORDERFLEX_{name.upper()}" for name in names)


def _stamps(folder: Path) -> dict[str, tuple[int, int, int]]:
    """What changes when a file of the folder is replaced; Kubernetes replaces a link above them."""
    stamps = {}
    try:
        for path in folder.iterdir():
            stat = path.stat()
            stamps[path.name] = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
    except OSError:
        return {}  # just being replaced, or not there at all
    return stamps
