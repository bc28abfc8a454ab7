"""The connection to Kafka: FastStream's broker and a handler-less subscriber.

FastStream keeps the connections, the lifespan and the publisher; our engine drives the
subscriber's consumer, because only so are offsets committed as the ledger needs it.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.admin import NewTopic
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaConnectionError, KafkaError, TopicAlreadyExistsError, for_code
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from service.events.envelope import CONTENT_TYPE, Outgoing
from service.intake.broker_security import (
    NOT_ALLOWED,
    NOT_LET_IN,
    BrokerSecurity,
    Credentials,
    reason,
)

T = TypeVar("T")

LINGER_MS = 5
"""How long a record waits for others to be sent with it."""
FETCH_BYTES = 131_072
"""Of one partition at a time, so that the window is filled from all partitions, not from one; the
broker gives a larger record all the same."""
LONGEST_WAIT = 5.0
"""Seconds between two tries to connect at the start: an account may be locked by many of them."""
LOOK_CLOSER_EVERY = 10.0
"""Seconds between two looks at why the broker can't be reached."""


@dataclass(frozen=True)
class BrokerPolicy:
    """Where the brokers are, and times in seconds."""

    bootstrap_servers: tuple[str, ...]
    group: str
    instance: str | None
    """Name of a static member: it keeps its partitions over a restart."""
    session_timeout: float
    rebalance_timeout: float
    """How long the group waits for a member that drains; longer than draining takes."""
    request_timeout: float
    max_record_bytes: int
    partitions: int
    """Of topics that are created by us."""
    replication: int
    """Of topics that are created by us."""
    create_topics: bool


class TopicsMissing(Exception):
    """Topics that we need don't exist, and we are not to create them."""


class Broker:
    """Publishes and consumes. One per process."""

    def __init__(self, policy: BrokerPolicy, security: BrokerSecurity | None = None) -> None:
        """Without `security` nothing is encrypted and nobody logs in."""
        self._policy = policy
        self.security = security or BrokerSecurity()
        self._kafka = self._new_kafka()
        self._consumer: AIOKafkaConsumer | None = None
        self._looked_closer = float("-inf")
        self._log = structlog.get_logger("broker")

    def _new_kafka(self) -> KafkaBroker:
        """Make FastStream's broker with the credentials in force."""
        policy = self._policy
        return KafkaBroker(
            list(policy.bootstrap_servers),
            client_id="orderflex",
            acks="all",
            linger_ms=LINGER_MS,
            # Not idempotent: a record that the broker refuses would use up a sequence number, and
            # every later one of its partition would be refused. Our ids tell repetitions apart.
            enable_idempotence=False,
            request_timeout_ms=int(policy.request_timeout * 1000),
            max_request_size=policy.max_record_bytes,
            allow_auto_create_topics=False,
            logger=None,  # we have no handlers that it would speak of
            security=self.security.of_faststream,
            sasl_oauth_token_provider=self.security.tokens,
        )

    def use_credentials(self, credentials: Credentials) -> None:
        """Log in with these from now on, wherever a connection is made."""
        self.security.use(credentials)
        self.security.renew(self._clients())

    def _clients(self) -> list[AIOKafkaClient]:
        """Clients of aiokafka that are at work; there is no public way to reach them."""
        config: Any = self._kafka.config.broker_config
        found = [self._consumer._client] if self._consumer is not None else []  # noqa: SLF001
        if config.producer:
            found.append(config.producer._producer.producer.client)  # noqa: SLF001
            found.append(config.admin_client._client)  # noqa: SLF001
        return found

    async def trouble(self) -> str | None:
        """Say why the brokers can't be used, by connecting anew; None when they can."""
        timeout = min(5.0, self._policy.request_timeout)
        return await self.security.trouble(self._policy.bootstrap_servers, timeout)

    async def wait_until_there(self, topics: Sequence[str]) -> None:
        """Wait for the broker, then see to the topics. Raises TopicsMissing."""
        await self._patiently(lambda: self._ensure_topics(topics))

    async def _patiently(self, connect: Callable[[], Awaitable[T]]) -> T:
        """Come back while the broker is not there, or does not let us in: both may be mended."""
        said, wait = "", 1.0
        while True:
            try:
                return await connect()
            except KafkaError as error:
                is_refused = isinstance(error, (*NOT_LET_IN, *NOT_ALLOWED))
                if not (error.retriable or is_refused or isinstance(error, KafkaConnectionError)):
                    raise
                why = reason(error) if is_refused else await self._looked_at(error) or said
                if why != said:
                    self._log.warning(
                        "waiting for the Kafka broker",
                        servers=",".join(self._policy.bootstrap_servers),
                        error=type(error).__name__,
                        reason=why,
                    )
                said = why
                await asyncio.sleep(wait)
                wait = min(wait * 1.5, LONGEST_WAIT)

    async def _looked_at(self, error: KafkaError) -> str | None:
        """Find out why the broker can't be reached; None where that was done just before."""
        now = time.monotonic()
        if now - self._looked_closer < LOOK_CLOSER_EVERY:
            return None
        self._looked_closer = now
        return await self.trouble() or reason(error)

    async def _ensure_topics(self, topics: Sequence[str]) -> None:
        admin = self.security.admin(self._policy.bootstrap_servers, self._policy.request_timeout)
        try:
            await admin.start()
            missing = sorted(set(topics) - set(await admin.list_topics()))
            if not missing:
                return
            if not self._policy.create_topics:
                raise TopicsMissing(
                    f"missing topics: {', '.join(missing)}; create them, let our user see them, "
                    "or set ORDERFLEX_KAFKA_CREATE_TOPICS=true"
                )
            answer = await admin.create_topics(
                [
                    NewTopic(name, self._policy.partitions, self._policy.replication)
                    for name in missing
                ]
            )
            for name, code, *_ in answer.topic_errors:
                error = for_code(code)
                if code and error is not TopicAlreadyExistsError:
                    raise error(f"topic {name}")
        finally:
            await admin.close()

    async def start(
        self, topics: Sequence[str], listener: ConsumerRebalanceListener
    ) -> AIOKafkaConsumer:
        """Connect, join the group, and give the consumer to drive; waits for the broker."""

        async def start_all() -> AIOKafkaConsumer:
            await self._ensure_topics(())  # FastStream leaves a producer open that finds no broker
            self._kafka = self._new_kafka()
            subscriber = self._kafka.subscriber(
                *topics,
                group_id=self._policy.group,
                group_instance_id=self._policy.instance,
                ack_policy=AckPolicy.MANUAL,
                auto_offset_reset="earliest",
                max_partition_fetch_bytes=FETCH_BYTES,
                session_timeout_ms=int(self._policy.session_timeout * 1000),
                rebalance_timeout_ms=int(self._policy.rebalance_timeout * 1000),
                heartbeat_interval_ms=int(min(3.0, self._policy.session_timeout / 3) * 1000),
                listener=listener,
            )
            try:
                await self._kafka.start()
            except KafkaError:
                for part in (subscriber, self._kafka):
                    with contextlib.suppress(KafkaError):
                        await part.stop()
                raise
            if subscriber.consumer is None:
                raise RuntimeError("FastStream started the subscriber without a consumer")
            return subscriber.consumer

        self._consumer = await self._patiently(start_all)
        self.security.renew(self._clients())  # credentials may have been replaced meanwhile
        return self._consumer

    async def connect(self) -> None:
        """Connect for publishing alone."""
        await self._kafka.start()

    async def publish(self, record: Outgoing) -> None:
        """Publish a record; returns when all in-sync replicas have it. Raises KafkaError."""
        await self._kafka.publish(
            record.value,
            record.topic,
            key=record.key or None,
            headers={
                # FastStream sets its own content-type unless it is named exactly so.
                name.lower() if name.lower() == CONTENT_TYPE else name: value.decode(
                    "utf-8", "backslashreplace"
                )
                for name, value in record.headers
            },
        )

    async def stop(self) -> None:
        """Leave the group and disconnect."""
        await self._kafka.stop()
