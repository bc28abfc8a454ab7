"""What an event leads to stands in its trace, however often it is said and by whom."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.faults import FaultKind
from service.events.envelope import Outgoing
from service.events.published import ConsignmentAllocated, ConsignmentCreated
from service.events.said import Event
from service.events.topics import EventType, Topics
from service.intake.announcing import Announcer
from service.ledger import timed_work
from service.ledger.timed_work import WorkKind
from service.operations import Performed
from service.pro.problems import Ambiguous
from tests.reactions.goods import manifest, picked, placed
from tests.reactions.world import World, only, read_back, world_of

from .spans import SENDER, TRACE, TRACEPARENT, Caught, Seen


class Service:
    """The reactions, under tracing, and a broker that keeps what it is given."""

    def __init__(self, world: World) -> None:
        self.world, self.caught = world, Caught()
        self.records: list[Outgoing] = []
        self.announcer = Announcer(
            self._publish, world.publication, Topics(), "urn:orderflex", world.metrics
        )

    async def _publish(self, record: Outgoing) -> None:
        self.records.append(record)

    async def react(self, event: Event, traceparent: str | None = TRACEPARENT) -> Performed:
        """React to an event in its span, as Handling does, and publish nothing yet."""
        topic = event.event_type.value
        with self.caught.tracer.event(topic, traceparent, "seed", {}) as work:
            return await self.world.perform(event, traceparent=work.traceparent_or(None))

    async def take(self, event: Event, traceparent: str | None = TRACEPARENT) -> list[Event]:
        """React to an event in its span, and publish its outcomes; gives them."""
        topic = event.event_type.value
        with self.caught.tracer.event(topic, traceparent, "seed", {}) as work:
            done = await self.world.perform(event, traceparent=work.traceparent_or(None))
            await self.announcer.announce(done)
        return [read_back(one) for one in done.announcements]

    def traceparent(self, event: EventType) -> str:
        """The last of this type that was published."""
        records = [r for r in self.records if r.topic == event.value]
        return dict(records[-1].headers)["traceparent"].decode()

    async def work(self) -> None:
        """Do what is due by the clock, as the sweeper does."""
        async with self.world.database.begin() as tx:
            due = await timed_work.claim(tx, 50, 60)
        for one in due:
            with self.caught.tracer.timed(one.kind.value, one.details.get("traceparent")):
                stray = one.kind is WorkKind.STRAY_SEARCH
                worker: Any = self.world.strays if stray else self.world.confirm
                again = await worker(one, self.announcer.announce)
            async with self.world.database.begin() as tx:
                if again is None:
                    await timed_work.done(tx, one)
                else:
                    await timed_work.again(tx, one, again)


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with world_of(tmp_path) as world:
        yield Service(world)


def whole(span: Seen) -> str:
    return f"00-{span.trace}-{span.id}-01"


async def test_an_outcome_carries_the_span_that_sent_it(service: Service) -> None:
    await service.take(placed())
    process = service.caught.only("process order.placed")
    send = service.caught.only("send order.recorded")
    assert (send.kind, send.trace, send.parent) == ("PRODUCER", TRACE, process.id)
    assert send.id != process.id
    assert service.traceparent(EventType.ORDER_RECORDED) == whole(send)
    assert process.moments == ["claimed", "settled"]
    assert process.events[0][1] == {
        "orderflex.operation": "create_order",
        "orderflex.operation.key": "record:WEB-1",
        "orderflex.attempt": 1,
    }
    assert service.caught.only("POST create_order").parent == process.id


async def test_a_repetition_carries_what_was_stored_first(service: Service) -> None:
    await service.take(placed())
    first = service.traceparent(EventType.ORDER_RECORDED)
    elsewhere = f"00-{'a' * 32}-{'b' * 16}-01"
    await service.take(placed(), elsewhere)
    assert service.traceparent(EventType.ORDER_RECORDED) == first
    send, again = service.caught.named("send order.recorded")
    assert (again.kind, again.trace) == ("CLIENT", "a" * 32)
    assert again.links == [(send.trace, send.id)]


async def test_what_was_stored_and_never_published_is_sent_by_the_span_that_was_promised(
    service: Service,
) -> None:
    died = await service.react(placed())
    assert service.caught.named("send order.recorded") == []
    await service.take(placed())
    send = service.caught.only("send order.recorded")
    assert whole(send) == died.announcements[0].traceparent
    assert send.parent == service.caught.named("process order.placed")[1].id
    assert (send.trace, send.kind) == (TRACE, "PRODUCER")


async def test_the_sweeper_sends_by_the_span_that_was_promised_too(service: Service) -> None:
    died = await service.react(placed())
    with service.caught.tracer.timed("publish_unpublished", TRACEPARENT) as work:
        await service.announcer.announce(died)
    send = service.caught.only("send order.recorded")
    assert whole(send) == died.announcements[0].traceparent
    round_ = service.caught.only("publish_unpublished")
    assert (send.parent, send.links) == ("", [(round_.trace, round_.id)])
    assert (round_.trace, round_.links) != (TRACE, [])
    assert work.is_recorded


async def test_a_search_for_strays_is_linked_to_what_it_belongs_to(service: Service) -> None:
    await service.take(placed())
    service.world.fault("packOrder", FaultKind.DROP_AFTER_COMMIT)
    with pytest.raises(Ambiguous):
        await service.take(picked())
    lost = service.caught.only("process stock.picked")
    assert "unknown" in lost.moments
    service.world.clock.forward(4000)
    await service.take(picked())
    assert "looked in PRO" in service.caught.named("process stock.picked")[1].moments
    await service.work()
    searches = service.caught.named("stray_search")
    assert searches
    assert {one.links[0] for one in searches} == {(lost.trace, lost.id)}
    assert TRACE not in {one.trace for one in searches}


async def test_a_manifest_is_confirmed_in_the_trace_of_each_order(service: Service) -> None:
    made = []
    for number in (1, 2):
        trace = f"00-{number:032x}-{SENDER}-01"
        await service.take(placed(f"WEB-{number}"), trace)
        (created,) = await service.take(picked(order=f"WEB-{number}"), trace)
        made.append(only(ConsignmentCreated, [created]))
        (allocated,) = await service.take(
            created, service.traceparent(EventType.CONSIGNMENT_CREATED)
        )
        only(ConsignmentAllocated, [allocated])
        await service.take(allocated, service.traceparent(EventType.CONSIGNMENT_ALLOCATED))
    await service.take(manifest())
    service.world.clock.forward(60)
    await service.work()
    round_ = service.caught.only("manifest_confirmation")
    assert round_.links == [place_of(service.caught.only("process manifest.requested"))]
    sent = service.caught.named("send consignment.manifested")
    assert sorted(int(span.trace, 16) for span in sent) == [1, 2]
    parts = {span.id: span for span in service.caught.named("confirm manifest")}
    packed = {span.id for span in service.caught.named("process stock.picked")}
    for span in sent:
        part = parts[span.parent]
        assert part.parent in packed
        assert part.links == [place_of(round_)]
    searched = service.caught.named("GET search_consignments")
    assert all(span.trace == round_.trace for span in searched)


def place_of(span: Seen) -> tuple[str, str]:
    return span.trace, span.id
