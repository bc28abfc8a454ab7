"""What traces cost: CPU of the service for each event, without them, unrecorded and recorded.

First what an event tells its trace, alone; then the whole service, where the ways take turns, on an
empty PostgreSQL each time, so that what else the machine does falls on all of them alike. The
collector takes everything and does nothing with it.
"""

import asyncio
import statistics
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from bench.service import BUSY, BUSY_SHORT, throughput, warm_up
from bench.stage import Stage, running_stage
from bench.traffic import WentWrong, traffic
from service.tracing.export import ExportPolicy, tracer_of
from service.tracing.traced import NO_TRACING, UNTRACED, Traced, Tracing, calling, current
from service.tracing.tracer import Sampling
from service.tracing.words import Attribute, Moment, Value

OFF, UNRECORDED, RECORDED = "no traces", "none recorded", "all recorded"
LATENCY = 0.1
"""Of PRO, seconds."""


class _Taking(BaseHTTPRequestHandler):
    """Takes every batch."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Take a batch, and forget it."""
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def _collector() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Taking)
    server.daemon_threads = True
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def look(*, short: bool) -> None:
    """Measure the ways in turns, and print the CPU of each."""
    rounds, seconds = (1, 3.0) if short else (5, 10.0)
    events = 1_000 if short else 20_000
    with _collector() as endpoint:
        for way, sampling in ((OFF, None), (UNRECORDED, Sampling(0)), (RECORDED, Sampling())):
            cost = asyncio.run(_alone(endpoint, sampling, events))
            print(f"what an event tells its trace, {way:<13} {cost:6.1f} µs CPU", flush=True)
    with running_stage() as stage, _collector() as endpoint:
        ways: dict[str, Mapping[str, str]] = {
            OFF: {},
            UNRECORDED: {
                "ORDERFLEX_TRACING_ENDPOINT": endpoint,
                "ORDERFLEX_TRACING_SHARE": "0",
            },
            RECORDED: {"ORDERFLEX_TRACING_ENDPOINT": endpoint},
        }
        found: dict[str, list[float]] = {way: [] for way in ways}
        for number in range(rounds):
            for way, settings in ways.items():
                cost = _measure(stage, settings, seconds, BUSY_SHORT if short else BUSY)
                found[way].append(cost)
                print(f"round {number + 1}, {way:<13} {cost:6.2f} ms CPU an event", flush=True)
    least = statistics.median(found[OFF])
    for way, costs in found.items():
        middle = statistics.median(costs)
        print(
            f"{way:<13} median {middle:5.2f} ms CPU an event ({min(costs):.2f} to "
            f"{max(costs):.2f}), {middle - least:+.2f} ms"
        )


async def _alone(endpoint: str, sampling: Sampling | None, events: int) -> float:
    """Give the CPU of what one event tells its trace, sending included, in microseconds.

    The collector's own share is in it.
    """
    dropped: list[int] = []
    tracing = NO_TRACING
    if sampling is not None:
        policy = ExportPolicy(endpoint, most_waiting=5 * events, group="orderflex")
        tracing = tracer_of(policy, sampling, dropped.append, tells_pro=False)
    began = time.process_time()
    for offset in range(events):
        _one_event(tracing, offset)
    await tracing.close(60)
    took = time.process_time() - began
    if dropped:
        raise WentWrong(f"{sum(dropped)} spans dropped")
    return 1_000_000 * took / events


def _one_event(tracing: Tracing, offset: int) -> None:
    """Tell what an event tells that is settled at its first attempt."""
    said: dict[Attribute, Value] = {
        Attribute.PARTITION: "7",
        Attribute.OFFSET: offset,
        Attribute.MESSAGE_ID: "event-1",
    }
    work: Traced = UNTRACED
    if tracing.is_on:
        work = tracing.event("stock.picked", None, f"stock.picked/7/{offset}", said)
    with work:
        for moment in (Moment.CLAIMED, Moment.SETTLED):
            current().note(
                moment,
                {
                    Attribute.OPERATION: "pack_order",
                    Attribute.OPERATION_KEY: "pack:WEB-204817:pick-1",
                    Attribute.ATTEMPT: 1,
                },
            )
            if moment is Moment.CLAIMED:
                call = calling("pack_order", "POST", "https://api.electioapp.com")
                call.status = 200
                call.end("ok", is_good=True)
        promised = current().outcome(None)
        with current().sending("outcome-1", "consignment.created", promised, is_repeated=False):
            pass
        current().say({Attribute.ENDING: "settled"})


def _measure(stage: Stage, settings: Mapping[str, str], seconds: float, busy: int) -> float:
    """Give the service's CPU for each event of the whole way, in milliseconds."""
    ledger_url = stage.new_ledger("postgresql")
    with stage.deployed(ledger_url, settings=settings) as deployment:

        async def measured() -> float:
            async with traffic(stage.broker.bootstrap_servers, deployment.prefix) as made:
                await warm_up(made, stage, deployment, busy=busy)
                one = await throughput(
                    stage,
                    deployment,
                    made,
                    ledger="postgresql",
                    latency=LATENCY,
                    seconds=seconds,
                    busy=busy,
                    whole_way=True,
                )
                return one.cpu_ms_per_event["service"]

        return asyncio.run(measured())
