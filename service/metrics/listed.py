"""Every metric of the service: one closed, typed list. docs/metrics.md is made from it."""

from dataclasses import dataclass
from typing import Literal

from service.metrics.names import Name

Kind = Literal["counter", "gauge", "histogram"]
Origin = Literal["replica", "ledger"]
"""Who knows it: each replica counts its own share, to be summed; or it is read from the ledger and
is the same in all replicas, to be taken once (max)."""

PICK_IN_TIME = 120.0
"""Seconds from a pick to its consignment, within which we promise it."""

_CALL_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_STEP_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_LEDGER_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
_PICK_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, PICK_IN_TIME, 300.0, 900.0, 3600.0, 86400.0)
_MANIFEST_SECONDS = tuple(
    60.0 * minutes for minutes in (1, 5, 15, 30, 60, 120, 240, 480, 720, 1440, 2880, 4320)
)


@dataclass(frozen=True)
class Metric:
    """One metric: what it counts, and what a high value tells the person who looks at it."""

    name: Name
    kind: Kind
    meaning: str
    high_means: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = _STEP_SECONDS
    known_by: Origin = "replica"


METRICS: tuple[Metric, ...] = (
    Metric(
        Name.EVENTS_RECEIVED,
        "counter",
        "Events taken from Kafka, by type (repeated deliveries count again).",
        "The shop is busy, or something is delivered again and again.",
        ("type",),
    ),
    Metric(
        Name.EVENTS_FINISHED,
        "counter",
        "Events that are settled, by type and how they ended.",
        "Compare with the events received: a widening gap is work left undone.",
        ("type", "ending"),
    ),
    Metric(
        Name.EVENT_SECONDS,
        "histogram",
        "Seconds from taking an event up to settling or parking it, by type.",
        "PRO or the ledger is slow.",
        ("type",),
    ),
    Metric(
        Name.EVENTS_PARKED,
        "counter",
        "Events parked in a retry tier, by type, tier and reason.",
        "PRO is unwell (retryable, unknown) or events arrive out of order (too_early).",
        ("type", "tier", "reason"),
    ),
    Metric(
        Name.DEAD_LETTERS,
        "counter",
        "Events given up and written to the dead-letter topic, by type and reason.",
        "Somebody has to look: each is an order that does not move.",
        ("type", "reason"),
    ),
    Metric(
        Name.OUTCOMES_PUBLISHED,
        "counter",
        "Outcome events acknowledged by the broker, by type (repetitions count again).",
        "The shop is busy.",
        ("type",),
    ),
    Metric(
        Name.PRO_CALL_SECONDS,
        "histogram",
        "Seconds a call to PRO took, by operation and verdict.",
        "PRO or the network to it is slow.",
        ("operation", "verdict"),
        _CALL_SECONDS,
    ),
    Metric(
        Name.OPERATIONS_UNKNOWN,
        "counter",
        "Operations after which PRO may or may not have acted, by kind.",
        "PRO loses answers; each is looked up before PRO is asked again.",
        ("kind",),
    ),
    Metric(
        Name.OPERATIONS_LATE,
        "counter",
        "Results that came after their lease had gone to another worker, by kind.",
        "The lease is too short for PRO's answers, or workers are being stopped.",
        ("kind",),
    ),
    Metric(
        Name.POSSIBLE_ORPHANS,
        "counter",
        "Orders that PRO may hold and nobody packs: Create Order or Select Option As Order was "
        "repeated after an unknown one, or what an option became was rejected.",
        "PRO loses answers; the orphans never ship and may be tidied up in PRO.",
    ),
    Metric(
        Name.STRAYS,
        "counter",
        "Consignments found in PRO beside the one the ledger knows for a pick.",
        "PRO commits very late. Strays are never allocated by us, so they can't ship.",
        ("ending",),
    ),
    Metric(
        Name.MISSING_RETURNS,
        "counter",
        "Picks whose outbound consignment exists while the return that was asked for does not.",
        "PRO makes returns incompletely; make them by hand.",
    ),
    Metric(
        Name.IN_FLIGHT,
        "gauge",
        "Events being worked on at this moment in this replica.",
        "Near max_in_flight: the replica works at its ceiling.",
    ),
    Metric(
        Name.PARKED,
        "gauge",
        "Events in the ledger that wait for their due time or, as dead letters, for a person.",
        "Work is piling up: see the reason in `orderflex order show`.",
        ("state",),
        known_by="ledger",
    ),
    Metric(
        Name.INTAKE_PAUSED,
        "gauge",
        "1 while intake is paused, by reason.",
        "Nothing is taken up: see /readyz.",
        ("reason",),
    ),
    Metric(
        Name.STEP_PAUSED,
        "gauge",
        "1 while a step is paused, by the event of the step and reason.",
        "forbidden: our key may not do this in PRO; flooding: its events become dead letters.",
        ("step", "reason"),
    ),
    Metric(
        Name.CALL_CEILING,
        "gauge",
        "Reactions that may be under way at once; each has at most one call to PRO under way.",
        "It is the setting. Lower: PRO was down, and is taken up again slowly.",
    ),
    Metric(
        Name.PRO_BUSY,
        "gauge",
        "1 while PRO is spared, because it answered that it is busy (429).",
        "PRO gives us less than we ask: set a rate limit, or ask for more.",
    ),
    Metric(
        Name.OLDEST_PARKED,
        "gauge",
        "Seconds since the event that is parked the longest first failed; 0 when none is parked.",
        "An order waits: `orderflex dead-letters list` and `orderflex order show` say why.",
        known_by="ledger",
    ),
    Metric(
        Name.ORDERS_HELD,
        "gauge",
        "Orders of which something waits behind a dead letter, or would.",
        "Somebody has to look: replay or discard, see `orderflex dead-letters list`.",
        known_by="ledger",
    ),
    Metric(
        Name.NEEDS_ATTENTION,
        "gauge",
        "What needs a person's attention, by kind, up to 1000 of each; counted once in a while.",
        "Somebody has to look: `orderflex attention` says what, why, and what can be done.",
        ("kind",),
        known_by="ledger",
    ),
    Metric(
        Name.UNCOMMITTED,
        "gauge",
        "Events taken up and not committed yet: the largest such gap of one partition.",
        "One event takes long; a restart would have so many delivered again.",
    ),
    Metric(
        Name.COMMITS_FAILED,
        "counter",
        "Offset commits that failed, most often because a partition had just moved away.",
        "Rebalances follow each other; repeated deliveries meet the ledger.",
    ),
    Metric(
        Name.SETTLING_FAILED,
        "counter",
        "Times that settling an event broke off by an error of ours and was started again.",
        "A bug: the event keeps its place until it is settled; see the log for where.",
        ("type",),
    ),
    Metric(
        Name.SWEEPS_FAILED,
        "counter",
        "Pieces of timed work and rounds of the sweeper that failed, by work.",
        "Look-ups, confirmations or wake-ups are late; see the log for why.",
        ("work",),
    ),
    Metric(
        Name.PICKS_DUE,
        "counter",
        "Picks that had to have their consignment within 2 minutes: each counts once, when it gets "
        "it, or when it is parked and its 2 minutes are over.",
        "The warehouse is busy. Only its distance from the picks in time matters.",
    ),
    Metric(
        Name.PICKS_IN_TIME,
        "counter",
        "Of the picks that were due, those that had their consignment within 2 minutes.",
        "The promise is kept while it is at least 99 % of the picks due.",
    ),
    Metric(
        Name.PICK_TO_CONSIGNMENT,
        "histogram",
        "Seconds from the time of stock.picked until its consignment.created was published.",
        "Picks wait: for a free place (lag), in the retry tiers, behind a hold, or for PRO.",
        buckets=_PICK_SECONDS,
    ),
    Metric(
        Name.PICK_TO_MANIFESTED,
        "histogram",
        "Seconds from taking a pick up first until its consignment.manifested was published.",
        "Manifests are asked for rarely, or carriers can't be told.",
        buckets=_MANIFEST_SECONDS,
    ),
    Metric(
        Name.WAITING,
        "gauge",
        "Orders (to_be_recorded) and consignments (all other stages) that are on their way, by "
        "what they wait for; counted once in a while.",
        "Work queues before that stage: see the age of the oldest.",
        ("stage",),
        known_by="ledger",
    ),
    Metric(
        Name.OLDEST_WAITING,
        "gauge",
        "Seconds since what waits the longest at a stage last moved; 0 where nothing waits.",
        "to_be_manifested: no manifest was asked for; any other: see `orderflex attention`.",
        ("stage",),
        known_by="ledger",
    ),
    Metric(
        Name.PARKED_ORDERS,
        "gauge",
        "Orders of which at least one event is parked.",
        "So many customers wait: see the oldest, and `orderflex order show`.",
        known_by="ledger",
    ),
    Metric(
        Name.OPERATIONS_OPEN,
        "gauge",
        "Operations that are not settled: started, abandoned by a worker that died, or unknown; "
        "counted once in a while.",
        "unknown, abandoned: PRO loses answers or workers die; they are looked up in PRO first.",
        ("state",),
        known_by="ledger",
    ),
    Metric(
        Name.OLDEST_UNFINISHED,
        "gauge",
        "Seconds since the oldest event that is taken up and unfinished was taken up; 0 when none.",
        "An event is stuck in this replica, or intake is paused; its partition can't be committed.",
    ),
    Metric(
        Name.CONSUMER_LAG,
        "gauge",
        "Events of a partition that are not finished: from the lowest unfinished one to its end.",
        "More comes in than is done: add replicas, up to the number of partitions. On a retry "
        "topic it is what waits for its due time.",
        ("topic", "partition"),
    ),
    Metric(
        Name.LAG_MEASURED,
        "gauge",
        "When this replica last had the broker's answer about its lag, as Unix time; 0 before the "
        "first. It asks every 5 s.",
        "Compare with the present time: for so long Kafka has not answered, and nothing comes in.",
    ),
    Metric(
        Name.REBALANCES,
        "counter",
        "Times that this replica was given its partitions (anew).",
        "Replicas come and go, or one is too slow to answer the broker.",
    ),
    Metric(
        Name.PRO_CALLS_IN_FLIGHT,
        "gauge",
        "Calls to PRO under way at this moment in this replica.",
        "Near the ceiling: PRO is slow, or the ceiling is low.",
    ),
    Metric(
        Name.LEDGER_SECONDS,
        "histogram",
        "Seconds a transaction of the ledger took, waiting for a connection included, by ending.",
        "The database is slow or its connections are all in use; contended ones are tried again.",
        ("ending",),
        _LEDGER_SECONDS,
    ),
    Metric(
        Name.LAST_SWEEP,
        "gauge",
        "When the sweeper last came round, as Unix time, by loop.",
        "Compare with the present time: timed work and wake-ups stand still for so long.",
        ("loop",),
    ),
    Metric(
        Name.BUILD_INFO,
        "gauge",
        "Always 1; its label says which version runs.",
        "More than one version at once: an upgrade is under way, or stuck.",
        ("version",),
    ),
    Metric(
        Name.SPANS_DROPPED,
        "counter",
        "Spans of traces that the collector did not take, or that found no room to wait for it.",
        "The collector is away or too slow; orders are not affected.",
    ),
)
