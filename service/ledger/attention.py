"""What needs a person's attention: one list, oldest first, and how much there is of each kind."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from service.ledger import history
from service.ledger.attention_kinds import SAID, Action, AttentionPolicy, Kind
from service.ledger.attention_rows import FOUND
from service.ledger.clock import now_plus
from service.ledger.database import Database, Tx, upsert
from service.ledger.dead_letters import Decision
from service.ledger.history import What
from service.ledger.operation import references_in
from service.ledger.tables import seen_to

MOST_COUNTED = 1000
"""Of one kind: more than so many are too many to count."""


class NoSuchItem(Exception):
    """There is no such item on the list that could be marked as seen to."""

    def __init__(self, item: str) -> None:
        super().__init__(f"nothing on the list is called {item}, or it can't be marked as seen to")


@dataclass(frozen=True)
class Item:
    """One thing that needs attention. It holds references and codes, no personal data."""

    item: str
    """Names it on the list; what happens again has another name."""
    kind: Kind
    since: datetime
    order_reference: str | None
    pick_reference: str | None
    consignment_reference: str | None
    shipping_location_reference: str | None
    operation: str | None
    """The key of the operation, where it is one that was refused or is unknown."""
    dead_letter: int | None
    """The number of the dead letter, where it is one."""
    why: str
    do: str
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class Place:
    """Where a page of the list begins: behind this item."""

    since: datetime
    item: str


class Attention:
    """Reads the list, and marks items as seen to."""

    def __init__(self, database: Database, policy: AttentionPolicy) -> None:
        self._database = database
        self._policy = policy

    async def find(
        self,
        limit: int,
        *,
        behind: Place | None = None,
        kinds: Collection[Kind] = tuple(Kind),
        order_reference: str | None = None,
    ) -> list[Item]:
        """Read so many items, oldest first, of some kinds or of one order."""
        found: list[Item] = []
        async with self._database.each() as tx:
            for kind in kinds:
                rows = await self._rows(tx, kind, limit, behind, order_reference)
                found += [_item(kind, row) for row in rows]
        return sorted(found, key=lambda item: (item.since, item.item))[:limit]

    async def counts(self) -> Mapping[Kind, int]:
        """Count each kind, up to `MOST_COUNTED`."""
        counted = {}
        async with self._database.each() as tx:
            for kind in Kind:
                rows = FOUND[kind](self._policy, kind)
                if rows is None:
                    counted[kind] = 0
                    continue
                some = rows.limit(MOST_COUNTED).subquery()
                number = await tx.execute(select(func.count()).select_from(some))
                counted[kind] = number.scalar_one()
        return counted

    async def seen(self, item: str, decision: Decision) -> Item:
        """Mark an item as seen to: it leaves the list. Raises NoSuchItem."""
        kind = next((kind for kind in Kind if item.startswith(f"{kind.value}:")), None)
        if kind is None or Action.SEEN not in SAID[kind].actions:
            raise NoSuchItem(item)
        async with self._database.begin() as tx:
            rows = FOUND[kind](self._policy, kind)
            found = [] if rows is None else (await tx.execute(_called(rows, item))).all()
            marked = await tx.execute(
                upsert(tx, seen_to).values(item=item, at=now_plus()).on_conflict_do_nothing()
            )
            if not found or marked.rowcount != 1:
                raise NoSuchItem(item)
            told = _item(kind, found[0])
            await history.note(
                tx,
                told.order_reference,
                What.SEEN_TO,
                item=item,
                by=decision.by,
                reason=decision.reason,
            )
            return told

    async def _rows(
        self, tx: Tx, kind: Kind, limit: int, behind: Place | None, order_reference: str | None
    ) -> list[Any]:
        rows = FOUND[kind](self._policy, kind)
        if rows is None:
            return []
        columns = rows.selected_columns
        # As Python sorts: the database's own order of words may be a language's.
        item = columns["item"] if tx.database == "sqlite" else columns["item"].collate("C")
        since = columns["since"]
        if order_reference is not None:
            rows = rows.where(columns["order_reference"] == order_reference)
        if behind is not None:
            rows = rows.where(_is_behind(since, item, behind))
        found = await tx.execute(rows.order_by(since, item).limit(limit))
        return found.all()


def _is_behind(
    since: ColumnElement[Any], item: ColumnElement[Any], place: Place
) -> ColumnElement[bool]:
    return or_(since > place.since, and_(since == place.since, item > place.item))


def _called(rows: Select[Any], item: str) -> Select[Any]:
    return rows.where(rows.selected_columns["item"] == item)


def _item(kind: Kind, row: Any) -> Item:
    said = SAID[kind]
    told = {
        "code": row.code or "no code",
        "detail": row.detail or "unknown",
        "what": row.what or "",
    }
    is_letter = Action.REPLAY in said.actions
    pick = None
    if kind is Kind.PICK_REJECTED:
        _, pick = references_in(row.key)
    return Item(
        item=row.item,
        kind=kind,
        since=row.since,
        order_reference=row.order_reference,
        pick_reference=pick,
        consignment_reference=row.consignment_reference,
        shipping_location_reference=row.shipping_location_reference,
        operation=None if is_letter else row.key,
        dead_letter=int(row.key) if is_letter else None,
        why=said.why_of(told),
        do=said.do,
        actions=said.actions,
    )
