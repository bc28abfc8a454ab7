"""A dashboard: what matters most at the top left, then rows of panels with their meaning beside."""

import json
from collections.abc import Sequence

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard
from panels import SOURCE, Panel, explanation, made, text_panel

TAG = "orderflex"
RUNBOOKS_AT = "https://runbooks.example/orderflex"
"""Stands for where the runbooks are published: to be replaced where it is installed."""

_WIDTH = 24
_STAT_HEIGHT = 4
_GRAPH_HEIGHT = 8
_BESIDE = 6
"""The width of the text beside a row's graphs."""


class Board:
    """Lays panels out, from the top left."""

    def __init__(self, uid: str, title: str, purpose: str) -> None:
        self._made = (
            builders.Dashboard(title)
            .uid(uid)
            .description(purpose)
            .tags([TAG])
            .timezone("browser")
            .time("now-6h", "now")
            .refresh("30s")
            .readonly()
            .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
            .variables(_variables())
            .links(_links())
        )
        self._y = 0
        self._id = 0

    def stats(self, *panels: Panel) -> None:
        """Put single values side by side, over the whole width."""
        for number, panel in enumerate(panels):
            left, right = (
                _WIDTH * number // len(panels),
                _WIDTH * (number + 1) // len(panels),
            )
            self._put(made(panel), left, self._y, right - left, _STAT_HEIGHT)
        self._y += _STAT_HEIGHT

    def row(self, title: str, lines: Sequence[Sequence[Panel]], runbooks: Sequence[str]) -> None:
        """Put lines of panels under a title, and beside them what high values mean."""
        self._id += 1
        self._made.with_row(
            builders.Row(title).id(self._id).grid_pos(_place(0, self._y, _WIDTH, 1))
        )
        self._y += 1
        width = _WIDTH - _BESIDE
        for number, panels in enumerate(lines):
            y = self._y + number * _GRAPH_HEIGHT
            for place, panel in enumerate(panels):
                left, right = width * place // len(panels), width * (place + 1) // len(panels)
                self._put(made(panel), left, y, right - left, _GRAPH_HEIGHT)
        height = _GRAPH_HEIGHT * len(lines)
        said = explanation([panel for panels in lines for panel in panels], runbooks)
        self._put(text_panel("What a high value means", said), width, self._y, _BESIDE, height)
        self._y += height

    def json(self) -> str:
        """Give the dashboard as Grafana imports it."""
        return json.dumps(self._made.build(), cls=JSONEncoder, indent=2, sort_keys=True) + "\n"

    def _put(
        self, panel: Builder[dashboard.Panel], x: int, y: int, width: int, height: int
    ) -> None:
        self._id += 1
        placed = panel.build()
        placed.id_val, placed.grid_pos = self._id, _place(x, y, width, height)
        self._made.with_panel(_Built(placed))


class _Built(Builder[dashboard.Panel]):
    """A panel that is built already."""

    def __init__(self, panel: dashboard.Panel) -> None:
        self._panel = panel

    def build(self) -> dashboard.Panel:
        return self._panel


def _place(x: int, y: int, width: int, height: int) -> dashboard.GridPos:
    return dashboard.GridPos(x=x, y=y, w=width, h=height)


def _variables() -> list[Builder[dashboard.VariableModel]]:
    return [
        builders.DatasourceVariable("datasource").label("Data source").type("prometheus"),
        _label("namespace", "Namespace", "label_values(orderflex_build_info, namespace)"),
        _label("job", "Job", 'label_values(orderflex_build_info{namespace=~"$namespace"}, job)'),
        builders.ConstantVariable("runbooks").value(RUNBOOKS_AT),
    ]


def _label(name: str, title: str, query: str) -> builders.QueryVariable:
    everything = dashboard.VariableOption(selected=True, text="All", value="$__all")
    return (
        builders.QueryVariable(name)
        .label(title)
        .query(query)
        .datasource(SOURCE)
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(dashboard.VariableSort.ALPHABETICAL_ASC)
        .include_all(True)
        .all_value(".*")
        .current(everything)
    )


def _links() -> list[Builder[dashboard.DashboardLink]]:
    return [
        builders.DashboardLink("Orderflex")
        .type(dashboard.DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .include_vars(True)
        .keep_time(True),
        builders.DashboardLink("Runbooks")
        .type(dashboard.DashboardLinkType.LINK)
        .icon("doc")
        .url("${runbooks}/README.md")
        .target_blank(True),
    ]
