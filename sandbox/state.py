"""Everything the sandbox remembers, behind one object."""

import asyncio
import heapq
import random
from collections.abc import Callable
from datetime import datetime, timedelta

from sandbox.calls import CallRecord
from sandbox.errors import not_found
from sandbox.faults import Faults
from sandbox.jobs import Job
from sandbox.options import SandboxOptions
from sandbox.records import Consignment, DeliveryOption, Event, ManifestFile, Order, Quote
from sandbox.references import References
from sandbox.state_file import Counters, Kept, Key, StateFile, key_of
from sandbox.states import ConsignmentState
from sandbox.words import EventKind


class SandboxState:
    """Orders, consignments, keys, faults, calls, and what is to happen later.

    With `options.state_file` all of it but the keys and the waiting times, which are set at each
    start, is as it was when the process ended, however that came about.
    """

    def __init__(self, options: SandboxOptions, operations: frozenset[str]) -> None:
        self.options = options
        self.references = References(options.first_reference)
        self.faults = Faults(operations, random.Random(options.seed))  # noqa: S311 - no secret
        self.closing = asyncio.Event()
        """Set when the server stops: held connections are let go."""
        self._last_job = 0
        self._clear()
        self._unsaved: dict[Key, Kept | None] = {}
        self._file = StateFile(options.state_file) if options.state_file else None
        if self._file is not None:
            self._restore(self._file)

    def _clear(self) -> None:
        self.orders: dict[str, Order] = {}
        self.consignments: dict[str, Consignment] = {}
        self.delivery_options: dict[str, DeliveryOption] = {}
        self.quotes: dict[str, Quote] = {}
        self.manifest_files: dict[str, ManifestFile] = {}
        self.calls: list[CallRecord] = []
        self.keys = set(self.options.keys)
        self.latency_seconds = self.options.latency_seconds
        self.latency_jitter = 0.0
        self.search_lag_seconds = self.options.search_lag_seconds
        self.version = 0
        """Grows with every change, so that a call can be told to have changed something."""
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._as_of: datetime | None = None

    def _restore(self, file: StateFile) -> None:
        counters = file.counters()
        if counters is None:
            return
        self.references.restore(counters.references)
        self.faults.restore(counters.faults)
        self._last_job = counters.last_job
        self.orders = {each.reference: each for each in file.records(Order)}
        self.consignments = {each.reference: each for each in file.records(Consignment)}
        self.delivery_options = {each.reference: each for each in file.records(DeliveryOption)}
        self.quotes = {each.reference: each for each in file.records(Quote)}
        self.manifest_files = {each.reference: each for each in file.records(ManifestFile)}
        self.calls = sorted(file.records(CallRecord), key=lambda each: each.sequence)
        for job in file.records(Job):
            self._push(job)

    def reset(self) -> None:
        """Forgets everything but how far references were counted, and restores the options."""
        self._clear()
        self.faults.clear()
        self._unsaved.clear()
        if self._file is not None:
            self._file.clear()
        self.save()

    def close(self) -> None:
        """Lets go of the file, if there is one."""
        if self._file is not None:
            self.save()
            self._file.close()
            self._file = None

    @property
    def now(self) -> datetime:
        """The clock; while something overdue is made up for, the time it was due."""
        return self._as_of or self.options.clock()

    def schedule(self, seconds: float, action: str, *arguments: str) -> None:
        """Has an action happen `seconds` from now, after a restart too (see `settle`)."""
        self._last_job += 1
        job = Job(self._last_job, self.now + timedelta(seconds=seconds), action, [*arguments])
        self.keep(job)
        self._push(job)

    def _push(self, job: Job) -> None:
        def carry_out() -> None:
            job.carry_out(self)
            if self._file is not None:
                self._unsaved[key_of(job)] = None

        heapq.heappush(self._due, (job.due, job.number, carry_out))

    def later(self, seconds: float, run: Callable[[], None]) -> None:
        """Has `run` happen `seconds` from now, unless the process ends before."""
        self._last_job += 1
        due = self.now + timedelta(seconds=seconds)
        heapq.heappush(self._due, (due, self._last_job, run))

    def settle(self) -> None:
        """Makes happen what is due. Called before every look at the state.

        Nobody can tell this from timers that fire by themselves, and no task can leak.
        """
        now = self.options.clock()
        if not self._due or self._due[0][0] > now:
            return
        while self._due and self._due[0][0] <= now:
            self._as_of, _, run = heapq.heappop(self._due)
            try:
                run()
            finally:
                self._as_of = None
        self.save()

    def changed(self, record: Order | Consignment) -> None:
        """To be called with every order or consignment that was changed."""
        self.version += 1
        self.keep(record)

    def keep(self, record: Kept) -> None:
        """Has a record be written by the next `save`; for changes that PRO would not call one."""
        if self._file is not None:
            self._unsaved[key_of(record)] = record

    def save(self) -> None:
        """Writes what changed since the last time; before an answer says that it did."""
        if self._file is None:
            return
        counters = Counters(self.references.counts(), self._last_job, self.faults.kept())
        self._file.write(self._unsaved, counters)
        self._unsaved.clear()

    def enter(self, consignment: Consignment, *states: ConsignmentState) -> None:
        """Takes a consignment through `states`; it stays in the last."""
        for state in states:
            consignment.state = state
            consignment.history.append((self.now, state))
        self.changed(consignment)

    def note(self, consignment: Consignment, kind: EventKind, detail: str) -> None:
        """Adds to what is told of a consignment when events are asked for."""
        consignment.events.append(Event(self.now, kind, detail))
        self.keep(consignment)

    def order(self, reference: str) -> Order:
        """The order, or 404."""
        if reference not in self.orders:
            raise not_found("Order", reference)
        return self.orders[reference]

    def consignment(self, reference: str) -> Consignment:
        """The consignment, or 404."""
        if reference not in self.consignments:
            raise not_found("Consignment", reference)
        return self.consignments[reference]

    def consignments_of(self, customer_reference: str) -> list[Consignment]:
        """All that carry a customer reference, in the order in which they were made."""
        return [
            each
            for each in self.consignments.values()
            if each.customer_reference == customer_reference
        ]

    async def hold(self, seconds: float) -> None:
        """Keeps a caller waiting, at most until the server stops."""
        if seconds <= 0:
            return
        try:
            await asyncio.wait_for(self.closing.wait(), seconds)
        except TimeoutError:
            return
