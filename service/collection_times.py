"""When carriers collect from a shipping location: local times on days of the week. Pure.

As a setting (`ORDERFLEX_COLLECTIONS`), by shipping location reference:

    {"LEEDS_DC": {"timezone": "Europe/London", "times": ["12:00", "16:30"], "days": ["mon", "fri"]}}
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _clock_time(value: object) -> time:
    try:
        if isinstance(value, str) and len(value) == 5:
            return time.fromisoformat(value)
    except ValueError:
        pass  # said below
    raise ValueError("must be a time of day such as 16:30")


ClockTime = Annotated[time, BeforeValidator(_clock_time)]
"""A time of day as `HH:MM`."""


class Collections(BaseModel):
    """When a location's consignments are to be manifested, ahead of the carrier's visit.

    A time that the change to summer time skips falls an hour later; one that comes twice, on its
    first coming.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    timezone: str
    times: Annotated[tuple[ClockTime, ...], Field(min_length=1, strict=False)]
    days: Annotated[tuple[Day, ...], Field(min_length=1, strict=False)] = DAYS
    carriers: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """References of the carriers that collect then; none means all."""

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (OSError, ValueError, KeyError):
            raise ValueError("is no time zone name such as Europe/London") from None
        return name

    def next_after(self, moment: datetime) -> datetime:
        """Give the first collection later than an aware moment, in UTC."""
        return next(due for due in self._around(moment) if due > moment)

    def last_until(self, moment: datetime) -> datetime:
        """Give the last collection not later than an aware moment, in UTC."""
        return max(due for due in self._around(moment) if due <= moment)

    def _around(self, moment: datetime) -> Iterator[datetime]:
        """Give the collections from a week before a moment to a week after it, in order."""
        zone = ZoneInfo(self.timezone)
        today = moment.astimezone(zone).date()
        days = (today + timedelta(days=n) for n in range(-8, 9))
        return iter(sorted({due for day in days for due in self._of_day(day, zone)}))

    def _of_day(self, day: date, zone: ZoneInfo) -> Iterator[datetime]:
        if DAYS[day.weekday()] in self.days:
            for clock_time in self.times:
                yield datetime.combine(day, clock_time, zone).astimezone(UTC)
