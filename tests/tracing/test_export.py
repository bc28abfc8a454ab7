"""Spans leave when they can; nothing waits for them."""

import asyncio
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from structlog.testing import capture_logs

from demo.processes import free_port
from service.tracing.export import ExportPolicy, tracer_of
from service.tracing.tracer import Sampling, Tracer

from .collector import Collector, collecting
from .spans import TRACE, TRACEPARENT


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as made:
        yield made


class Dropped:
    """How many spans were dropped."""

    def __init__(self) -> None:
        self.spans = 0

    def __call__(self, spans: int) -> None:
        self.spans += spans


def tracer(endpoint: str, dropped: Dropped, **policy: Any) -> Tracer:
    values: dict[str, Any] = {"every": 0.05, "timeout": 1.0, "resource": {"service.name": "o"}}
    made = ExportPolicy(endpoint, **(values | policy))
    return tracer_of(made, Sampling(), dropped, tells_pro=False)


def work(tracing: Tracer, times: int = 1) -> None:
    for _ in range(times):
        with tracing.event("stock.picked", TRACEPARENT, "seed", {}):
            pass


async def test_spans_arrive_with_the_headers_and_what_they_say_of_us(collector: Collector) -> None:
    dropped = Dropped()
    tracing = tracer(
        collector.endpoint,
        dropped,
        headers={"authorization": "Bearer s3cret"},
        resource={"service.name": "orderflex", "deployment.environment.name": "test"},
    )
    work(tracing, 3)
    await tracing.close(5)
    spans = collector.spans()
    assert [span.trace for span in spans] == [TRACE] * 3
    assert spans[0].resource["service.name"] == "orderflex"
    assert spans[0].resource["deployment.environment.name"] == "test"
    assert set(collector.paths) == {"/v1/traces"}
    assert collector.headers[0]["authorization"] == "Bearer s3cret"
    assert collector.headers[0]["content-type"] == "application/x-protobuf"
    assert dropped.spans == 0


async def test_the_whole_address_may_be_given(collector: Collector) -> None:
    tracing = tracer(f"{collector.endpoint}/otlp/v1/traces/", Dropped())
    work(tracing)
    await tracing.close(5)
    assert collector.paths == ["/otlp/v1/traces"]


async def test_without_a_collector_spans_are_dropped_counted_and_told_once() -> None:
    dropped = Dropped()
    with capture_logs() as logs:
        tracing = tracer(f"http://127.0.0.1:{free_port()}", dropped, timeout=2.0)
        for _ in range(4):
            work(tracing, 25)
            await asyncio.sleep(0.1)
        await tracing.close(5)
    assert dropped.spans == 100
    told = [line for line in logs if line["event"] == "spans dropped"]
    assert len(told) == 1
    assert "refused" in told[0]["why"].lower()
    assert len(logs) == 1


async def test_a_collector_that_refuses_is_told_with_its_status(collector: Collector) -> None:
    dropped = Dropped()
    collector.status = 401
    with capture_logs() as logs:
        tracing = tracer(collector.endpoint, dropped)
        work(tracing, 2)
        await tracing.close(5)
    assert dropped.spans == 2
    assert "401" in logs[0]["why"]


async def test_a_redirection_is_not_followed_nor_taken_for_success(collector: Collector) -> None:
    dropped = Dropped()
    with collecting() as another:
        collector.status, collector.leads_to = 307, f"{another.endpoint}/v1/traces"
        with capture_logs() as logs:
            tracing = tracer(collector.endpoint, dropped, headers={"api-key": "s3cret"})
            work(tracing, 2)
            await tracing.close(5)
        assert another.headers == []
    assert dropped.spans == 2
    assert "redirect" in logs[0]["why"].lower()


async def test_a_collector_that_hangs_holds_up_neither_the_work_nor_the_end(
    collector: Collector,
) -> None:
    dropped = Dropped()
    collector.answering.clear()
    tracing = tracer(collector.endpoint, dropped, timeout=2.0, batch=10, most_waiting=50)
    began = time.perf_counter()
    work(tracing, 500)
    assert time.perf_counter() - began < 10  # the collector takes 30 s
    assert dropped.spans >= 430  # a batch or two may be on their way
    began = time.perf_counter()
    await tracing.close(0.3)
    assert time.perf_counter() - began < 10
    async with asyncio.timeout(20):
        while dropped.spans < 490:  # noqa: ASYNC110 - another thread
            await asyncio.sleep(0.05)


async def test_what_ends_after_the_end_is_left() -> None:
    dropped = Dropped()
    tracing = tracer(f"http://127.0.0.1:{free_port()}", dropped)
    await tracing.close(1)
    work(tracing)
    assert dropped.spans <= 1


async def test_a_collectors_own_certificates_are_trusted_where_they_are_named(
    tmp_path: Path,
) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with collecting(context) as collector, capture_logs() as logs:
        dropped = Dropped()
        untrusting = tracer(collector.endpoint, dropped, timeout=3.0)
        work(untrusting)
        await untrusting.close(5)
        assert dropped.spans == 1
        assert collector.spans() == []
        assert "certificate" in logs[0]["why"].lower()
        trusting = tracer(collector.endpoint, dropped, ca_file=tmp_path / "ca.pem")
        work(trusting)
        await trusting.close(5)
        assert len(collector.spans()) == 1
