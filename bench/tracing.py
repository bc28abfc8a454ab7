"""What traces cost: CPU of the service for each event, without them, unrecorded and recorded.

The ways take turns, on an empty PostgreSQL each time, so that what else the machine does meanwhile
falls on all of them alike. The collector takes everything and does nothing with it.
"""

import asyncio
import statistics
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from bench.service import BUSY, BUSY_SHORT, throughput, warm_up
from bench.stage import Stage, running_stage
from bench.traffic import traffic

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
