"""The demo's parts, as processes: a broker, the stand-in of PRO and the service; and their end."""

import asyncio
import json
import os
import re
import secrets
import shlex
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from cryptography.fernet import Fernet

from demo.broker import Broker, project_folder, running_broker
from demo.processes import ManagedProcess, free_port

PRO_KEY = "demo-key"
LISTENING = re.compile(r"listening on (\S+)")
INTAKE = (
    "order.placed",
    "order.amended",
    "order.cancelled",
    "stock.picked",
    "pick.withdrawn",
    "consignment.requested",
    "consignment.reallocation_requested",
    "manifest.requested",
)
OUTCOMES = (
    "order.recorded",
    "order.rejected",
    "order.amendment_applied",
    "order.amendment_rejected",
    "order.cancellation_applied",
    "order.cancellation_rejected",
    "consignment.created",
    "pick.rejected",
    "pick.withdrawal_applied",
    "pick.withdrawal_rejected",
    "consignment.rejected",
    "consignment.cancelled",
    "consignment.allocated",
    "consignment.allocation_failed",
    "consignment.reallocation_started",
    "consignment.reallocation_rejected",
    "consignment.labelled",
    "consignment.manifested",
    "consignment.manifest_failed",
)
RETRIES = ("orderflex.retry.5s", "orderflex.retry.1m", "orderflex.retry.10m")
DEAD_LETTERS = "orderflex.dead-letters"

Started = Callable[[str, str, float], None]
"""Is told of each part that runs: its name, what it is, and how many seconds it took."""


@dataclass(frozen=True)
class Stage:
    """All that the story needs to know of the running parts."""

    folder: Path
    bootstrap_servers: str
    topic_prefix: str
    sandbox_url: str
    service_url: str
    page_url: str
    settings: Mapping[str, str]
    check: Callable[[], None]
    """Raises ProcessError when a part has died."""

    @property
    def papers(self) -> Path:
        """Where the service stores labels and customs documents."""
        return self.folder / "papers"

    @property
    def page_token(self) -> str:
        """Lets the person at the screen into the operator page."""
        return self.settings["ORDERFLEX_PAGE_TOKENS"].partition("=")[2]

    @property
    def env_file(self) -> Path:
        """The settings of the service, for a shell."""
        return self.folder / "env"


def new_folder() -> Path:
    """Make the folder of this run under var/."""
    var = project_folder() / "var"
    now = datetime.now().astimezone()
    for suffix in ("", *(f"-{n}" for n in range(2, 100))):
        folder = var / f"demo-{now:%Y%m%d-%H%M%S}{suffix}"
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        return folder
    raise FileExistsError(f"{var} holds a hundred demos of this second")


@contextmanager
def running_stage(folder: Path, started: Started) -> Iterator[Stage]:
    """Start everything, and stop it at the end, whatever the end is."""
    sandbox = ManagedProcess(
        [sys.executable, "-m", "sandbox", "--key", PRO_KEY, "--manifest-seconds", "0.5"],
        log_file=folder / "sandbox.log",
        name="the stand-in of PRO",
        cwd=folder,
    )
    begun = time.monotonic()
    with sandbox:
        sandbox.wait_until(lambda: LISTENING.search(sandbox.tail()) is not None, 30)
        started("PRO", f"its stand-in at {_listening(sandbox)}", time.monotonic() - begun)
        begun = time.monotonic()
        with running_broker(log_dir=folder) as broker:
            started("Kafka", broker.description, time.monotonic() - begun)
            prefix = f"{folder.name}." if broker.kind == "given" else ""
            try:
                yield from _with_service(folder, broker, sandbox, prefix, started)
            finally:
                if prefix:
                    asyncio.run(_delete_topics(broker, prefix))


def _with_service(
    folder: Path, broker: Broker, sandbox: ManagedProcess, prefix: str, started: Started
) -> Iterator[Stage]:
    port, page_port = free_port(), free_port()
    settings = _settings(folder, broker, _listening(sandbox), prefix, port, page_port)
    others = {name: v for name, v in os.environ.items() if not name.startswith("ORDERFLEX_")}
    service = ManagedProcess(
        [sys.executable, "-m", "service", "serve", "--upgrade-ledger"],
        log_file=folder / "service.log",
        name="the service",
        env={**others, **settings},
        cwd=folder,
    )

    def check() -> None:
        for process in (sandbox, service):
            if not process.running:
                raise process.failed(f"ended with code {process.returncode}")

    stage = Stage(
        folder=folder,
        bootstrap_servers=broker.bootstrap_servers,
        topic_prefix=prefix,
        sandbox_url=_listening(sandbox),
        service_url=f"http://127.0.0.1:{port}",
        page_url=f"http://127.0.0.1:{page_port}",
        settings=settings,
        check=check,
    )
    _write_env(stage)
    begun = time.monotonic()
    with service:
        service.wait_until(lambda: _is_ready(stage.service_url), 60, interval=0.1)
        started("Service", f"orderflex serve at {stage.service_url}", time.monotonic() - begun)
        yield stage
        service.stop(timeout=30)


def _settings(
    folder: Path, broker: Broker, sandbox_url: str, prefix: str, port: int, page_port: int
) -> dict[str, str]:
    """Everything waits shorter than it would in earnest, so that troubles end before our eyes."""
    return {
        "ORDERFLEX_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap_servers,
        "ORDERFLEX_KAFKA_GROUP": f"{prefix}orderflex",
        "ORDERFLEX_KAFKA_TOPIC_PREFIX": prefix,
        "ORDERFLEX_KAFKA_PARTITIONS": "6",
        "ORDERFLEX_PRO_URL": sandbox_url,
        "ORDERFLEX_PRO_KEY": PRO_KEY,
        "ORDERFLEX_LEDGER_URL": f"sqlite+aiosqlite:///{folder / 'ledger.sqlite'}",
        "ORDERFLEX_PAYLOAD_KEYS": Fernet.generate_key().decode(),
        "ORDERFLEX_PAPERS_STORE": str(folder / "papers"),
        "ORDERFLEX_RETRY_TIERS": "1,3,10",
        "ORDERFLEX_LOOKUPS_AFTER": "0.5,1,2",
        "ORDERFLEX_SWEEP_EVERY": "0.5",
        "ORDERFLEX_HTTP_PORT": str(port),
        "ORDERFLEX_PAGE_PORT": str(page_port),
        "ORDERFLEX_PAGE_TOKENS": f"you={secrets.token_hex(12)}",
        "ORDERFLEX_LOG_FORMAT": "json",
    }


def _write_env(stage: Stage) -> None:
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in stage.settings.items()]
    descriptor = os.open(stage.env_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.writelines(lines)


def _listening(sandbox: ManagedProcess) -> str:
    found = LISTENING.search(sandbox.tail())
    if found is None:
        raise sandbox.failed("did not say where it listens")
    return found[1]


def _is_ready(url: str) -> bool:
    try:
        return bool(read_json(f"{url}/readyz").get("ready"))
    except (OSError, urllib.error.URLError, ValueError):
        return False


def read_json(url: str, post: object = None) -> dict[str, Any]:
    """Get a JSON object from a local address, or post one to it."""
    value: dict[str, Any] = json.loads(read_text(url, post))
    return value


def read_text(url: str, post: object = None) -> str:
    """Get a text from a local address, or post JSON to it."""
    body = None if post is None else json.dumps(post).encode()
    with urllib.request.urlopen(url, data=body, timeout=10) as answer:  # noqa: S310 - ours
        text: str = answer.read().decode()
        return text


async def _delete_topics(broker: Broker, prefix: str) -> None:
    """Leave a broker that is not ours as we found it."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
    try:
        await admin.start()
        names = [prefix + name for name in (*INTAKE, *OUTCOMES, *RETRIES, DEAD_LETTERS)]
        await admin.delete_topics(names)
    finally:
        await admin.close()
