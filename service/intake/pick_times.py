"""How long a pick takes to its consignment, and to the carrier; and whether that was in time.

A pick is due once, however often its event is delivered: when the broker has its consignment for
the first time, or, if it is parked, when its time is over (its row tells, to one replica only).
One that was refused in time was answered: it is not due. What a person has done again is not timed.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from service.clock import utc_now
from service.events.envelope import Envelope
from service.events.received import StockPicked
from service.events.said import Event
from service.events.topics import EventType
from service.ledger.parked_rows import ParkedEvent
from service.ledger.waiting import OnTheirWay
from service.metrics import PICK_IN_TIME, Metrics, Name
from service.operations import Performed


class PickTimes:
    """Takes note of outcomes of picks, each given to it once: when it was published first."""

    def __init__(self, on_their_way: OnTheirWay, metrics: Metrics) -> None:
        self._on_their_way = on_their_way
        self._metrics = metrics
        self._log = structlog.get_logger("intake")

    async def answered(
        self, event: Event, cause: Envelope, performed: Performed, row: ParkedEvent | None
    ) -> None:
        """Take note of what an event led to; with its row, if it was parked. Raises nothing."""
        with self._breaking_nothing():
            await self._answered(event, cause, performed, row)

    async def by_the_clock(self, performed: Performed) -> None:
        """Take note of what timed work led to. Raises nothing."""
        with self._breaking_nothing():
            await self._manifested(performed)

    @contextmanager
    def _breaking_nothing(self) -> Iterator[None]:
        """The event is done and told: it must not be parked because it can't be timed."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - see above
            self._log.warning("a pick is not timed", error=type(error).__name__)

    async def _answered(
        self, event: Event, cause: Envelope, performed: Performed, row: ParkedEvent | None
    ) -> None:
        if not isinstance(event, StockPicked) or cause.again is not None:
            return
        seconds = max(0.0, (utc_now() - cause.time).total_seconds())
        is_in_time = seconds <= PICK_IN_TIME
        is_created = any(
            said.type == EventType.CONSIGNMENT_CREATED.value for said in performed.announcements
        )
        if is_created:
            self._metrics.observe(Name.PICK_TO_CONSIGNMENT, seconds)
        if (is_in_time and not is_created) or await self._is_counted(row, is_in_time):
            return
        self._metrics.count(Name.PICKS_DUE)
        if is_in_time:
            self._metrics.count(Name.PICKS_IN_TIME)

    async def _is_counted(self, row: ParkedEvent | None, is_in_time: bool) -> bool:
        """Tell whether a pick was counted as late while it was parked."""
        if row is None or row.counted_late or is_in_time:
            return row is not None and row.counted_late
        return not await self._on_their_way.counts_late(row.origin)

    async def _manifested(self, performed: Performed) -> None:
        for said in performed.announcements:
            order, pick = said.data.get("order_reference"), said.data.get("pick_reference")
            if said.type != EventType.CONSIGNMENT_MANIFESTED.value or not order or not pick:
                continue
            seconds = await self._on_their_way.seconds_since_first_sight(order, pick)
            if seconds is not None:
                self._metrics.observe(Name.PICK_TO_MANIFESTED, seconds)

    async def count_late(self) -> None:
        """Count the parked picks whose time is over."""
        late = await self._on_their_way.newly_late(PICK_IN_TIME)
        if late:
            self._metrics.count(Name.PICKS_DUE, late)
