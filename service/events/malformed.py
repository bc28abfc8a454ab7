"""A record that no retry can make readable, and the closed list of reasons.

The texts are for whoever mends the sender: they name paths and what to do, and never repeat what
the payload says, since that may be about a customer.
"""

from dataclasses import dataclass
from enum import StrEnum


class MalformedReason(StrEnum):
    """Why a record can't be an event of ours. Closed: dead letters are counted by it."""

    EMPTY = "empty"
    """It has no value: a tombstone means nothing here."""
    TOO_LARGE = "too_large"
    """Its value is larger than the limit."""
    WRONG_ENCODING = "wrong_encoding"
    """Its value is not UTF-8 JSON (compressed, UTF-16, another format)."""
    NOT_JSON = "not_json"
    """Its value is not JSON, or JSON that readers would understand differently."""
    TRUNCATED = "truncated"
    """Its value stops in the middle."""
    BAD_ENVELOPE = "bad_envelope"
    """Its CloudEvents attributes are missing, doubled or wrong."""
    UNKNOWN_TYPE = "unknown_type"
    """Neither its type nor its topic is one of ours."""
    WRONG_TYPE_FOR_TOPIC = "wrong_type_for_topic"
    """Its type belongs on another topic."""
    SCHEMA = "schema"
    """Its data doesn't fit the type's schema."""
    KEY_MISMATCH = "key_mismatch"
    """Its Kafka key isn't the reference in its data: order could not be kept."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One place in the data that doesn't fit. `path` as in packages[0].items[2].weight."""

    path: str
    message: str


class Malformed(Exception):
    """A record that no retry can make readable. Its text holds no value of the payload."""

    def __init__(
        self, reason: MalformedReason, detail: str, fields: tuple[Fault, ...] = ()
    ) -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = detail
        self.fields = fields
