"""The statements on parked events that are run again and again."""

from sqlalchemy import Integer, bindparam, delete, func, select, update

from service.ledger.clock import distance, now_plus
from service.ledger.parked_rows import COLUMNS, HASTENED_SECONDS, IS_IT
from service.ledger.statements import Statement
from service.ledger.tables import ParkedState, parked_events
from service.ledger.turns import BEHIND

EARLY_SECONDS = 2.0
"""A retry message may come so much before its row is due: clocks differ."""

_IS_PARKED = parked_events.c.state == ParkedState.PARKED.value
_IS_DEAD = parked_events.c.state == ParkedState.DEAD.value
_MOST = bindparam("most", type_=Integer())

START = Statement(
    lambda _: (
        update(parked_events)
        .where(IS_IT, _IS_PARKED, parked_events.c.due_at <= now_plus(EARLY_SECONDS))
        .values(due_at=now_plus(distance("length")))
        .returning(*COLUMNS)
    )
)
WAIT_BEHIND = Statement(
    lambda _: (
        update(parked_events)
        .where(IS_IT, _IS_PARKED)
        .values(
            error_class=BEHIND,
            error_detail=bindparam("detail"),
            due_at=now_plus(distance("length")),
        )
    )
)
LETTER_SENT = Statement(
    lambda _: update(parked_events).where(IS_IT, _IS_DEAD).values(letter_at=now_plus())
)
REMOVE = Statement(lambda _: delete(parked_events).where(IS_IT))
HASTEN = Statement(
    lambda _: (
        update(parked_events)
        .where(
            parked_events.c.order_reference == bindparam("reference"),
            _IS_PARKED,
            parked_events.c.error_class == bindparam("of_class"),
            parked_events.c.due_at > now_plus(),
        )
        .values(due_at=now_plus(-HASTENED_SECONDS))
    )
)
OVERDUE = Statement(
    lambda _: (
        select(parked_events.c.sequence)
        .where(_IS_PARKED, parked_events.c.due_at <= now_plus(distance("since")))
        .order_by(parked_events.c.due_at)
        .limit(_MOST)
        .with_for_update(skip_locked=True)
    )
)
LETTERS_MISSING = Statement(
    lambda _: (
        select(parked_events.c.sequence)
        .where(
            _IS_DEAD,
            parked_events.c.letter_at.is_(None),
            parked_events.c.due_at <= now_plus(distance("since")),
        )
        .order_by(func.random())  # one that can't be sent must not keep others back
        .limit(_MOST)
    )
)
COUNTS = Statement(
    lambda _: select(parked_events.c.state, func.count()).group_by(parked_events.c.state)
)
ORDERS_HELD = Statement(
    lambda _: select(func.count(func.distinct(parked_events.c.order_reference))).where(
        _IS_DEAD, parked_events.c.holds
    )
)
OLDEST = Statement(
    lambda _: select(
        now_plus(),
        func.min(parked_events.c.first_failed_at),
        func.count(func.distinct(parked_events.c.order_reference)),
    ).where(_IS_PARKED)
)
