"""timed: a location's collection is due → manifest.requested"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from service.collection_times import DAYS, Collections
from service.events.envelope import Outgoing
from service.events.received import ManifestRequested
from service.events.topics import Topics
from service.ledger import timed_work
from service.operations import Performed
from service.reactions.collection_due import CollectionDue

from .world import START, World

ZONES = ("Europe/London", "America/New_York", "Asia/Kathmandu", "UTC")
TIMES = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
COLLECTIONS = st.builds(
    lambda zone, times, days: Collections.model_validate(
        {"timezone": zone, "times": [f"{t:%H:%M}" for t in times], "days": sorted(days)}
    ),
    st.sampled_from(ZONES),
    st.lists(TIMES, min_size=1, max_size=3),
    st.sets(st.sampled_from(DAYS), min_size=1),
)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def at(*times: str, zone: str = "UTC", **more: object) -> Collections:
    return Collections.model_validate({"timezone": zone, "times": times} | more)


@given(COLLECTIONS, MOMENTS)
def test_no_collection_is_passed_over_or_comes_twice(
    collections: Collections, moment: datetime
) -> None:
    last, following = collections.last_until(moment), collections.next_after(moment)
    assert last <= moment < following
    assert collections.next_after(last) == following
    assert collections.last_until(following) == following
    local = following.astimezone(ZoneInfo(collections.timezone))
    asked = {t.hour * 60 + t.minute for t in collections.times}
    # Summer time moves what falls into the hour that it skips.
    assert {local.hour * 60 + local.minute, (local.hour - 1) * 60 + local.minute} & asked
    assert DAYS[local.weekday()] in collections.days


def test_a_time_of_day_is_that_of_the_place_in_summer_and_winter() -> None:
    leeds = at("16:30", zone="Europe/London", days=["mon"])
    assert leeds.next_after(datetime(2026, 1, 1, tzinfo=UTC)) == datetime(
        2026, 1, 5, 16, 30, tzinfo=UTC
    )
    assert leeds.next_after(datetime(2026, 7, 1, tzinfo=UTC)) == datetime(
        2026, 7, 6, 15, 30, tzinfo=UTC
    )


@pytest.mark.parametrize(
    "said",
    [
        {"timezone": "Europe/Leeds", "times": ["16:30"]},
        {"timezone": "UTC", "times": []},
        {"timezone": "UTC", "times": ["16:30:10"]},
        {"timezone": "UTC", "times": ["25:00"]},
        {"timezone": "UTC", "times": ["16:30"], "days": ["monday"]},
        {"timezone": "UTC", "times": ["16:30"], "day": ["mon"]},
    ],
)
def test_what_is_no_schedule_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Collections.model_validate(said)


class Clerk:
    """A replica that asks for manifests."""

    def __init__(self, world: World, **collections: Collections) -> None:
        self.world = world
        self.asked: list[Outgoing] = []
        self.due = CollectionDue(
            collections, world.database, self._publish, Topics(), "urn:test", world.clock
        )

    async def _publish(self, record: Outgoing) -> None:
        self.asked.append(record)

    async def sweep(self) -> list[str]:
        """Do what is due; gives the names of the manifests asked for."""
        self.asked.clear()
        async with self.world.database.begin() as tx:
            claimed = await timed_work.claim(tx, 10, 60)
        for work in claimed:
            again = await self.due(work, _say_nothing)
            async with self.world.database.begin() as tx:
                if again is None:
                    await timed_work.done(tx, work)
                else:
                    await timed_work.again(tx, work, again)
        return [
            ManifestRequested.model_validate_json(record.value).manifest_reference
            for record in self.asked
        ]


async def _say_nothing(_: Performed) -> None:
    raise AssertionError("a request is no outcome")


DAILY = at("09:00", "16:30")


async def test_each_collection_is_asked_for_once_when_it_is_due(world: World) -> None:
    clerk, other = Clerk(world, LEEDS_DC=DAILY), Clerk(world, LEEDS_DC=DAILY)
    await clerk.due.plan()
    await other.due.plan()
    assert await clerk.sweep() == []
    world.clock.forward(3600)
    assert await clerk.sweep() == ["LEEDS_DC-20260302T0900Z"]
    assert await other.sweep() == []
    world.clock.forward(7.5 * 3600)
    assert await other.sweep() == ["LEEDS_DC-20260302T1630Z"]
    assert await clerk.sweep() == []


async def test_collections_that_passed_while_nobody_ran_are_asked_for_once(world: World) -> None:
    await Clerk(world, LEEDS_DC=DAILY).due.plan()
    world.clock.forward(timedelta(days=2, hours=3).total_seconds())
    clerk = Clerk(world, LEEDS_DC=DAILY)
    await clerk.due.plan()
    assert await clerk.sweep() == ["LEEDS_DC-20260304T0900Z"]
    assert await clerk.sweep() == []


async def test_an_earlier_time_in_the_settings_counts_at_once_and_a_location_can_go(
    world: World,
) -> None:
    await Clerk(world, LEEDS_DC=DAILY).due.plan()
    earlier = Clerk(world, LEEDS_DC=at("08:15"))
    await earlier.due.plan()
    world.clock.forward(900)
    assert await earlier.sweep() == ["LEEDS_DC-20260302T0815Z"]
    gone = Clerk(world)
    world.clock.forward(86_400)
    assert await gone.sweep() == []
    assert await earlier.sweep() == []


async def test_the_request_says_what_the_schedule_says(world: World) -> None:
    one = at("09:00", carriers=["NORTHLINE"])
    clerk = Clerk(world, LEEDS_DC=one)
    await clerk.due.plan()
    world.clock.forward((datetime(2026, 3, 2, 9, tzinfo=UTC) - START).total_seconds())
    await clerk.sweep()
    (record,) = clerk.asked
    request = ManifestRequested.model_validate_json(record.value)
    assert (record.topic, record.key) == ("manifest.requested", b"LEEDS_DC")
    assert request.carriers == ("NORTHLINE",)
