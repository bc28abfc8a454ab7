"""Publishing: outcome events, retry messages and dead letters, each acknowledged by the broker."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from service.events.catalogue import MODELS
from service.events.envelope import Outgoing, write
from service.events.topics import EventType, Topics
from service.ledger.operation import Announcement
from service.ledger.publication import Publication
from service.metrics import Metrics, Name
from service.operations import Performed
from service.tracing.traced import current

Publish = Callable[[Outgoing], Awaitable[None]]
"""Returns when all in-sync replicas have the record; raises otherwise."""


class Announcer:
    """Publishes outcomes and marks them as published."""

    def __init__(
        self,
        publish: Publish,
        publication: Publication,
        topics: Topics,
        source: str,
        metrics: Metrics,
    ) -> None:
        self._publish = publish
        self._publication = publication
        self._topics = topics
        self._source = source
        self._metrics = metrics
        self._log = structlog.get_logger("intake")

    async def announce(self, performed: Performed) -> bool:
        """Publish the outcomes of a settled operation, wait for the acks, mark them published.

        Tells whether it is the first time. Raises what the broker raises: the caller comes back,
        and the same ids are said again.
        """
        await self.publish(performed.announcements, is_repeated=performed.is_repeated)
        if not performed.announcements:
            return False
        return await self._publication.acknowledged(performed.operation_key)

    async def publish(
        self, announcements: Sequence[Announcement], *, is_repeated: bool = False
    ) -> None:
        """Publish stored outcomes, in order; `is_repeated`: the broker has had them before."""
        for said in announcements:
            event_type = EventType(said.type)
            event = MODELS[event_type].model_validate(said.data)
            record = write(
                event,
                event_id=said.id,
                source=self._source,
                time=said.time,
                traceparent=said.traceparent,
                topics=self._topics,
            )
            with current().sending(
                said.id, record.topic, said.traceparent, is_repeated=is_repeated
            ):
                await self._publish(record)
            self._metrics.count(Name.OUTCOMES_PUBLISHED, type=said.type)
            self._log.info("published", type=said.type, key=event.kafka_key, event_id=said.id)


async def until_acknowledged(publish: Publish, record: Outgoing, patience: float = 1.0) -> bool:
    """Publish a record, coming back until the broker has it.

    Gives False when the broker never will, because the record is too large for it.
    """
    log = structlog.get_logger("intake")
    while True:
        try:
            await publish(record)
        except MessageSizeTooLargeError:
            log.warning("too large for the broker", topic=record.topic, bytes=len(record.value))
            return False
        except KafkaError as error:
            log.warning("not acknowledged yet", topic=record.topic, error=type(error).__name__)
            await asyncio.sleep(patience)
        else:
            return True
