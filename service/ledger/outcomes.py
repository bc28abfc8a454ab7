"""How outcome events are kept until they are acknowledged, and after, to be said again."""

from collections.abc import Sequence
from datetime import datetime

from service.ledger.operation import Announcement
from service.ledger.sealing import Seal


class OutcomeStore:
    """Turns announcements into a sealed value and back (PRO's own words may name people)."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    def close(self, announcements: Sequence[Announcement]) -> bytes | None:
        """Seal announcements; None where there are none."""
        if not announcements:
            return None
        return self._seal.close(
            [
                {
                    "type": said.type,
                    "id": said.id,
                    "time": said.time.isoformat(),
                    "traceparent": said.traceparent,
                    "data": dict(said.data),
                }
                for said in announcements
            ]
        )

    def open(self, sealed: bytes | None) -> tuple[Announcement, ...]:
        """Read sealed announcements; raises SealBroken."""
        if sealed is None:
            return ()
        return tuple(
            Announcement(
                type=said["type"],
                id=said["id"],
                time=datetime.fromisoformat(said["time"]),
                traceparent=said["traceparent"],
                data=said["data"],
            )
            for said in self._seal.open(sealed)
        )
