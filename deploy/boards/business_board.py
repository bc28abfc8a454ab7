"""Business: is the promise kept, where do orders wait, what was refused."""

from board import Board
from panels import Panel, Query, falling, never, plain, rising
from queries import increase, now, quantile, rate, share

from service.metrics import PICK_IN_TIME, Name

_DAY = 86_400
_REFUSED = ".*rejected|.*_failed"
_IN_TIME = share(increase(Name.PICKS_IN_TIME, "$__range"), increase(Name.PICKS_DUE, "$__range"))


def _late(over: str) -> str:
    in_time = increase(Name.PICKS_IN_TIME, over)
    return f"(1 - {share(in_time, increase(Name.PICKS_DUE, over))}) / 0.01"


def _an_hour(outcome: str) -> Query:
    return Query(f"3600 * {rate(Name.OUTCOMES_PUBLISHED, type=outcome)}", outcome)


def business_board() -> Board:
    """Make the dashboard."""
    board = Board(
        "orderflex-business",
        "Orderflex: business",
        "Is the promise kept, where do orders wait, and what was refused.",
    )
    board.stats(
        Panel(
            "Picks in time (promised: 99 % within 2 min)",
            (Query(_IN_TIME),),
            "stat",
            "percentunit",
            falling(0.98, 0.99),
            nothing="no picks",
        ),
        Panel(
            "Needs attention",
            (Query(f"sum ({now(Name.NEEDS_ATTENTION, ['kind'])})"),),
            "stat",
            levels=rising(1, 50),
        ),
        Panel("Orders on hold", (Query(now(Name.ORDERS_HELD)),), "stat", levels=never()),
        Panel("Orders parked", (Query(now(Name.PARKED_ORDERS)),), "stat", levels=rising(50, 500)),
        Panel("Oldest parked", (Query(now(Name.OLDEST_PARKED)),), "stat", "s", rising(900, 7200)),
        Panel(
            "Oldest waiting for a manifest",
            (Query(now(Name.OLDEST_WAITING, stage="to_be_manifested")),),
            "stat",
            "s",
            rising(_DAY, 3 * _DAY),
        ),
    )
    board.row(
        "From pick to parcel",
        [
            [
                Panel(
                    "Pick to consignment",
                    tuple(
                        Query(quantile(part, Name.PICK_TO_CONSIGNMENT), f"{part:.0%}")
                        for part in (0.5, 0.95, 0.99)
                    ),
                    unit="s",
                    levels=rising(PICK_IN_TIME / 2, PICK_IN_TIME),
                ),
                Panel(
                    "Pick to manifested",
                    tuple(
                        Query(quantile(part, Name.PICK_TO_MANIFESTED), f"{part:.0%}")
                        for part in (0.5, 0.95)
                    ),
                    unit="s",
                ),
                Panel(
                    "Burn rate of the promise (1: just kept)",
                    tuple(Query(_late(over), over) for over in ("5m", "1h", "6h")),
                    levels=rising(1, 6),
                ),
            ]
        ],
        ["OrderflexPicksLateFast", "OrderflexPicksLateSlowly"],
    )
    board.row(
        "Where they wait",
        [
            [
                Panel(
                    "On their way, by what they wait for",
                    (Query(now(Name.WAITING, ["stage"]), "{{stage}}"),),
                    "bars",
                    levels=plain(),
                ),
                Panel(
                    "Oldest of each stage",
                    (Query(now(Name.OLDEST_WAITING, ["stage"]), "{{stage}}"),),
                    unit="s",
                ),
            ],
            [
                Panel(
                    "Outcomes an hour",
                    tuple(
                        _an_hour(outcome)
                        for outcome in (
                            "order.recorded",
                            "consignment.created",
                            "consignment.allocated",
                            "consignment.labelled",
                            "consignment.manifested",
                        )
                    ),
                ),
                Panel(
                    "Parked events and dead letters",
                    (Query(now(Name.PARKED, ["state"]), "{{state}}"),),
                ),
            ],
        ],
        [
            "OrderflexOldestParked",
            "OrderflexConsignmentsWithoutPapers",
            "OrderflexNoPapers",
            "OrderflexManifestOverdue",
        ],
    )
    board.row(
        "What was refused, and what needs a person",
        [
            [
                Panel(
                    "Refused and failed, an hour",
                    (
                        Query(
                            f"3600 * {rate(Name.OUTCOMES_PUBLISHED, ['type'], type=_REFUSED)}",
                            "{{type}}",
                        ),
                    ),
                    "stacked",
                ),
                Panel(
                    "Needs attention, by kind",
                    (Query(f"{now(Name.NEEDS_ATTENTION, ['kind'])} > 0", "{{kind}}"),),
                    "bars",
                    levels=rising(1, 50),
                    nothing="nothing needs attention",
                ),
            ],
            [
                Panel(
                    "Dead letters an hour, by reason",
                    (Query(f"3600 * {rate(Name.DEAD_LETTERS, ['reason'])}", "{{reason}}"),),
                    "stacked",
                    nothing="none",
                ),
                Panel("Orders on hold", (Query(now(Name.ORDERS_HELD), "on hold"),), levels=never()),
            ],
        ],
        ["OrderflexDeadLetters", "OrderflexOrdersOnHold"],
    )
    return board
