"""Is this the same event again, or another one under the same reference?

The digest covers what was said about the parcel in its normal form: not the envelope, not the
spelling (field order, 1.0 or 1.00, g or kg, Z or +00:00, null or left out, plain items or one
package), and not what we work out from it.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

from service.events import exact_json
from service.events.said import Event

DIGEST_VERSION = 1
"""Stored beside every digest. It grows when the same event would get another digest than before;
digests of different versions can't be compared. A new optional field changes nothing: what is
left out is left out here too."""


def content_digest(event: Event) -> str:
    """SHA-256 (64 hex digits) of the event's canonical content."""
    content = event.model_dump(mode="python", exclude_none=True, exclude_defaults=True)
    canonical = exact_json.dumps(
        {"type": event.event_type, "content": _canonical(content)}, sort_keys=True
    )
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _canonical(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, Mapping):
        return {key: _canonical(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_canonical(inner) for inner in value]
    return value
