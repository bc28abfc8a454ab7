"""`python -m bench`: see `--help`."""

import argparse
import asyncio
import logging
import time
from dataclasses import replace
from pathlib import Path

from bench import calls, engine, report, service, tracing
from bench.look import added_in_words, in_words, look
from bench.results import (
    RESULTS,
    SHORT_FOLDER,
    CallsSection,
    EngineSection,
    ServiceSection,
    Taken,
    save,
    taken,
)
from bench.stage import Stage, running_stage
from demo.broker import running_broker


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, meaning in (
        ("engine", "the engine alone, beside FastStream's own ways to consume"),
        ("service", "the whole service on a real broker and a real ledger"),
        ("calls", "how many calls to PRO a consignment costs"),
        ("report", "write docs/benchmarks.md and its picture from the results"),
        ("all", "all of these, one after the other"),
    ):
        command = commands.add_parser(name, help=meaning)
        command.add_argument(
            "--short",
            action="store_true",
            help="only prove that it runs; the results stay in var/bench",
        )
    quick = commands.add_parser("look", help="one quick look at the whole service, for tuning")
    quick.add_argument("--ledger", choices=["postgresql", "sqlite"], default="postgresql")
    quick.add_argument("--latency", type=float, default=0.1, help="of PRO, seconds")
    quick.add_argument("--seconds", type=float, default=10.0, help="of each measurement")
    quick.add_argument("--replicas", type=int, default=1)
    traces = commands.add_parser("tracing", help="what traces cost; nothing is kept")
    traces.add_argument("--short", action="store_true", help="only prove that it runs")
    wanted = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # topics and groups are ever new
    if wanted.command == "look":
        look(wanted.ledger, wanted.latency, wanted.seconds, wanted.replicas)
        return
    if wanted.command == "tracing":
        tracing.look(short=wanted.short)
        return
    results = SHORT_FOLDER / RESULTS.name if wanted.short else RESULTS
    steps = ("engine", "service", "calls", "report") if wanted.command == "all" else None
    for step in steps or (wanted.command,):
        _STEPS[step](results, short=wanted.short)


def _engine(results: Path, *, short: bool) -> None:
    begun, started = taken(), time.monotonic()
    with running_broker() as broker:
        found = []
        for workload in engine.workloads(short=short):
            for one in asyncio.run(engine.compare(broker, workload)):
                print(engine.in_words(one), flush=True)
                found.append(one)
        parts = {"Kafka": broker.description}
    save(results, engine=EngineSection(_ended(begun, started, parts), found))


def _service(results: Path, *, short: bool) -> None:
    begun, started = taken(), time.monotonic()
    throughput: list[service.Throughput] = []
    added: list[service.AddedLatency] = []
    with running_stage() as stage:
        for one in service.measure(stage, short=short):
            if isinstance(one, service.Throughput):
                throughput.append(one)
                print(in_words(one), flush=True)
            else:
                added.append(one)
                print(added_in_words(one), flush=True)
        parts = _parts(stage)
    save(results, service=ServiceSection(_ended(begun, started, parts), throughput, added))


def _calls(results: Path, *, short: bool) -> None:
    begun, started = taken(), time.monotonic()
    with running_stage() as stage:
        found = calls.measure(stage, short=short)
        parts = _parts(stage)
    for one in found:
        print(one, flush=True)
    save(results, calls=CallsSection(_ended(begun, started, parts), found))


def _report(results: Path, *, short: bool) -> None:
    for path in report.write(results, SHORT_FOLDER if short else None):
        print(f"wrote {path}")


def _parts(stage: Stage) -> dict[str, str]:
    return {"Kafka": stage.broker.description, "PostgreSQL": stage.postgresql.description}


def _ended(begun: Taken, started: float, parts: dict[str, str]) -> Taken:
    return replace(begun, minutes=(time.monotonic() - started) / 60, parts=parts)


_STEPS = {"engine": _engine, "service": _service, "calls": _calls, "report": _report}

main()
