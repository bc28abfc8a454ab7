"""What was measured, kept as JSON: each section with where and when it was taken."""

import json
import os
import platform
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from bench.calls import Calls
from bench.engine import Consumed
from bench.service import AddedLatency, Throughput
from demo.broker import project_folder

RESULTS = project_folder() / "docs" / "benchmarks" / "results.json"
SHORT_FOLDER = project_folder() / "var" / "bench"
"""Where the smoke form leaves what it makes."""


@dataclass(frozen=True)
class Taken:
    """Where and when a section was measured."""

    date: str
    commit: str
    machine: str
    cores: int
    python: str
    versions: dict[str, str]
    load_before: float
    """The machine's load average over a minute before: other work disturbs the figures."""
    minutes: float = 0.0
    parts: dict[str, str] = field(default_factory=dict)
    """What broker and database were, in words."""


@dataclass(frozen=True)
class EngineSection:
    """(a)"""

    taken: Taken
    consumed: list[Consumed]


@dataclass(frozen=True)
class ServiceSection:
    """(b)"""

    taken: Taken
    throughput: list[Throughput]
    added: list[AddedLatency]


@dataclass(frozen=True)
class CallsSection:
    """(c)"""

    taken: Taken
    calls: list[Calls]


@dataclass(frozen=True)
class Results:
    """All sections that were measured so far."""

    engine: EngineSection | None = None
    service: ServiceSection | None = None
    calls: CallsSection | None = None


_ADAPTER = TypeAdapter(Results)


def load(path: Path) -> Results:
    """Read results; nothing is measured where there is no file."""
    if not path.exists():
        return Results()
    return _ADAPTER.validate_json(path.read_bytes())


def save(path: Path, **sections: Any) -> None:
    """Store sections beside those that are there."""
    kept = {**asdict(load(path)), **{name: asdict(section) for name, section in sections.items()}}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(_rounded(kept), indent=1) + "\n")


def taken() -> Taken:
    """Note where and when, before a section is measured."""
    return Taken(
        date=datetime.now(UTC).strftime("%Y-%m-%d"),
        commit=_commit(),
        machine=_machine(),
        cores=len(os.sched_getaffinity(0)),
        python=sys.version.split()[0],
        versions={name: version(name) for name in ("faststream", "aiokafka", "sqlalchemy")},
        load_before=os.getloadavg()[0],
    )


def _commit() -> str:
    root = project_folder()
    found = subprocess.run(  # noqa: S603 - fixed words
        ["git", "-C", root, "rev-parse", "--short", "HEAD"],  # noqa: S607 - whichever git is there
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() or "unknown"


def _machine() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return f"{line.partition(':')[2].strip()}, {platform.system()} {platform.machine()}"
    return platform.platform()


def _rounded(value: Any) -> Any:
    """Leave digits out that mean nothing."""
    match value:
        case float():
            return float(f"{value:.4g}")
        case dict():
            return {name: _rounded(each) for name, each in value.items()}
        case list() | tuple():
            return [_rounded(each) for each in value]
        case _:
            return value
