"""How the shop and the warehouse speak: JSON onto Kafka, in each of the three forms."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Self

from aiokafka import AIOKafkaProducer

Form = Literal["plain", "structured", "binary"]
FORMS: tuple[Form, ...] = ("plain", "structured", "binary")
SOURCE = "urn:demo:shop"


@dataclass(frozen=True)
class Message:
    """One event, ready to send; sending it twice sends the same bytes."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]

    def cut(self) -> "Message":
        """Give it with its body cut off in the middle."""
        return Message(self.topic, self.key, self.value[: len(self.value) // 2], self.headers)


def message(event_type: str, key: str, data: Mapping[str, Any], form: Form) -> Message:
    """Write an event: plain data, or a CloudEvent in structured or binary mode."""
    attributes = {
        "specversion": "1.0",
        "id": uuid.uuid4().hex,
        "source": SOURCE,
        "type": event_type,
        "time": datetime.now(UTC).isoformat(),
    }
    headers: dict[str, str] = {}
    body: Mapping[str, Any] = data
    if form == "structured":
        headers = {"content-type": "application/cloudevents+json"}
        body = {**attributes, "datacontenttype": "application/json", "data": data}
    elif form == "binary":
        headers = {"content-type": "application/json"}
        headers |= {f"ce_{name}": text for name, text in attributes.items()}
    return Message(
        event_type,
        key.encode(),
        json.dumps(body).encode(),
        tuple((name, text.encode()) for name, text in headers.items()),
    )


class Sender:
    """Puts messages on their topics and waits until the broker has them."""

    def __init__(self, bootstrap_servers: str, topic_prefix: str) -> None:
        self._producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, acks="all")
        self._prefix = topic_prefix
        self.sent = 0

    async def __aenter__(self) -> Self:
        await self._producer.start()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._producer.stop()

    async def send(self, sent: Message) -> None:
        """Send one message."""
        await self._producer.send_and_wait(
            self._prefix + sent.topic, sent.value, key=sent.key, headers=list(sent.headers)
        )
        self.sent += 1
