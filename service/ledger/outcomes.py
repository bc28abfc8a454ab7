"""What an operation keeps, sealed: its outcomes, and while it is refused the event that asked."""

from collections.abc import Sequence
from datetime import datetime

from service.events import exact_json
from service.events.envelope import Envelope, data_of, parse
from service.events.topics import EventType
from service.ledger.operation import Announcement, Asked
from service.ledger.sealing import Seal


class OutcomeStore:
    """Turns announcements, and the event that asked, into sealed values and back.

    PRO's own words may name people, and the event does.
    """

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

    def keep(self, asked: Asked | None) -> bytes | None:
        """Seal the event that asked, with its envelope; None where there is none to keep."""
        if asked is None:
            return None
        cause = asked.cause
        return self._seal.close(
            {
                "type": cause.type.value,
                "id": cause.id,
                "source": cause.source,
                "time": cause.time.isoformat(),
                "traceparent": cause.traceparent,
                "data": data_of(asked.event).decode("ascii"),
            }
        )

    def kept(self, sealed: bytes) -> Asked:
        """Read a sealed event. Raises SealBroken, and Malformed where it fits no more."""
        kept = self._seal.open(sealed)
        event_type = EventType(kept["type"])
        cause = Envelope(
            id=kept["id"],
            source=kept["source"],
            type=event_type,
            time=datetime.fromisoformat(kept["time"]),
            traceparent=kept["traceparent"],
            form="binary",
        )
        return Asked(parse(event_type, exact_json.loads(kept["data"].encode("ascii"))), cause)
