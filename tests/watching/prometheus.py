"""A real Prometheus that scrapes one service every second, and answers queries."""

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from demo.processes import ManagedProcess, free_port

CONFIG = """\
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: orderflex
    static_configs: [{{targets: ["127.0.0.1:{port}"], labels: {{namespace: shop}}}}]
"""


def there_or_skip(program: str) -> None:
    """Skip where a program of Debian's package is not on this machine."""
    if shutil.which(program) is None:
        package = "prometheus" if program == "promtool" else program
        pytest.skip(f"{program} is not here; it comes with: apt-get install {package}")


@dataclass(frozen=True)
class Prometheus:
    """Answers queries over the time since it was started."""

    url: str
    started: float

    def values(self, expr: str) -> Sequence[float]:
        """Every value that a query gave at any second; raises where Prometheus refuses it."""
        asked: dict[str, str | float] = {
            "query": expr,
            "start": self.started,
            "end": time.time(),
            "step": 1,
        }
        answer = httpx.get(f"{self.url}/api/v1/query_range", params=asked, timeout=30).json()
        assert answer["status"] == "success", f"{expr}: {answer.get('error')}"
        found: list[dict[str, Any]] = answer["data"]["result"]
        return [float(value) for series in found for _, value in series["values"]]


def _scrapes(url: str) -> bool:
    try:
        found = httpx.get(f"{url}/api/v1/query", params={"query": "up == 1"}).json()
    except (httpx.TransportError, ValueError):
        return False
    return bool(found.get("data", {}).get("result"))


@contextmanager
def scraping(port: int, folder: Path) -> Iterator[Prometheus]:
    """Run a Prometheus on a service's /metrics; it has scraped it once when it is given."""
    own = free_port()
    url = f"http://127.0.0.1:{own}"
    config = folder / "prometheus.yml"
    config.write_text(CONFIG.format(port=port), encoding="utf-8")
    process = ManagedProcess(
        [
            "prometheus",
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'series'}",
            f"--web.listen-address=127.0.0.1:{own}",
        ],
        log_file=folder / "prometheus.log",
        name="Prometheus",
        cwd=folder,
    )
    process.start()
    try:
        process.wait_until(lambda: _scrapes(url), 30)
        yield Prometheus(url, time.time())
    finally:
        process.stop()
