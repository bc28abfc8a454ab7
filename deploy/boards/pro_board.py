"""PRO: is it there, how quick, what does it answer, what did it leave in doubt."""

from board import Board
from panels import Panel, Query, never, rising
from queries import buckets, highest, increase, now, quantile, rate, share

from service.metrics import Name

_FAILED = "retryable|ambiguous|throttled|unauthorised|cancelled"
_CALLS = Name.PRO_CALL_SECONDS


def _state(title: str, expr: str, bad: str) -> Panel:
    return Panel(
        title,
        (Query(expr),),
        "stat",
        levels=never(),
        words={"0": ("no", "green"), "1": (bad, "red")},
    )


def pro_board() -> Board:
    """Make the dashboard."""
    board = Board(
        "orderflex-pro",
        "Orderflex: PRO",
        "Is SortedPRO there, how quick is it, what does it answer, what did it leave in doubt.",
    )
    board.stats(
        _state("Circuit open", highest(Name.INTAKE_PAUSED, reason="pro_down"), "open"),
        _state("Key refused", highest(Name.INTAKE_PAUSED, reason="key_refused"), "refused"),
        _state("Busy (429)", highest(Name.PRO_BUSY), "busy"),
        Panel(
            "Calls that failed, in 5 min",
            (
                Query(
                    share(
                        increase(_CALLS, "5m", suffix="_count", verdict=_FAILED),
                        increase(_CALLS, "5m", suffix="_count"),
                    )
                    + " or vector(0)"
                ),
            ),
            "stat",
            "percentunit",
            rising(0.02, 0.2),
        ),
        Panel(
            "Duration, 95 %",
            (Query(quantile(0.95, _CALLS)),),
            "stat",
            "s",
            rising(2, 10),
            nothing="no calls",
        ),
        Panel(
            "Operations in doubt",
            (Query(f"sum ({now(Name.OPERATIONS_OPEN, ['state'], state='unknown|abandoned')})"),),
            "stat",
            levels=rising(1, 20),
        ),
    )
    board.row(
        "Each operation",
        [
            [
                Panel(
                    "Calls a second",
                    (Query(rate(_CALLS, ["operation"], "_count"), "{{operation}}"),),
                    unit="reqps",
                ),
                Panel(
                    "Failed a second",
                    (
                        Query(
                            rate(_CALLS, ["operation", "verdict"], "_count", verdict=_FAILED),
                            "{{operation}} {{verdict}}",
                        ),
                    ),
                    "stacked",
                    "reqps",
                    nothing="none",
                ),
                Panel(
                    "Duration, 95 %",
                    (Query(quantile(0.95, _CALLS, ["operation"]), "{{operation}}"),),
                    unit="s",
                ),
            ]
        ],
        ["OrderflexProDown", "OrderflexKeyRefused"],
    )
    board.row(
        "Latency and verdicts",
        [
            [
                Panel(
                    "How long calls take",
                    (Query(buckets(_CALLS), "{{le}}"),),
                    "heatmap",
                    "s",
                ),
                Panel(
                    "Duration of all",
                    tuple(
                        Query(quantile(part, _CALLS), f"{part:.0%}") for part in (0.5, 0.95, 0.99)
                    ),
                    unit="s",
                    levels=rising(2, 10),
                ),
                Panel(
                    "Verdicts a second",
                    (Query(rate(_CALLS, ["verdict"], "_count"), "{{verdict}}"),),
                    "stacked",
                    "reqps",
                ),
            ]
        ],
        ["OrderflexProDown"],
    )
    board.row(
        "Limits",
        [
            [
                Panel(
                    "Calls in flight, and the ceiling",
                    (
                        Query(now(Name.PRO_CALLS_IN_FLIGHT), "in flight"),
                        Query(now(Name.CALL_CEILING), "ceiling"),
                    ),
                ),
                Panel(
                    "Spared because busy",
                    (Query(highest(Name.PRO_BUSY, ["instance"]), "{{instance}}"),),
                    levels=never(),
                    most=1,
                ),
                Panel(
                    "Paused, by reason",
                    (
                        Query(highest(Name.INTAKE_PAUSED, ["reason"]), "intake: {{reason}}"),
                        Query(
                            highest(Name.STEP_PAUSED, ["step"], reason="forbidden"),
                            "forbidden: {{step}}",
                        ),
                    ),
                    levels=never(),
                    most=1,
                ),
            ]
        ],
        ["OrderflexProBusy", "OrderflexStepForbidden"],
    )
    board.row(
        "In doubt: PRO may or may not have acted",
        [
            [
                Panel(
                    "Unknown in 1 h, by operation",
                    (Query(increase(Name.OPERATIONS_UNKNOWN, "1h", ["kind"]), "{{kind}}"),),
                    "stacked",
                ),
                Panel(
                    "Late results in 1 h, by operation",
                    (Query(increase(Name.OPERATIONS_LATE, "1h", ["kind"]), "{{kind}}"),),
                    "stacked",
                ),
                Panel(
                    "Strays, orphans, missing returns in 1 d",
                    (
                        Query(increase(Name.STRAYS, "1d", ["ending"]), "strays {{ending}}"),
                        Query(increase(Name.POSSIBLE_ORPHANS, "1d"), "possible orphans"),
                        Query(increase(Name.MISSING_RETURNS, "1d"), "missing returns"),
                    ),
                    levels=never(),
                ),
            ]
        ],
        ["OrderflexUnknownOperationsGrow", "OrderflexStrays", "OrderflexPossibleOrphans"],
    )
    return board
