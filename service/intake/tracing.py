"""How an event that is taken up stands in its trace."""

from service.events.envelope import TRACEPARENT, Received
from service.intake.arrivals import Arrival
from service.intake.ending import Ending
from service.intake.ladder import Why
from service.tracing.traced import UNTRACED, Traced, Tracing
from service.tracing.words import Attribute, Value

FAILURES = frozenset({Why.RETRYABLE, Why.UNKNOWN, Why.BUG, Why.CONFLICT})
"""An attempt that ends so has failed; all others only wait."""

_NOTHING_DONE = frozenset({Ending.SKIPPED, Ending.POSTPONED})


def attempt_at(tracing: Tracing, arrived: Arrival) -> Traced:
    """Begin an attempt at an event.

    Every attempt is a child of the span that sent the event. An event without a trace makes one of
    where and when it lay, so a redelivery after a crash and each attempt stand in the same.
    """
    if not tracing.is_on:
        return UNTRACED
    content, origin = arrived.content, arrived.origin
    said: dict[Attribute, Value] = {
        Attribute.PARTITION: str(origin.partition),
        Attribute.OFFSET: origin.offset,
        Attribute.MESSAGE_ID: arrived.event_id,
        Attribute.EVENT_TYPE: arrived.type,
    }
    if isinstance(content, Received):
        traceparent = content.envelope.traceparent
        said[Attribute.KEY] = content.event.kafka_key
    else:
        headers = dict(arrived.record.headers)
        traceparent = headers.get(TRACEPARENT, b"").decode("ascii", "replace")
    lay = f"{origin.topic}/{origin.partition}/{origin.offset}"
    seed = f"{lay}@{arrived.record.timestamp.isoformat()}"
    return tracing.event(origin.topic, traceparent, seed, said)


def ended(work: Traced, ending: Ending) -> None:
    """Say how an attempt ended; of one in which nothing was done nothing is kept."""
    if ending in _NOTHING_DONE:
        work.forget()
    work.say({Attribute.ENDING: ending.value})
