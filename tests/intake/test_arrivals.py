"""Messages of the retry topics, as anybody may have written them."""

from datetime import UTC, datetime

import pytest

from service.events.envelope import Incoming
from service.events.malformed import Malformed
from service.events.topics import Topics
from service.intake.arrivals import DUE_AT, arrival, seconds_until_due

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "due", ["9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+14:00", "2026-03-02", "soon", "\x00"]
)
@pytest.mark.parametrize("written", [NOW, datetime.max.replace(tzinfo=UTC)])
def test_whatever_time_a_retry_message_names_it_is_taken_up(due: str, written: datetime) -> None:
    headers = ((DUE_AT, due.encode()),)
    message = Incoming("orderflex.retry.1m", 0, 7, None, b"{}", headers, written)
    assert seconds_until_due(message, Topics(), NOW) <= 60
    assert isinstance(arrival(message, Topics(), 900_000).content, Malformed)
