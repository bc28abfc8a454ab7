"""What is shown from the start, and asked of the connections themselves."""

from collections.abc import Iterable
from importlib.metadata import version

from service.events.topics import EventType
from service.flow import FLOW
from service.intake.ending import Ending
from service.ledger.database import Database, Ended
from service.ledger.lookups import OperationKind
from service.ledger.timed_work import WorkKind
from service.metrics import Metrics, Name
from service.pro.client import ProClient

SWEEPER_JOBS = (
    "wake_parked",
    "do_timed_work",
    "publish_unpublished",
    "send_letters",
    "count_parked",
    "count_attention",
    "count_waiting",
    *(kind.value for kind in WorkKind),
)
"""The sweeper's jobs and the kinds of its timed work."""


def begin_at_zero(metrics: Metrics, steps_on: Iterable[EventType]) -> None:
    """Show counters at 0 before anything happened, so that the first time is seen as a rise.

    Dead letters and parked events by reason, and calls by verdict, would be too many: their series
    come with the first of them.
    """
    for event in steps_on:
        metrics.begin(Name.EVENTS_RECEIVED, type=event.value)
        metrics.begin(Name.EVENT_SECONDS, type=event.value)
        metrics.begin(Name.SETTLING_FAILED, type=event.value)
        for ending in Ending:
            metrics.begin(Name.EVENTS_FINISHED, type=event.value, ending=ending.value)
    for outcome in {outcome for step in FLOW for outcome in step.outcomes}:
        metrics.begin(Name.OUTCOMES_PUBLISHED, type=outcome.value)
    for kind in OperationKind:
        metrics.begin(Name.OPERATIONS_UNKNOWN, kind=kind.value)
        metrics.begin(Name.OPERATIONS_LATE, kind=kind.value)
    for left in ("cancelled", "left"):
        metrics.begin(Name.STRAYS, ending=left)
    for ended in Ended:
        metrics.begin(Name.LEDGER_SECONDS, ending=ended.value)
    for job in SWEEPER_JOBS:
        metrics.begin(Name.SWEEPS_FAILED, work=job)
    metrics.set(Name.BUILD_INFO, 1, version=version("orderflex"))


def watch_connections(metrics: Metrics, database: Database, pro: ProClient) -> None:
    """Have the ledger's transactions measured, and the calls under way shown."""

    def on_ended(ended: Ended, seconds: float) -> None:
        metrics.observe(Name.LEDGER_SECONDS, seconds, ending=ended.value)

    database.on_ended = on_ended
    metrics.follow(Name.PRO_CALLS_IN_FLIGHT, lambda: pro.calls_in_flight)
