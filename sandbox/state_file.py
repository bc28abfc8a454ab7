"""A file that keeps what the sandbox holds: one SQLite table, one row for each record."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

from sandbox.calls import CallRecord
from sandbox.faults import FaultsKept
from sandbox.jobs import Job
from sandbox.records import Consignment, DeliveryOption, ManifestFile, Order, Quote

Kept = Order | Consignment | DeliveryOption | Quote | ManifestFile | CallRecord | Job
K = TypeVar("K", bound=Kept)
Key = tuple[type[Kept], str]


@dataclass(frozen=True, slots=True)
class Counters:
    """What has no row of its own; written with every change."""

    references: dict[str, int]
    last_job: int
    faults: FaultsKept


FORMAT = 1
"""Of the rows; another one is not read."""

_ADAPTERS: Mapping[type, TypeAdapter[Any]] = {
    kind: TypeAdapter(kind)
    for kind in (
        *(Order, Consignment, DeliveryOption, Quote, ManifestFile, CallRecord, Job),
        Counters,
    )
}
_COUNTERS = ("Counters", "")
_WRITE = "INSERT INTO records VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body"


def key_of(record: Kept) -> Key:
    """What tells a record from others of its kind."""
    match record:
        case CallRecord():
            return CallRecord, str(record.sequence)
        case Job():
            return Job, str(record.number)
        case _:
            return type(record), record.reference


class StateFileError(Exception):
    """The file cannot be used; says why."""


class StateFile:
    """An open file, which no other sandbox can open meanwhile.

    What was written is there although the process is killed. Raises StateFileError for a file
    that cannot be opened, is open elsewhere or is of another format.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._connection = sqlite3.connect(path, timeout=0, isolation_level=None)
        except sqlite3.Error as error:
            raise StateFileError(str(error)) from None
        try:
            self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._prepare()
        except sqlite3.Error as error:
            self._connection.close()
            raise StateFileError(str(error)) from None
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        (found,) = self._connection.execute("PRAGMA user_version").fetchone()
        if found not in (0, FORMAT):
            raise StateFileError("written by another version of the sandbox; take another file")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS records ("
            "kind TEXT NOT NULL, reference TEXT NOT NULL, body TEXT NOT NULL, "
            "PRIMARY KEY (kind, reference))"
        )
        self._connection.execute(f"PRAGMA user_version = {FORMAT}")
        self._connection.execute("COMMIT")

    def write(self, records: Mapping[Key, Kept | None], counters: Counters) -> None:
        """Writes all of them or, if that fails, none; None is a record that is gone."""
        self._connection.execute("BEGIN")
        try:
            for (kind, reference), record in records.items():
                if record is None:
                    self._connection.execute(
                        "DELETE FROM records WHERE kind = ? AND reference = ?",
                        (kind.__name__, reference),
                    )
                else:
                    row = (kind.__name__, reference, _text(kind, record))
                    self._connection.execute(_WRITE, row)
            self._connection.execute(_WRITE, (*_COUNTERS, _text(Counters, counters)))
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise

    def records(self, kind: type[K]) -> Iterator[K]:
        """All of a kind, in the order in which they were made."""
        rows = self._connection.execute(
            "SELECT body FROM records WHERE kind = ? ORDER BY rowid", (kind.__name__,)
        )
        for (body,) in rows:
            yield _ADAPTERS[kind].validate_python(json.loads(body))

    def counters(self) -> Counters | None:
        """The counters; None in a new file."""
        row = self._connection.execute(
            "SELECT body FROM records WHERE kind = ? AND reference = ?", _COUNTERS
        ).fetchone()
        if row is None:
            return None
        counters: Counters = _ADAPTERS[Counters].validate_python(json.loads(row[0]))
        return counters

    def clear(self) -> None:
        """Takes every record out; the counters stay."""
        self._connection.execute("DELETE FROM records WHERE kind <> ?", _COUNTERS[:1])

    def close(self) -> None:
        """Lets go of the file."""
        self._connection.close()


def _text(kind: type, record: object) -> str:
    # By way of json: a body that was sent may hold text that is no good UTF-8.
    return json.dumps(_ADAPTERS[kind].dump_python(record, mode="json"))
