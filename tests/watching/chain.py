"""Prometheus and Alertmanager as they run elsewhere, only hurried, and a person who listens.

The rules are those of deploy/alerts, the routes those of its example. What is changed: an alert
fires at once (every `for` is 0), all is looked at and said every second, and both receivers are one
listener here, at a path with the receiver's name.
"""

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import yaml

from demo.processes import ManagedProcess, free_port

from .alerts import FOLDER, rule_files

ROUTES = FOLDER / "alertmanager" / "example.yml"
SECOND = "1s"


@dataclass(frozen=True)
class Message:
    """One alert as Alertmanager told it to a receiver."""

    receiver: str
    name: str
    status: str
    """`firing` or `resolved`."""
    labels: dict[str, str]
    annotations: dict[str, str]


@dataclass
class Heard:
    """What the receivers were told."""

    messages: list[Message] = field(default_factory=list)
    prometheus: str = ""
    """The address of the Prometheus that watches."""

    async def until(self, name: str, status: str, *, seconds: float = 90.0) -> Message:
        """Wait for a message about an alert; gives the latest."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self._of(name, status):  # noqa: ASYNC110 - other processes
                    await asyncio.sleep(0.1)
        found = self._of(name, status)
        assert found, f"never {status}: {name}; heard {[(m.name, m.status) for m in self.messages]}"
        return found[-1]

    async def has_seen_it(self) -> None:
        """Wait until Prometheus has looked at the service twice."""
        asked = {"query": "count_over_time(orderflex_build_info[1m]) >= 2"}
        async with asyncio.timeout(30), httpx.AsyncClient(base_url=self.prometheus) as client:
            while not (  # noqa: ASYNC110 - another process
                await client.get("/api/v1/query", params=asked)
            ).json()["data"]["result"]:
                await asyncio.sleep(0.2)

    async def rules_that_fail(self) -> list[str]:
        """Name the rules that Prometheus could not evaluate, and why."""
        async with httpx.AsyncClient(base_url=self.prometheus) as client:
            groups = (await client.get("/api/v1/rules")).json()["data"]["groups"]
        found = [rule for group in groups for rule in group["rules"]]
        return [f"{rule['name']}: {rule['lastError']}" for rule in found if rule["health"] != "ok"]

    def _of(self, name: str, status: str) -> list[Message]:
        return [m for m in self.messages if m.name == name and m.status == status]


def hurried(rules: Path) -> str:
    """Give a file of rules in which every alert fires at once."""
    document: dict[str, Any] = yaml.safe_load(rules.read_text(encoding="utf-8"))
    for group in document["groups"]:
        for rule in group["rules"]:
            rule.pop("for", None)
    return yaml.safe_dump(document)


def _routes_to(listener: str) -> str:
    document: dict[str, Any] = yaml.safe_load(ROUTES.read_text(encoding="utf-8"))
    document["route"] |= {"group_wait": SECOND, "group_interval": SECOND}
    for receiver in document["receivers"]:
        for webhook in receiver["webhook_configs"]:
            webhook["url"] = f"{listener}/{receiver['name']}"
    return yaml.safe_dump(document)


@contextlib.asynccontextmanager
async def watched(folder: Path, target: str) -> AsyncIterator[Heard]:
    """Have a service ("host:port" of its /metrics) watched; gives what people are told."""
    manager, prometheus = free_port(), free_port()
    with _listening() as (heard, listener):
        _write(folder, target, listener, manager)
        with (
            _process(
                folder,
                manager,
                "prometheus-alertmanager",
                f"--config.file={folder}/alertmanager.yml",
                f"--storage.path={folder}/alertmanager",
                "--cluster.listen-address=",
            ) as alertmanager,
            _process(
                folder,
                prometheus,
                "prometheus",
                f"--config.file={folder}/prometheus.yml",
                f"--storage.tsdb.path={folder}/series",
                "--rules.alert.resend-delay=1s",
            ) as watcher,
        ):
            for process, port in ((alertmanager, manager), (watcher, prometheus)):
                await asyncio.to_thread(process.wait_until, partial(_is_ready, port), 30)
            heard.prometheus = f"http://127.0.0.1:{prometheus}"
            yield heard


def _write(folder: Path, target: str, listener: str, manager: int) -> None:
    """Write what both read at their start."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "alertmanager.yml").write_text(_routes_to(listener), encoding="utf-8")
    for rules in rule_files():
        (folder / rules.name).write_text(hurried(rules), encoding="utf-8")
    config = {
        "global": {"scrape_interval": SECOND, "evaluation_interval": SECOND},
        "rule_files": [str(folder / rules.name) for rules in rule_files()],
        "alerting": {
            "alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{manager}"]}]}]
        },
        "scrape_configs": [{"job_name": "orderflex", "static_configs": [{"targets": [target]}]}],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")


def _process(folder: Path, port: int, command: str, *arguments: str) -> ManagedProcess:
    return ManagedProcess(
        [command, f"--web.listen-address=127.0.0.1:{port}", *arguments],
        log_file=folder / f"{command}.log",
        name=command,
        cwd=folder,
    )


def _is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/-/ready").status_code == 200
    except httpx.TransportError:
        return False


@contextlib.contextmanager
def _listening() -> Iterator[tuple[Heard, str]]:
    heard = Heard()

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            for alert in json.loads(body)["alerts"]:
                labels = dict(alert["labels"])
                heard.messages.append(
                    Message(
                        self.path.strip("/"),
                        labels["alertname"],
                        alert["status"],
                        labels,
                        alert["annotations"],
                    )
                )
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield heard, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
