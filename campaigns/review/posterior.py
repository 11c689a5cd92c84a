"""Figures of what the model believed, and of how right it was."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from campaigns import labels
from campaigns.results import Slice
from campaigns.review.figures import (
    BLUE,
    BOTTOM,
    INK,
    MUTED,
    TOP,
    VERMILLION,
    Figure,
    axis,
    bars,
    layout,
)
from campaigns.review.views import LoadView, ObjectiveView, SampleView

NUMERIC_PIXELS, NAME_PIXELS, BETWEEN_PIXELS = 190, 26, 80
"""Height of a panel along a number, of a name in a panel of names, and between."""

TICKS = (1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 300, 500, 1000)
"""Where a logarithmic axis has a number."""


def slices(view: LoadView, objectives: Sequence[ObjectiveView]) -> Figure:
    """Return the posterior along each parameter: a row each, a column an objective."""
    found = view.decision.slices
    columns = [
        one for one in objectives if any(s.objective == one.label for s in found)
    ]
    rows = list(dict.fromkeys(one.parameter for one in found))
    heights = [_pixels(next(s for s in found if s.parameter == key)) for key in rows]
    inside = sum(heights) + BETWEEN_PIXELS * (len(rows) - 1)
    data: list[Figure] = []
    axes: dict[str, Any] = {}
    for one in found:
        row = rows.index(one.parameter)
        column = [c.label for c in columns].index(one.objective)
        suffix = "" if not axes else str(len(axes) // 2 + 1)
        top = sum(heights[:row]) + BETWEEN_PIXELS * row
        left = column / len(columns)
        domains = (
            [left + (0.1 if column else 0), left + 1 / len(columns) - 0.01],
            [max(0.0, 1 - (top + heights[row]) / inside), 1 - top / inside],
        )
        data += _panel(one, view, suffix=suffix)
        axes |= _axes(one, columns[column], suffix=suffix, domains=domains)
        if column and _is_named(one):
            axes[f"yaxis{suffix}"]["showticklabels"] = False
    _show_each_legend_once(data)
    return {"data": data, "layout": layout(height=inside + TOP + BOTTOM, **axes)}


def _pixels(one: Slice) -> int:
    return NAME_PIXELS * (len(one.grid) + 1) if _is_named(one) else NUMERIC_PIXELS


def _is_named(one: Slice) -> bool:
    return all(isinstance(point, str) for point in one.grid)


def _axes(
    one: Slice,
    objective: ObjectiveView,
    *,
    suffix: str,
    domains: tuple[list[float], list[float]],
) -> dict[str, Any]:
    across, up = axis(objective.quantity), axis(labels.parameter(one.parameter))
    if _is_named(one):
        up |= {
            "title": {"text": ""},
            "type": "category",
            "categoryorder": "array",
            "categoryarray": [_named(point) for point in reversed(one.grid)],
        }
        across["title"]["text"] += f" by {_lower(labels.parameter(one.parameter).name)}"
    else:
        across, up = up, across
        if _is_logarithmic(one):
            low, high = float(one.grid[0]), float(one.grid[-1])
            ticks = [tick for tick in TICKS if low <= tick <= high]
            across |= {
                "type": "log",
                "tickvals": ticks,
                "ticktext": list(map(str, ticks)),
            }
    return {
        f"xaxis{suffix}": across | {"anchor": f"y{suffix}", "domain": domains[0]},
        f"yaxis{suffix}": up | {"anchor": f"x{suffix}", "domain": domains[1]},
    }


def _lower(name: str) -> str:
    return name[0].lower() + name[1:]


def _is_logarithmic(one: Slice) -> bool:
    """Return whether the grid has equal ratios, as the search space then has."""
    grid = np.array(one.grid, dtype=float)
    if len(grid) < 4 or grid[0] <= 0:
        return False
    steps = np.diff(np.log(grid))
    return bool(np.allclose(steps, steps[0], rtol=0.02))


def _panel(one: Slice, view: LoadView, *, suffix: str) -> list[Figure]:
    found = _names(one) if _is_named(one) else _curve(one)
    found += [_recipe(one, view), _outcomes(one, view)]
    if _is_named(one):
        found = [_turned(figure) for figure in found]
    place = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}
    return [figure | place for figure in found]


def _turned(figure: Figure) -> Figure:
    """Return a figure with names upwards and the objective across."""
    swap = {"x": "y", "y": "x", "error_x": "error_y", "error_y": "error_x"}
    turned = {swap.get(key, key): value for key, value in figure.items()}
    if "hovertemplate" in turned:
        turned["hovertemplate"] = turned["hovertemplate"].replace("%{y", "%{x")
    return turned


def _names(one: Slice) -> list[Figure]:
    return [
        {
            "type": "scatter", "mode": "markers", "name": "model mean ± 1 sd",
            "x": [_named(point) for point in one.grid], "y": list(one.mean),
            "error_y": {
                "type": "data", "array": list(one.sd), "color": BLUE, "thickness": 3,
                "width": 0,
            },
            "hovertemplate": "%{y:.4g}<extra>model mean</extra>",
            "marker": {"color": BLUE, "symbol": "square", "size": 8},
        }
    ]  # fmt: skip


def _curve(one: Slice) -> list[Figure]:
    mean, sd = np.array(one.mean), np.array(one.sd)
    bands = [
        {
            "type": "scatter", "mode": "lines", "name": f"± {k} sd",
            "hoverinfo": "skip",
            "x": [*one.grid, *one.grid[::-1]],
            "y": [*(mean + k * sd).tolist(), *(mean - k * sd)[::-1].tolist()],
            "fill": "toself", "line": {"width": 0},
            "fillcolor": f"rgba(0,114,178,{0.16 if k == 2 else 0.26})",
        }
        for k in (2, 1)
    ]  # fmt: skip
    line = {
        "type": "scatter", "mode": "lines", "name": "model mean",
        "x": list(one.grid), "y": list(one.mean),
        "hovertemplate": "%{y:.4g}<extra>model mean</extra>",
        "line": {"color": BLUE, "width": 2},
    }  # fmt: skip
    return [*bands, line]


def _recipe(one: Slice, view: LoadView) -> Figure:
    """Return the recipe through which the slices were cut."""
    value = view.parameters.get(one.parameter)
    x: list[float | str] = []
    y: list[float] = []
    if isinstance(value, str) and value in one.grid:
        x, y = [_named(value)], [one.mean[one.grid.index(value)]]
    elif isinstance(value, float | int) and not _is_named(one):
        grid = np.array(one.grid, dtype=float)
        x, y = [value], [float(np.interp(value, grid, np.array(one.mean)))]
    return {
        "type": "scatter", "mode": "markers", "name": f"recipe of {view.shown}",
        "x": x, "y": y, "hovertemplate": f"%{{y:.4g}}<extra>{view.shown}</extra>",
        "marker": {
            "color": INK, "symbol": "circle-open", "size": 15, "line": {"width": 2},
        },
    }  # fmt: skip


def _outcomes(one: Slice, view: LoadView) -> Figure:
    found = [
        (sample, parameters[one.parameter], scores[one.objective])
        for sample, parameters, scores in view.results
        if one.objective in scores and one.parameter in parameters
    ]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "measured afterwards ± 1 sd",
        "x": [_named(value) for _, value, _ in found],
        "y": [score.mean for *_, score in found],
        "error_y": bars([score for *_, score in found], VERMILLION),
        "text": [sample for sample, *_ in found],
        "hovertemplate": "%{text}: %{y:.4g}<extra></extra>",
        "marker": {"color": VERMILLION, "size": 8, "symbol": "diamond"},
    }


def _named(point: Any) -> Any:  # noqa: ANN401
    return labels.chemical(point) if isinstance(point, str) else point


def _show_each_legend_once(data: list[Figure]) -> None:
    seen = set()
    for figure in data:
        figure["legendgroup"] = figure["name"]
        figure["showlegend"] = figure["name"] not in seen
        seen.add(figure["name"])


def expectations(
    samples: Sequence[SampleView], objectives: Sequence[ObjectiveView]
) -> Figure | None:
    """Return what was found against what the model expected, a panel an objective.

    None where no model expected anything of a sample that was scored.
    """
    shown = [one for one in objectives if _pairs(samples, one)]
    if not shown:
        return None
    data: list[Figure] = []
    axes: dict[str, Any] = {}
    for i, one in enumerate(shown):
        suffix = "" if i == 0 else str(i + 1)
        place = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}
        data += [figure | place for figure in _parity(_pairs(samples, one), one)]
        left = i / len(shown)
        name = one.quantity
        axes[f"xaxis{suffix}"] = axis(
            f"Expected {_lower(name.name)} / {name.unit}",
            anchor=f"y{suffix}",
            domain=[left + (0.09 if i else 0), left + 1 / len(shown) - 0.02],
        )
        axes[f"yaxis{suffix}"] = axis(
            f"Found {_lower(name.name)} / {name.unit}", anchor=f"x{suffix}"
        )
    _show_each_legend_once(data)
    return {"data": data, "layout": layout(height=400, **axes)}


def _pairs(samples: Sequence[SampleView], one: ObjectiveView) -> list[SampleView]:
    return [
        sample
        for sample in samples
        if one.label in sample.scores and one.label in sample.decision.mean
    ]


def _parity(samples: Sequence[SampleView], one: ObjectiveView) -> list[Figure]:
    expected = [sample.decision.mean[one.label] for sample in samples]
    sd = [sample.decision.sd.get(one.label, 0.0) for sample in samples]
    found = [sample.scores[one.label] for sample in samples]
    ends = [
        min([*expected, *(score.mean for score in found)]),
        max([*expected, *(score.mean for score in found)]),
    ]
    points = {
        "type": "scatter", "mode": "markers", "name": "sample ± 1 sd",
        "x": expected, "y": [score.mean for score in found],
        "error_x": {"type": "data", "array": sd, "color": MUTED, "thickness": 1},
        "error_y": bars(found, MUTED),
        "text": [f"{sample.sample}, load {sample.load}" for sample in samples],
        "hovertemplate": "%{text}<br>expected %{x:.4g}, found %{y:.4g}<extra></extra>",
        "marker": {"color": BLUE, "size": 8},
    }  # fmt: skip
    line = {
        "type": "scatter", "mode": "lines", "name": "found as expected", "x": ends,
        "y": ends, "hoverinfo": "skip",
        "line": {"color": INK, "width": 1, "dash": "dash"},
    }  # fmt: skip
    return [line, points]
