"""Panels: what they show, in which unit, from when on it is bad, and what a high value means."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from grafana_foundation_sdk.builders import bargauge, heatmap, prometheus, stat, text, timeseries
from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as dashboard_builders
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat
from grafana_foundation_sdk.models.text import TextMode

from service.metrics import METRICS, Metric

GOOD, WARNING, BAD, PLAIN = "green", "orange", "red", "blue"
SOURCE = dashboard.DataSourceRef(type_val="prometheus", uid="$datasource")
RUNBOOKS = "${runbooks}"
"""The address of the runbooks: a variable of the dashboard."""

Form = Literal["stat", "name", "lines", "stacked", "bars", "heatmap"]
Words = dict[str, tuple[str, str]]
"""What stands for a value, and in which colour."""


@dataclass(frozen=True)
class Query:
    """One query; `legend` may name labels, as `{{type}}`."""

    expr: str
    legend: str = ""


@dataclass(frozen=True)
class Level:
    """From this value on a panel has this colour; None is the lowest of all."""

    value: float | None
    color: str


@dataclass(frozen=True)
class Panel:
    """One panel."""

    title: str
    queries: tuple[Query, ...]
    form: Form = "lines"
    unit: str = "short"
    levels: tuple[Level, ...] = (Level(None, PLAIN),)
    words: Words | None = None
    most: float | None = None
    """The end of the scale, where there is one."""
    nothing: str = "nothing yet"
    """What is shown while there is no data."""


def plain() -> tuple[Level, ...]:
    """No value is good or bad by itself."""
    return (Level(None, PLAIN),)


def rising(warning: float, bad: float) -> tuple[Level, ...]:
    """The higher, the worse."""
    return (Level(None, GOOD), Level(warning, WARNING), Level(bad, BAD))


def falling(bad_below: float, good_from: float) -> tuple[Level, ...]:
    """The lower, the worse."""
    return (Level(None, BAD), Level(bad_below, WARNING), Level(good_from, GOOD))


def never(bad: float = 1) -> tuple[Level, ...]:
    """Good until it happens."""
    return (Level(None, GOOD), Level(bad, BAD))


def metrics_in(panels: Sequence[Panel]) -> list[Metric]:
    """Give the metrics that panels ask for, in the order of the list."""
    asked = {
        re.sub(r"_(bucket|sum|count)$", "", name)
        for panel in panels
        for query in panel.queries
        for name in re.findall(r"\borderflex_\w+", query.expr)
    }
    return [metric for metric in METRICS if metric.name.value in asked]


def description(panel: Panel) -> str:
    """Say what a panel's metrics count, and what a high value means."""
    told = (
        f"`{metric.name.value}`: {metric.meaning} A high value: {metric.high_means}"
        for metric in metrics_in([panel])
    )
    return "\n\n".join(told)


def explanation(panels: Sequence[Panel], runbooks: Sequence[str]) -> str:
    """Say beside some panels what high values mean, and which runbooks help."""
    told = [
        f"**{metric.name.value.removeprefix('orderflex_')}** {metric.high_means}"
        for metric in metrics_in(panels)
    ]
    if runbooks:
        links = (f"[{name}]({RUNBOOKS}/{name}.md)" for name in runbooks)
        told.append(f"Runbooks: {', '.join(links)}")
    return "\n\n".join(told)


def text_panel(title: str, content: str) -> Builder[dashboard.Panel]:
    """Make a panel of text."""
    return text.Panel().title(title).mode(TextMode.MARKDOWN).content(content).transparent(True)


def made(panel: Panel) -> Builder[dashboard.Panel]:
    """Make a panel as Grafana has it."""
    makers = {"stat": _stat, "name": _stat, "bars": _bars, "heatmap": _heatmap}
    return makers.get(panel.form, _lines)(panel)


def _lines(panel: Panel) -> Builder[dashboard.Panel]:
    is_stacked = panel.form == "stacked"
    made = (
        timeseries.Panel()
        .title(panel.title)
        .description(description(panel))
        .datasource(SOURCE)
        .targets(_targets(panel))
        .unit(panel.unit)
        .min(0)
        .no_value(panel.nothing)
        .thresholds(_thresholds(panel.levels))
        .fill_opacity(30 if is_stacked else 8)
        .line_width(1)
        .show_points(common.VisibilityMode.NEVER)
        .legend(
            common_builders.VizLegendOptions()
            .display_mode(common.LegendDisplayMode.LIST)
            .placement(common.LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .tooltip(
            common_builders.VizTooltipOptions()
            .mode(common.TooltipDisplayMode.MULTI)
            .sort(common.SortOrder.DESCENDING)
        )
    )
    if is_stacked:
        made.stacking(common_builders.StackingConfig().mode(common.StackingMode.NORMAL))
    if len(panel.levels) > 1:
        made.thresholds_style(
            common_builders.GraphThresholdsStyleConfig().mode(common.GraphTresholdsStyleMode.DASHED)
        )
    return made if panel.most is None else made.max(panel.most)


def _stat(panel: Panel) -> Builder[dashboard.Panel]:
    made = (
        stat.Panel()
        .title(panel.title)
        .description(description(panel))
        .datasource(SOURCE)
        .targets(_targets(panel, instant=True))
        .unit(panel.unit)
        .no_value(panel.nothing)
        .thresholds(_thresholds(panel.levels))
        .color_mode(common.BigValueColorMode.VALUE)
        .graph_mode(common.BigValueGraphMode.NONE)
        .reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]))
    )
    if panel.form == "name":
        made.text_mode(common.BigValueTextMode.NAME)
    return made.mappings(_mappings(panel.words)) if panel.words else made


def _bars(panel: Panel) -> Builder[dashboard.Panel]:
    return (
        bargauge.Panel()
        .title(panel.title)
        .description(description(panel))
        .datasource(SOURCE)
        .targets(_targets(panel, instant=True))
        .unit(panel.unit)
        .min(0)
        .no_value(panel.nothing)
        .thresholds(_thresholds(panel.levels))
        .display_mode(common.BarGaugeDisplayMode.BASIC)
        .orientation(common.VizOrientation.HORIZONTAL)
        .reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]))
    )


def _heatmap(panel: Panel) -> Builder[dashboard.Panel]:
    return (
        heatmap.Panel()
        .title(panel.title)
        .description(description(panel))
        .datasource(SOURCE)
        .targets(_targets(panel, form=PromQueryFormat.HEATMAP))
        .calculate(False)
        .color(
            heatmap.HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme("Blues").steps(32)
        )
        .y_axis(heatmap.YAxisConfig().unit(panel.unit))
        .show_value(common.VisibilityMode.NEVER)
        .cell_gap(1)
        .show_legend()
        .show_tooltip()
    )


def _targets(
    panel: Panel, *, instant: bool = False, form: PromQueryFormat = PromQueryFormat.TIME_SERIES
) -> list[Builder[Dataquery]]:
    targets: list[Builder[Dataquery]] = []
    for number, query in enumerate(panel.queries):
        target = (
            prometheus.Dataquery()
            .ref_id(chr(ord("A") + number))
            .datasource(SOURCE)
            .expr(query.expr)
            .legend_format(query.legend or panel.title)
            .format(form)
            .exemplar(query.expr.startswith("histogram_quantile"))
        )
        targets.append(target.instant() if instant else target.range())
    return targets


def _thresholds(levels: Sequence[Level]) -> Builder[dashboard.ThresholdsConfig]:
    steps = [dashboard.Threshold(value=level.value, color=level.color) for level in levels]
    return (
        dashboard_builders.ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps(steps)
    )


def _mappings(words: Words) -> list[dashboard.ValueMapping]:
    options = {
        value: dashboard.ValueMappingResult(text=word, color=color)
        for value, (word, color) in words.items()
    }
    return [dashboard.ValueMap(options=options)]
