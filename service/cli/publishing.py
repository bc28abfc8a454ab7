"""How the commands put events on Kafka."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import typer
from aiokafka.errors import KafkaError

from service import from_settings, logs
from service.events.envelope import Outgoing
from service.settings import Settings

Publish = Callable[[Outgoing], Awaitable[None]]


@contextlib.asynccontextmanager
async def publishing(settings: Settings) -> AsyncIterator[Publish]:
    """Give what publishes a record; the broker is gone to when the first one is.

    Where the broker can't be reached or refuses, says so and raises typer.Exit.
    """
    logs.configure("critical")
    broker = from_settings.broker_of(settings)
    is_connected = False

    async def publish(record: Outgoing) -> None:
        nonlocal is_connected
        try:
            async with asyncio.timeout(settings.kafka_request_timeout * 2):
                if not is_connected:
                    await broker.connect()
                    is_connected = True
                await broker.publish(record)
        except (KafkaError, TimeoutError) as error:
            trouble = await broker.trouble()
            typer.echo(
                f"not published ({type(error).__name__}): "
                + (trouble or f"is the topic {record.topic} there, and may our user write to it?"),
                err=True,
            )
            raise typer.Exit(1) from None

    try:
        yield publish
    finally:
        await broker.stop()
