"""The play: who sends which event when, and what is waited for before the next."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer

from demo.orders import Order, Pick
from demo.sending import FORMS, Form, Sender, message
from demo.shop import PLACES, Place
from demo.stage import DEAD_LETTERS, OUTCOMES, RETRIES, Stage, read_json
from demo.troubles import Trouble, fault_for
from demo.ways import Way, Ways

FEW = 24
"""Up to so many orders are placed one after the other, slowly enough to watch."""
PAUSE = 0.25
HEAD_START = 1.5
"""Seconds that an early pick is ahead of its order."""


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
            await _all_orders(sender, ways)
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


async def _all_orders(sender: Sender, ways: Ways) -> None:
    slowly = len(ways.of) <= FEW
    async with asyncio.TaskGroup() as group:
        for number, way in enumerate(ways.of.values()):
            group.create_task(_carry(sender, way, FORMS[number % len(FORMS)]))
            await asyncio.sleep(PAUSE if slowly else 0)


async def _carry(sender: Sender, way: Way, form: Form) -> None:
    order = way.order
    placed = message("order.placed", order.reference, order.data(), form)
    way.placed_at = time.monotonic()
    if order.trouble is Trouble.EARLY_PICK:
        await _pick(sender, order, order.picks, form)
        await asyncio.sleep(HEAD_START)
    if order.trouble is Trouble.TRUNCATED:
        await sender.send(placed.cut())
    await sender.send(placed)
    await _until_recorded(way)
    if order.trouble is Trouble.TOO_MANY and not way.is_stuck:
        await _pick(sender, order, order.picks, form, factor=3)
        while not (way.rejected_picks or way.is_stuck):
            await _change(way)
    if order.trouble is not Trouble.EARLY_PICK and order.ships and not way.is_stuck:
        await _pick(sender, order, order.picks, form)
    if order.trouble is Trouble.OTHER_CONTENT:
        while not (way.picks_labelled or way.is_stuck):
            await _change(way)
        await _pick(sender, order, order.picks, form, factor=2)
    while not (way.is_ready or way.is_stuck):
        await _change(way)


async def _until_recorded(way: Way) -> None:
    while not (way.pro_reference or way.rejection or way.is_stuck):
        await _change(way)


async def _pick(
    sender: Sender, order: Order, picks: Sequence[Pick], form: Form, *, factor: int = 1
) -> None:
    for pick in picks:
        data = pick.data(order.reference, factor=factor)
        picked = message("stock.picked", order.reference, data, form)
        await sender.send(picked)
        if order.trouble is Trouble.TWICE:
            await sender.send(picked)


async def _change(way: Way) -> None:
    way.changed.clear()
    await way.changed.wait()


async def _manifest(sender: Sender, ways: Ways) -> None:
    """Have each location's consignments manifested, and wait for all of them."""
    async with asyncio.TaskGroup() as group:
        for place in PLACES:
            at_place = [way for way in ways.of.values() if way.order.origin == place]
            ready = [way for way in at_place if way.picks_labelled]
            if ready:
                group.create_task(_manifest_of(sender, ways, place, ready))


async def _manifest_of(sender: Sender, ways: Ways, place: Place, ready: Sequence[Way]) -> None:
    reference = place.reference
    data = {"manifest_reference": f"M-{reference}-1", "shipping_location_reference": reference}
    await sender.send(message("manifest.requested", reference, data, "plain"))
    count = sum(way.picks_labelled for way in ready)
    ways.say(place.town, "manifest", f"requested; {count} consignments are ready")
    for way in ready:
        while way.picks_manifested < way.picks_labelled and not way.failures:
            await _change(way)
    told = sum(way.picks_manifested for way in ready)
    ways.say(place.town, "manifested", f"{told} of {count}: the carriers know", "green")
