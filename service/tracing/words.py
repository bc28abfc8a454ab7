"""Everything that a span may say: a closed list, so that nothing personal can slip into one.

Names are those of OpenTelemetry's semantic conventions (`SCHEMA`) where they have one, else ours.
Values are ids, topics, offsets, references, numbers and words of closed lists; never a text of PRO,
of an event or of an exception.
"""

from collections.abc import Mapping
from enum import StrEnum

SCHEMA = "https://opentelemetry.io/schemas/1.44.0"
SCOPE = "orderflex"
"""The instrumentation scope of all spans."""

Value = str | int | float | bool


class Attribute(StrEnum):
    """Names of attributes."""

    MESSAGING_SYSTEM = "messaging.system"
    """`kafka`."""
    MESSAGING_OPERATION = "messaging.operation.name"
    """`process` or `send`."""
    MESSAGING_OPERATION_TYPE = "messaging.operation.type"
    """The same."""
    DESTINATION = "messaging.destination.name"
    """The topic: for an event, the one on which it first lay."""
    PARTITION = "messaging.destination.partition.id"
    """The partition on which the event first lay."""
    OFFSET = "messaging.kafka.offset"
    """The offset at which the event first lay."""
    GROUP = "messaging.consumer.group.name"
    """`ORDERFLEX_KAFKA_GROUP`."""
    MESSAGE_ID = "messaging.message.id"
    """The event's id; of one that can't be read, where it lay."""
    KEY = "messaging.kafka.message.key"
    """The reference that is the event's key; of one that can't be read none."""
    EVENT_TYPE = "cloudevents.event_type"
    """The event's type, or `unreadable`."""

    HTTP_METHOD = "http.request.method"
    """Of a call to PRO."""
    HTTP_STATUS = "http.response.status_code"
    """PRO's; absent when there was no answer."""
    HTTP_RESEND = "http.request.resend_count"
    """How often the step was tried again in place before this call."""
    SERVER_ADDRESS = "server.address"
    """PRO's host."""
    SERVER_PORT = "server.port"
    """PRO's port."""
    ERROR_TYPE = "error.type"
    """What went wrong: a reason for parking, a status, a verdict, or the class of an exception."""

    ENDING = "orderflex.ending"
    """How taking up the event ended."""
    ATTEMPT = "orderflex.attempt"
    """Which attempt it is, from 1; waiting counts as none."""
    REASON = "orderflex.reason"
    """Why an event was parked, tried again, or became a dead letter."""
    TIER = "orderflex.tier"
    """The retry topic, or `line` when it waits behind another event of its order."""
    DUE_AT = "orderflex.due_at"
    """When a parked event is due, RFC 3339."""
    WAITED = "orderflex.waited_seconds"
    """How long intake waited for the gate, or for a turn to call PRO."""
    OPERATION = "orderflex.operation"
    """The kind of the operation."""
    OPERATION_KEY = "orderflex.operation.key"
    """The operation's key; it is made of references."""
    PRO_OPERATION = "orderflex.pro.operation"
    """Which operation of PRO was called."""
    VERDICT = "orderflex.pro.verdict"
    """What PRO's answer, or its silence, means."""
    TIMED_WORK = "orderflex.timed_work"
    """The kind of timed work."""


class Moment(StrEnum):
    """Names of the moments (span events) within a span."""

    WAITED = "waited"
    """The gate was closed, or no turn to call PRO was free."""
    CLAIMED = "claimed"
    """The operation was claimed in the ledger."""
    LOOKED = "looked in PRO"
    """PRO was looked into first: an earlier attempt may have acted."""
    SETTLED = "settled"
    """PRO's answer is stored."""
    RELEASED = "released"
    """Certainly nothing happened in PRO."""
    UNKNOWN = "unknown"
    """PRO may have acted: it is looked up before PRO is asked again."""
    TRIED_AGAIN = "tried again in place"
    """The step is tried once more at once."""
    LEDGER_AWAY = "ledger away"
    """The event starts over when the ledger is back."""
    NOT_ACKNOWLEDGED = "not acknowledged"
    """The broker has not taken a record."""
    PARKED = "parked"
    """The event comes back."""
    DEAD_LETTER = "dead letter"
    """The event waits for a person."""


Said = Mapping[Attribute, Value]
"""Attributes with their values."""
