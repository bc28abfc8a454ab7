"""Statements, written in SQLAlchemy's language, compiled once and run without its machinery.

Running a statement through SQLAlchemy costs several times what the drivers cost, and the ledger is
asked some twenty times for each event. So SQLAlchemy builds and compiles here, and nothing more.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from sqlalchemy import Executable, TextClause
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.dialects.sqlite import pysqlite as sqlite_dialect
from sqlalchemy.engine import Dialect

DIALECTS: Mapping[str, Dialect] = {
    "postgresql": asyncpg_dialect.dialect(),  # type: ignore[no-untyped-call]
    "sqlite": sqlite_dialect.dialect(),
}
INSERTS: Mapping[str, Any] = {"postgresql": postgresql_insert, "sqlite": sqlite_insert}
"""The inserts that can say `on_conflict_…`."""

Process = Callable[[Any], Any]

_TO_BE_GIVEN = object()


class NotOne(Exception):
    """There are more rows, or fewer, than were asked for."""


@dataclass(frozen=True)
class Prepared:
    """A statement in a database's own words."""

    sql: str
    binds: tuple[tuple[str, Any, Process | None], ...]
    """Name, value unless it is to be given, and what makes the driver's value of it; by position.
    """
    columns: tuple[Process | None, ...] | None
    """What makes our value of the driver's, for each column; None when they are not known."""
    make_row: Callable[[Iterable[Any]], Any] | None
    """None when the statement gives no rows."""

    @property
    def only_reads(self) -> bool:
        """Whether it changes nothing for certain."""
        return self.sql.startswith("SELECT")

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """Give the driver's values, by position. Raises KeyError where one is missing."""
        return [
            value if process is None else process(value)
            for name, constant, process in self.binds
            for value in (values[name] if constant is _TO_BE_GIVEN else constant,)
        ]

    def rows(self, found: Sequence[Sequence[Any]]) -> list[Any]:
        """Make our rows of the driver's."""
        make_row, columns = self.make_row, self.columns
        if make_row is None or columns is None:
            return [tuple(row) for row in found]
        return [
            make_row(
                value if process is None else process(value)
                for value, process in zip(row, columns, strict=True)
            )
            for row in found
        ]


class Statement:
    """A statement that is run again and again, each time with other values for its `bindparam`s.

    It has no IN lists. `build` is given the database's own insert, for those that have to say
    `on_conflict_…`.
    """

    def __init__(self, build: Callable[[Any], Executable]) -> None:
        self._build = build
        self._prepared: dict[str, Prepared] = {}

    def prepared(self, database: str) -> Prepared:
        """Give it in a database's own words."""
        found = self._prepared.get(database)
        if found is None:
            found = self._prepared[database] = prepare(
                self._build(INSERTS[database]), database, spread=False
            )
        return found


def prepare(statement: Executable, database: str, *, spread: bool = True) -> Prepared:
    """Compile a statement. `spread` writes the members of its IN lists out, which are its own."""
    dialect = DIALECTS[database]
    compiled: Any = statement.compile(  # type: ignore[attr-defined]  # every one of ours can
        dialect=dialect, compile_kwargs={"render_postcompile": spread}
    )
    binds = []
    constants = compiled.construct_params(_check=False)
    for name in compiled.positiontup or ():
        bind = compiled.binds.get(name)  # the members of an IN list have none: plain words, numbers
        process = (
            bind.type.dialect_impl(dialect).bind_processor(dialect) if bind is not None else None
        )
        is_named = bind is not None and bind.required
        binds.append((name, _TO_BE_GIVEN if is_named else constants[name], process))
    if isinstance(statement, TextClause):
        return Prepared(str(compiled), tuple(binds), None, tuple)
    told = compiled._result_columns  # noqa: SLF001 - in none of the public ways for all kinds
    columns = [one.type.dialect_impl(dialect).result_processor(dialect, None) for one in told]
    # Two columns of one name are told apart by position only.
    names = [one.keyname for one in told]
    row: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]
    return Prepared(str(compiled), tuple(binds), tuple(columns), row._make if told else None)


class Result:
    """What a statement gave."""

    def __init__(self, rows: list[Any], rowcount: int) -> None:
        self._rows = rows
        self.rowcount = rowcount
        """How many rows were changed; -1 when the statement gave rows."""

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def all(self) -> list[Any]:
        """Give every row."""
        return self._rows

    def one(self) -> Any:
        """Give the only row. Raises NotOne."""
        return self._rows[0] if len(self._rows) == 1 else self._not_one()

    def one_or_none(self) -> Any:
        """Give the only row; None when there is none. Raises NotOne."""
        return self.one() if self._rows else None

    def scalars(self) -> list[Any]:
        """Give the first value of every row."""
        return [row[0] for row in self._rows]

    def scalar_one(self) -> Any:
        """Give the first value of the only row. Raises NotOne."""
        return self.one()[0]

    def scalar_one_or_none(self) -> Any:
        """Give the first value of the only row; None when there is none. Raises NotOne."""
        return self.one()[0] if self._rows else None

    def _not_one(self) -> NoReturn:
        raise NotOne(f"{len(self._rows)} rows, where one was asked for")
