"""Service: does it take events up and settle them, step by step; engine, ledger, sweeper."""

from board import Board
from panels import Panel, Query, never, rising
from queries import NOT, TARGET_LABELS, highest, increase, now, quantile, rate, seconds_since, share

from service.metrics import Name

_REPLICA = TARGET_LABELS[0]
_EACH = "{{instance}}"
_NOT_RETRY = f"{NOT}.*orderflex[.]retry[.].*"
"""What lies on a retry topic waits for its due time."""
_UNSETTLED = "parked|dead_letter"


def service_board() -> Board:
    """Make the dashboard."""
    board = Board(
        "orderflex-service",
        "Orderflex: service",
        "Does the service take events up and settle them: steps, engine, ledger, sweeper.",
    )
    board.stats(
        Panel(
            "Intake",
            (Query(f"max ({highest(Name.INTAKE_PAUSED, ['reason'])})"),),
            "stat",
            levels=never(),
            words={"0": ("running", "green"), "1": ("paused", "red")},
        ),
        Panel(
            "Oldest unfinished event",
            (Query(highest(Name.OLDEST_UNFINISHED)),),
            "stat",
            "s",
            rising(120, 900),
        ),
        Panel(
            "Lag",
            (Query(now(Name.CONSUMER_LAG, topic=_NOT_RETRY)),),
            "stat",
            levels=rising(1000, 10_000),
        ),
        Panel(
            "Events in 5 min that were not settled",
            (
                Query(
                    share(
                        increase(Name.EVENTS_FINISHED, "5m", ending=_UNSETTLED),
                        increase(Name.EVENTS_FINISHED, "5m"),
                    )
                ),
            ),
            "stat",
            "percentunit",
            rising(0.05, 0.25),
            nothing="no events",
        ),
        Panel("Replicas", (Query(now(Name.BUILD_INFO)),), "stat"),
        Panel("Version", (Query(now(Name.BUILD_INFO, ["version"]), "{{version}}"),), "name"),
    )
    board.row(
        "Steps",
        [
            [
                Panel(
                    "Events a second",
                    (Query(rate(Name.EVENTS_RECEIVED, ["type"]), "{{type}}"),),
                    unit="reqps",
                ),
                Panel(
                    "Not settled, a second",
                    (
                        Query(
                            rate(Name.EVENTS_FINISHED, ["type", "ending"], ending=_UNSETTLED),
                            "{{type}} {{ending}}",
                        ),
                    ),
                    "stacked",
                    "reqps",
                ),
                Panel(
                    "Duration, 95 %",
                    (Query(quantile(0.95, Name.EVENT_SECONDS, ["type"]), "{{type}}"),),
                    unit="s",
                ),
            ],
            [
                Panel(
                    "Parked a second, by reason",
                    (Query(rate(Name.EVENTS_PARKED, ["reason"]), "{{reason}}"),),
                    "stacked",
                    "reqps",
                    nothing="none",
                ),
                Panel(
                    "Parked a second, by tier",
                    (Query(rate(Name.EVENTS_PARKED, ["tier"]), "{{tier}}"),),
                    "stacked",
                    "reqps",
                    nothing="none",
                ),
                Panel(
                    "Steps paused",
                    (
                        Query(
                            f"{highest(Name.STEP_PAUSED, ['step', 'reason'])}",
                            "{{step}} {{reason}}",
                        ),
                    ),
                    levels=never(),
                    most=1,
                ),
            ],
        ],
        ["OrderflexStepFlooding", "OrderflexStepForbidden"],
    )
    board.row(
        "Engine",
        [
            [
                Panel(
                    "In flight",
                    (Query(now(Name.IN_FLIGHT, [_REPLICA]), _EACH),),
                ),
                Panel(
                    "Oldest unfinished",
                    (Query(highest(Name.OLDEST_UNFINISHED, [_REPLICA]), _EACH),),
                    unit="s",
                    levels=rising(120, 900),
                ),
                Panel(
                    "Not committed yet: the largest gap",
                    (Query(highest(Name.UNCOMMITTED, [_REPLICA]), _EACH),),
                    levels=rising(1000, 5000),
                ),
            ],
            [
                Panel(
                    "Lag by topic",
                    (Query(now(Name.CONSUMER_LAG, ["topic"]), "{{topic}}"),),
                    "stacked",
                ),
                Panel(
                    "Since Kafka's last answer",
                    (Query(seconds_since(Name.LAG_MEASURED, [_REPLICA]), _EACH),),
                    unit="s",
                    levels=rising(60, 150),
                ),
                Panel(
                    "Rebalances and failed commits in 5 min",
                    (
                        Query(increase(Name.REBALANCES, "5m"), "rebalances"),
                        Query(increase(Name.COMMITS_FAILED, "5m"), "failed commits"),
                    ),
                ),
                Panel(
                    "Settling broke off in 5 min",
                    (Query(increase(Name.SETTLING_FAILED, "5m", ["type"]), "{{type}}"),),
                    "stacked",
                    levels=never(),
                ),
            ],
        ],
        [
            "OrderflexKafkaAway",
            "OrderflexNoProgress",
            "OrderflexEventStuck",
            "OrderflexReplicaDown",
            "OrderflexDown",
            "OrderflexCommitsFail",
            "OrderflexSettlingFailed",
        ],
    )
    board.row(
        "Ledger, sweeper, traces",
        [
            [
                Panel(
                    "Transactions a second",
                    (
                        Query(
                            rate(Name.LEDGER_SECONDS, ["ending"], "_count"),
                            "{{ending}}",
                        ),
                    ),
                    "stacked",
                    "reqps",
                ),
                Panel(
                    "Transactions, duration",
                    tuple(
                        Query(quantile(part, Name.LEDGER_SECONDS), f"{part:.0%}")
                        for part in (0.5, 0.95, 0.99)
                    ),
                    unit="s",
                    levels=rising(0.1, 1),
                ),
                Panel(
                    "Operations not settled",
                    (Query(now(Name.OPERATIONS_OPEN, ["state"]), "{{state}}"),),
                ),
            ],
            [
                Panel(
                    "Since the sweeper's last round",
                    (Query(seconds_since(Name.LAST_SWEEP, ["loop"]), "{{loop}}"),),
                    unit="s",
                    levels=rising(120, 600),
                ),
                Panel(
                    "Sweeps failed in 5 min",
                    (Query(increase(Name.SWEEPS_FAILED, "5m", ["work"]), "{{work}}"),),
                    "stacked",
                ),
                Panel(
                    "Spans dropped in 5 min",
                    (Query(increase(Name.SPANS_DROPPED, "5m"), "dropped"),),
                ),
            ],
        ],
        ["OrderflexLedgerDown", "OrderflexSweeperSilent", "OrderflexSweepsFail"],
    )
    return board
