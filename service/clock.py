"""This machine's wall clock, asked in one place so that a simulation can turn it."""

import time
from datetime import UTC, datetime


def utc_now() -> datetime:
    """Give the present time, in UTC."""
    return datetime.fromtimestamp(time.time(), UTC)
