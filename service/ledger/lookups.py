"""When an operation whose answer was lost is looked up in PRO: a pure plan, kept in its row.

PRO may commit late, so one look that finds nothing proves nothing. An operation is looked up at
fixed distances from the moment after which nothing of ours can reach PRO any more; only when the
last look has found nothing may PRO be asked again. A look that is overdue counts for all that
were due before it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class OperationKind(StrEnum):
    """The operations of PRO that we run under the journal."""

    CREATE_ORDER = "create_order"
    SELECT_OPTION = "select_option"
    UPDATE_ORDER = "update_order"
    PACK_ORDER = "pack_order"
    CREATE_CONSIGNMENT = "create_consignment"
    UPDATE_CONSIGNMENT = "update_consignment"
    CANCEL = "cancel"
    DEALLOCATE = "deallocate"
    ALLOCATE = "allocate"
    GET_LABELS = "get_labels"
    SET_READY_TO_SHIP = "set_ready_to_ship"
    MANIFEST = "manifest"
    CANCEL_STRAY = "cancel_stray"
    CONFIRM_MANIFEST = "confirm_manifest"
    """Asks PRO nothing: what a look-up found is stored and said under the journal."""


MAKES_ORDERS = frozenset({OperationKind.CREATE_ORDER, OperationKind.SELECT_OPTION})
"""PRO can't be searched for what these made: an orphan that nobody packs never ships."""
MAKES_CONSIGNMENTS = (OperationKind.PACK_ORDER, OperationKind.CREATE_CONSIGNMENT)
"""What these made is found by its customer reference; what they made twice is a stray."""


@dataclass(frozen=True)
class LookupPlan:
    """Distances of the looks from the last moment at which PRO may have been asked, in seconds."""

    after: tuple[float, ...]

    def next_due(self, since: datetime, looked_at: datetime | None) -> datetime | None:
        """Give the time of the next look, None when the last one is behind us.

        `since` is where the distances start, `looked_at` when PRO was last looked at in vain.
        """
        for seconds in self.after:
            due = since + timedelta(seconds=seconds)
            if looked_at is None or due > looked_at:
                return due
        return None


def _plans() -> dict[OperationKind, LookupPlan]:
    by_state = LookupPlan((2.0,))  # asking twice does no harm where PRO's state forbids the second
    return {
        **dict.fromkeys(MAKES_CONSIGNMENTS, LookupPlan((5.0, 30.0, 120.0))),
        OperationKind.UPDATE_ORDER: by_state,
        OperationKind.UPDATE_CONSIGNMENT: by_state,
        OperationKind.CANCEL: by_state,
        OperationKind.DEALLOCATE: by_state,
        OperationKind.ALLOCATE: by_state,
        OperationKind.SET_READY_TO_SHIP: by_state,
        OperationKind.MANIFEST: by_state,
        OperationKind.CANCEL_STRAY: by_state,
    }


@dataclass(frozen=True)
class LookupPolicy:
    """Which operations can be looked up in PRO, and when. Those without a plan can't."""

    plans: Mapping[OperationKind, LookupPlan] = field(default_factory=_plans)
    stray_search_after: tuple[float, ...] = (3600.0, 86400.0)
    """When a Pack Order that was ever unknown is searched again for strays, in seconds."""
