"""Everything a measurement of the whole service needs, as processes of their own."""

import os
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cryptography.fernet import Fernet

from bench.parts import Parts
from demo.broker import Broker, running_broker
from demo.postgresql import Postgresql, running_postgresql
from demo.processes import ManagedProcess, free_port
from demo.scratch import ScratchFolder
from demo.stage import LISTENING, read_json

LedgerKind = Literal["sqlite", "postgresql"]


@dataclass(frozen=True)
class StandIn:
    """The lean stand-in of PRO."""

    process: ManagedProcess
    url: str

    def set_latency(self, seconds: float) -> None:
        """Answer every call after so many seconds from now on."""
        address = f"{self.url}/_bench/latency/{seconds}"
        request = urllib.request.Request(address, method="PUT")  # noqa: S310 - ours
        urllib.request.urlopen(request, timeout=5).close()  # noqa: S310 - ours

    def counts(self) -> dict[str, Any]:
        """Tell what it was asked so far."""
        return read_json(f"{self.url}/_bench/counts")


@dataclass
class Deployment:
    """Replicas of the service with topics, group and ledger of their own."""

    prefix: str
    replicas: list[ManagedProcess] = field(default_factory=list)


@dataclass(frozen=True)
class Stage:
    """The parts that all measurements share."""

    folder: Path
    broker: Broker
    postgresql: Postgresql
    pro: StandIn

    def new_ledger(self, kind: LedgerKind) -> str:
        """Make an empty database; its url."""
        if kind == "postgresql":
            return self.postgresql.create_database()
        return f"sqlite+aiosqlite:///{self.folder}/{uuid.uuid4().hex[:8]}.sqlite"

    @contextmanager
    def deployed(
        self,
        ledger_url: str,
        *,
        replicas: int = 1,
        settings: Mapping[str, str] | None = None,
    ) -> Iterator[Deployment]:
        """Run so many replicas of `orderflex serve`, with these settings besides the defaults."""
        deployment = Deployment(f"b{uuid.uuid4().hex[:6]}.")
        environment = self._environment(deployment.prefix, ledger_url) | dict(settings or {})
        with ExitStack() as stack:
            for number in range(1, replicas + 1):
                port = free_port()
                process = ManagedProcess(
                    [sys.executable, "-m", "service", "serve", "--upgrade-ledger"],
                    log_file=self.folder / f"{deployment.prefix}service-{number}.log",
                    name=f"service {number}",
                    env={**environment, "ORDERFLEX_HTTP_PORT": str(port)},
                )
                stack.callback(process.stop, 30.0)
                deployment.replicas.append(process.start())
                ready = f"http://127.0.0.1:{port}/readyz"
                process.wait_until(lambda url=ready: _is_ready(url), 60, interval=0.1)  # type: ignore[misc]
            yield deployment

    def _environment(self, prefix: str, ledger_url: str) -> dict[str, str]:
        others = {name: v for name, v in os.environ.items() if not name.startswith("ORDERFLEX_")}
        return others | {
            "ORDERFLEX_KAFKA_BOOTSTRAP_SERVERS": self.broker.bootstrap_servers,
            "ORDERFLEX_KAFKA_TOPIC_PREFIX": prefix,
            "ORDERFLEX_KAFKA_GROUP": f"{prefix}orderflex",
            "ORDERFLEX_PRO_URL": self.pro.url,
            "ORDERFLEX_PRO_KEY": "bench",
            "ORDERFLEX_LEDGER_URL": ledger_url,
            "ORDERFLEX_PAYLOAD_KEYS": Fernet.generate_key().decode(),
            "ORDERFLEX_PAPERS_STORE": str(self.folder / "papers"),
            "ORDERFLEX_LOG_FORMAT": "json",
        }

    def parts(self, deployment: Deployment) -> Parts:
        """Whose CPU is counted; what is not ours to run can't be."""
        pids: dict[str, list[int | None]] = {
            "service": [replica.pid for replica in deployment.replicas],
            "PostgreSQL": [self.postgresql.pid],
            "Kafka broker": [self.broker.pid],
            "PRO stand-in": [self.pro.process.pid],
        }
        return Parts({name: [pid for pid in of if pid is not None] for name, of in pids.items()})


@contextmanager
def running_stage() -> Iterator[Stage]:
    """Start broker, PostgreSQL (durable) and the lean stand-in of PRO; stop them at the end."""
    with ExitStack() as stack:
        scratch = ScratchFolder("bench")
        stack.callback(scratch.close)
        folder = scratch.path
        broker = stack.enter_context(running_broker(log_dir=folder))
        postgresql = stack.enter_context(running_postgresql(log_dir=None))
        pro = ManagedProcess(
            [sys.executable, "-m", "bench.pro"],
            log_file=folder / "pro.log",
            name="the lean stand-in of PRO",
        )
        stack.enter_context(pro)
        pro.wait_until(lambda: LISTENING.search(pro.tail()) is not None, 20)
        found = LISTENING.search(pro.tail())
        if found is None:
            raise pro.failed("did not say where it listens")
        yield Stage(folder, broker, postgresql, StandIn(pro, found[1]))


def _is_ready(url: str) -> bool:
    try:
        return bool(read_json(url).get("ready"))
    except (OSError, urllib.error.URLError, ValueError):
        return False
