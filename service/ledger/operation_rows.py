"""The statements of the journal that every event runs."""

from sqlalchemy import bindparam, or_, select, update

from service.ledger.clock import now_plus
from service.ledger.statements import Statement
from service.ledger.tables import OperationState, ledger_info, operations, orders

OPEN = (OperationState.STARTED.value, OperationState.UNKNOWN.value)

FIRST = Statement(
    lambda insert: (
        insert(operations)
        .values(
            operation_key=bindparam("key"),
            kind=bindparam("kind"),
            subject=bindparam("subject"),
            order_reference=bindparam("order_reference"),
            state=OperationState.STARTED.value,
            attempt=1,
            content_digest=bindparam("content_digest"),
            digest_version=bindparam("digest_version"),
            lease_until=bindparam("lease_until"),
            ever_unknown=False,
            created_at=now_plus(),
        )
        .on_conflict_do_nothing()
        .returning(
            operations.c.attempt,
            select(ledger_info.c.trusted_from).scalar_subquery().label("trusted_from"),
        )
    )
)
"""Stores an operation as started, if it is the first time; gives since when this ledger is trusted.
"""

ROW = Statement(lambda _: select(operations).where(operations.c.operation_key == bindparam("key")))
NOW = Statement(lambda _: select(now_plus()))
NUMBER = Statement(
    lambda _: (
        update(orders)
        .where(orders.c.order_reference == bindparam("reference"))
        .values(sequence=orders.c.sequence + 1, moved_at=now_plus())
        .returning(orders.c.sequence)
    )
)
"""Gives the next outcome of an order its number."""

RELEASE = Statement(
    lambda _: (
        update(operations)
        .where(
            operations.c.operation_key == bindparam("key"),
            operations.c.attempt == bindparam("at_attempt"),
            operations.c.state == OperationState.STARTED.value,
        )
        .values(state=OperationState.RELEASED.value)
    )
)


def _settle(published_at: now_plus | None) -> Statement:
    return Statement(
        lambda _: (
            update(operations)
            .where(
                operations.c.operation_key == bindparam("key"),
                operations.c.attempt == bindparam("at_attempt"),
                or_(*(operations.c.state == state for state in OPEN)),
            )
            .values(
                state=bindparam("new_state"),
                result=bindparam("new_result"),
                outcomes=bindparam("new_outcomes"),
                event=bindparam("new_event"),
                settled_at=now_plus(),
                published_at=published_at,
                next_lookup_at=None,
            )
        )
    )


SETTLE = _settle(None)
"""Settles an operation that is still at this attempt; its outcomes are to be published."""
SETTLE_IN_SILENCE = _settle(now_plus())
"""Settles an operation whose outcomes, if it has any, are not to be published."""
