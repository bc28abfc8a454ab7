"""Tells whether anything goes on, and when the next thing is due: until then time may jump."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiokafka import TopicPartition

from .loop import START
from .replica import SETTINGS

if TYPE_CHECKING:
    from .world import World

LEAST_JUMP = 0.4
"""Seconds; a shorter way is gone in steps."""
WAITS = """state = 'parked' AND (event_type = 'order.cancelled' OR NOT EXISTS (
  SELECT 1 FROM parked_events AS dead
  WHERE dead.order_reference = parked_events.order_reference AND dead.state = 'dead' AND dead.holds
    AND (dead.consignment_reference IS NULL
      OR dead.consignment_reference IS parked_events.consignment_reference)
    AND (dead.sequence < parked_events.sequence OR parked_events.error_class = 'behind')))"""
"""Parked events whose wait ends by itself: those behind a dead letter wait for a person, but for a
cancellation, and for those of another consignment."""
WAITS_FOR_PEOPLE = """EXISTS (
  SELECT 1 FROM operations JOIN parked_events USING (order_reference)
  WHERE work_key LIKE 'stray:' || operation_key || ':%'
    AND operations.state IN ('started', 'unknown')
    AND parked_events.state IN ('dead', 'discarded'))"""
"""A search for strays of what is settled no more, since its event is a dead letter."""
WAITING = f'SELECT topic, "partition", "offset", error_class FROM parked_events WHERE {WAITS}'  # noqa: S608
DUE = f"""SELECT min(at) FROM (
  SELECT min(due_at) + 2000000 AS at FROM parked_events WHERE {WAITS}
  UNION ALL SELECT min(due_at) + ?1 FROM parked_events WHERE state = 'dead' AND letter_at IS NULL
  UNION ALL SELECT min(max(due_at, claimed_until)) FROM timed_work WHERE NOT {WAITS_FOR_PEOPLE}
  UNION ALL SELECT min(settled_at) + ?1 FROM operations
    WHERE outcomes IS NOT NULL AND published_at IS NULL)"""  # noqa: S608
"""When a sweep would find something; ?1 is how long it leaves unacknowledged publications be."""


class Pace:
    """Looks at a world from outside."""

    def __init__(self, world: World) -> None:
        self._world = world

    def hurry(self, at_the_latest: float | None = None) -> None:
        """Let time jump to where something is due, if nothing goes on until then.

        Where nothing is due at all it jumps to `at_the_latest`, or stays.
        """
        loop = self._world.loop
        if self.is_quiet():
            times = [at for at in (self.next_due(), at_the_latest) if at is not None]
            if times and min(times) > loop.time() + LEAST_JUMP:
                loop.forward_to(min(times))

    def is_at_rest(self) -> bool:
        """Tell whether everything is settled that does not wait for a person."""
        return self.is_quiet() and self.next_due() is None and not self._world.kafka.uncommitted()

    def is_quiet(self) -> bool:
        now = self._world.loop.time()
        if self._world.kafka.is_preparing or not self._world.alive():
            return False
        if any(r.fate.stalled_until > now or not r.is_idle for r in self._world.alive()):
            return False
        if any(replica.is_leaving for replica in self._world.replicas):
            return False
        return not any(
            len(part) > self._world.kafka.committed.get(TopicPartition(topic, number), 0)
            for topic in self._world.kafka.subscribed
            if ".retry." not in topic
            for number, part in enumerate(self._world.kafka.logs.get(topic, ()))
        )

    def next_due(self) -> float | None:
        """When the next thing is due that the ledger, PRO or Kafka has still to do."""
        due, outside = self.due_in_ledger(), self._world.loop.next_outside()
        return min((at for at in (due, outside) if at is not None), default=None)

    def due_in_ledger(self) -> float | None:
        lease = int(SETTINGS.lease * 1_000_000)
        ((due,),) = self._world.ledger.rows(
            DUE,
            lease,
        )
        return None if due is None else float(due) / 1_000_000 - START

    def what_is_left(self) -> str:
        rows = self._world.ledger.rows(WAITING)
        work = self._world.ledger.rows("SELECT work_key, tries FROM timed_work")
        unpublished = self._world.ledger.rows(
            "SELECT operation_key FROM operations WHERE outcomes IS NOT NULL "
            "AND published_at IS NULL"
        )
        return (
            f"parked {rows}, timed work {work}, unpublished {unpublished}, "
            f"uncommitted {self._world.kafka.uncommitted()}"
        )
