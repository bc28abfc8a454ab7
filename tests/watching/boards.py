"""The committed dashboards, read as Grafana reads them; nothing of their generator is used."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "dashboards"
SELECTOR = re.compile(r"\b(orderflex_\w+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"[^"]*"')
GROUPED = re.compile(r"\bby \(([^)]*)\)")


@dataclass(frozen=True)
class Asked:
    """One query of one panel."""

    board: str
    panel: str
    expr: str
    legend: str

    def __str__(self) -> str:
        return f"{self.board}: {self.panel}: {self.expr}"

    @property
    def series(self) -> list[tuple[str, set[str]]]:
        """The series it names, each with the labels that it matches."""
        return [
            (name, set(MATCHER.findall(matchers))) for name, matchers in SELECTOR.findall(self.expr)
        ]

    @property
    def grouped_by(self) -> set[str]:
        """Every label that it groups by."""
        return {label.strip() for group in GROUPED.findall(self.expr) for label in group.split(",")}


def files() -> list[Path]:
    """Every committed dashboard."""
    return sorted(FOLDER.glob("*.json"))


def read(path: Path) -> dict[str, Any]:
    """A dashboard as Grafana imports it."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def asked(path: Path) -> Iterator[Asked]:
    """Every query of a dashboard."""
    board = read(path)
    for panel in board["panels"]:
        for target in panel.get("targets", ()):
            yield Asked(path.stem, panel["title"], target["expr"], target["legendFormat"])
