"""The play: who sends which event when, and what is waited for before the next."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer

from demo.carrying import carry
from demo.parcels import Parcel
from demo.sending import FORMS, Sender, message
from demo.shop import PLACES, Place
from demo.stage import DEAD_LETTERS, OUTCOMES, RETRIES, Stage, read_json
from demo.troubles import fault_for
from demo.ways import Way, Ways

FEW = 24
"""Up to so many orders are placed one after the other, slowly enough to watch."""
PAUSE = 0.2


class TimeIsUp(Exception):
    """Not everything happened in time; what is missing is for the summary to say."""


@asynccontextmanager
async def _watching(stage: Stage, ways: Ways) -> AsyncIterator[None]:
    """Keep the ways up to date while the context lasts."""
    prefix = stage.topic_prefix
    topics = [prefix + name for name in (*OUTCOMES, *RETRIES, DEAD_LETTERS)]
    consumer = AIOKafkaConsumer(
        *topics, bootstrap_servers=stage.bootstrap_servers, auto_offset_reset="earliest"
    )

    async def watch() -> None:
        async for record in consumer:
            headers = {name: (value or b"").decode() for name, value in record.headers}
            key = (record.key or b"").decode()
            ways.take(record.topic.removeprefix(prefix), key, record.value or b"", headers)

    await consumer.start()
    watcher = asyncio.create_task(watch(), name="watch")
    try:
        yield
    finally:
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watcher
        await consumer.stop()


async def play(stage: Stage, ways: Ways) -> float:
    """Carry every order to its end; gives the seconds from the first event to the last label.

    Raises TimeIsUp, and ProcessError when a part dies on the way.
    """
    playing = asyncio.create_task(_play(stage, ways), name="play")
    try:
        while not playing.done():
            stage.check()
            await asyncio.wait({playing}, timeout=0.5)
    finally:
        playing.cancel()
        await asyncio.wait({playing})
    return playing.result()


async def _play(stage: Stage, ways: Ways) -> float:
    for way in ways.of.values():
        rule = fault_for(way.order.trouble, way.order.reference)
        if rule is not None:
            await asyncio.to_thread(read_json, f"{stage.sandbox_url}/_sandbox/faults", rule)
    sender = Sender(stage.bootstrap_servers, stage.topic_prefix)
    late: list[str] = []
    async with _watching(stage, ways), sender:
        ways.begun = time.monotonic()
        async with _limit(60.0 + 0.5 * len(ways.of), "until all labels were there", late):
            await _all_orders(stage, sender, ways)
        seconds = time.monotonic() - ways.begun
        async with _limit(45.0 + 0.1 * len(ways.of), "for the manifests", late):
            await _manifest(sender, ways)
    if late:
        raise TimeIsUp("; ".join(late))
    return seconds


@asynccontextmanager
async def _limit(seconds: float, what: str, late: list[str]) -> AsyncIterator[None]:
    """Wait so long and no longer, then go on with what there is."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        late.append(f"waited {seconds:g} s {what}, in vain")


async def _all_orders(stage: Stage, sender: Sender, ways: Ways) -> None:
    slowly = len(ways.of) <= FEW
    async with asyncio.TaskGroup() as group:
        for number, way in enumerate(ways.of.values()):
            group.create_task(carry(stage, sender, way, FORMS[number % len(FORMS)]))
            await asyncio.sleep(PAUSE if slowly else 0)


async def _manifest(sender: Sender, ways: Ways) -> None:
    """Have each location's consignments manifested, and wait for all of them."""
    async with asyncio.TaskGroup() as group:
        for place in PLACES:
            ready = [
                (way, parcel)
                for way in ways.of.values()
                for parcel in way.leaving
                if parcel.place == place.reference and parcel.is_labelled
            ]
            if ready:
                group.create_task(_manifest_of(sender, ways, place, ready))


async def _manifest_of(
    sender: Sender, ways: Ways, place: Place, ready: Sequence[tuple[Way, Parcel]]
) -> None:
    reference = place.reference
    data = {"manifest_reference": f"M-{reference}-1", "shipping_location_reference": reference}
    await sender.send(message("manifest.requested", reference, data, "plain"))
    ways.say(place.town, "manifest", f"requested; {len(ready)} consignments are ready")
    for way, parcel in ready:
        while not (parcel.manifest or way.failures):
            await way.until_change()
    told = sum(1 for _, parcel in ready if parcel.manifest)
    ways.say(place.town, "manifested", f"{told} of {len(ready)}: the carriers know", "green")
