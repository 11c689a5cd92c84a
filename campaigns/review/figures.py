"""Figures of a campaign as plotly figures in plain data.

Colours that follow the page (`@ink`, `@muted`, `@grid`, `@paper`) are filled in by the
page, so that figures suit light and dark. The others are the palette of Okabe and Ito,
told apart by people with any kind of colour vision (jfly.uni-koeln.de/color, 2008).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from campaigns.results import Score, Slice
from campaigns.review import labels
from campaigns.review.thinning import rounded
from campaigns.review.views import (
    LoadView,
    ObjectiveView,
    ProgressView,
    ResultRow,
)

BLUE, ORANGE, GREEN = "#0072b2", "#e69f00", "#009e73"
VERMILLION, SKY, PURPLE = "#d55e00", "#56b4e9", "#cc79a7"
CYCLE = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
INK, MUTED, GRID, PAPER = "@ink", "@muted", "@grid", "@paper"
Figure = dict[str, Any]


def axis(title: object, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return an axis with a title, quiet grid lines and no zero line."""
    return {
        "title": {"text": str(title)},
        "gridcolor": GRID,
        "linecolor": MUTED,
        "ticks": "outside",
        "tickcolor": MUTED,
        "zeroline": False,
        "automargin": True,
        **more,
    }


def layout(*, height: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the layout that all figures share."""
    return {
        "height": height,
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "font": {"color": INK, "size": 13},
        "margin": {"l": 64, "r": 16, "t": 58, "b": 52},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "hovermode": "closest",
        **more,
    }


def sds(scores: Sequence[Score]) -> list[float]:
    """Return standard deviations."""
    return [score.variance**0.5 for score in scores]


def pareto(rows: Sequence[ResultRow], objectives: Sequence[ObjectiveView]) -> Figure:
    """Return the first two objectives of all samples against each other."""
    first, second = objectives[:2]
    traces = []
    for is_front in (False, True):
        group = [row for row in rows if row.is_pareto is is_front]
        group.sort(key=lambda row: row.scores[second.label].mean)
        x = [row.scores[second.label] for row in group]
        y = [row.scores[first.label] for row in group]
        colour = BLUE if is_front else MUTED
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": "Pareto front" if is_front else "other samples",
                "x": [score.mean for score in x],
                "y": [score.mean for score in y],
                "error_x": _bars(x, colour),
                "error_y": _bars(y, colour),
                "text": [row.sample for row in group],
                "hovertemplate": "%{text}<br>%{x:.4g}, %{y:.4g}<extra></extra>",
                "marker": {
                    "color": colour,
                    "size": 10 if is_front else 8,
                    "symbol": "circle" if is_front else "circle-open",
                },
            }
        )
    return {
        "data": traces,
        "layout": layout(
            height=420, xaxis=axis(second.quantity), yaxis=axis(first.quantity)
        ),
    }


def _bars(scores: Sequence[Score], colour: str) -> dict[str, Any]:
    return {"type": "data", "array": sds(scores), "color": colour, "thickness": 1}


def progress(view: ProgressView) -> Figure:
    """Return scores, best so far and hypervolume against experiments."""
    known = [(i, s) for i, s in enumerate(view.scores, start=1) if s is not None]
    scores = [score for _, score in known]
    count = list(range(1, len(view.scores) + 1))
    data: list[Figure] = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": "sample (± 1 sd)",
            "x": [i for i, _ in known],
            "y": [score.mean for score in scores],
            "error_y": _bars(scores, MUTED),
            "text": [view.samples[i - 1] for i, _ in known],
            "hovertemplate": "%{text}: %{y:.4g}<extra></extra>",
            "marker": {"color": MUTED, "size": 7},
        },
        _steps("best so far", count, view.best_so_far, colour=BLUE, axes=""),
        _steps("hypervolume", count, view.hypervolume_so_far, colour=GREEN, axes="2"),
    ]
    lines = [
        {
            "type": "line", "x0": start - 0.5, "x1": start - 0.5, "y0": 0, "y1": 1,
            "yref": "paper", "line": {"color": GRID, "dash": "dot", "width": 1},
        }
        for start in view.load_starts[1:]
    ]  # fmt: skip
    return {
        "data": data,
        "layout": layout(
            height=380,
            shapes=lines,
            xaxis=axis("Experiment", domain=[0, 0.46], anchor="y"),
            yaxis=axis(view.first.quantity),
            xaxis2=axis("Experiment", domain=[0.58, 1], anchor="y2"),
            yaxis2=axis("Hypervolume / product of the units", anchor="x2"),
        ),
    }


def _steps(
    name: str, x: Sequence[int], y: Sequence[float], *, colour: str, axes: str
) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": list(x),
        "y": rounded(np.array(y), digits=6),
        "xaxis": f"x{axes}",
        "yaxis": f"y{axes}",
        "line": {"color": colour, "width": 2, "shape": "hv"},
        "hovertemplate": "%{y:.4g}<extra></extra>",
    }


def slices(
    decision_slices: Sequence[Slice],
    view: LoadView,
    objectives: Sequence[ObjectiveView],
) -> Figure:
    """Return the posterior along each parameter: mean, ± 1 and ± 2 sd, and outcomes."""
    n = len(decision_slices)
    columns = min(2, n)
    rows = -(-n // columns)
    named = {one.label: one for one in objectives}
    data: list[Figure] = []
    axes: dict[str, Any] = {}
    for i, one in enumerate(decision_slices):
        suffix = "" if i == 0 else str(i + 1)
        data += _slice(one, view, suffix=suffix, is_first=i == 0)
        row, column = divmod(i, columns)
        width, height = 1 / columns, 1 / rows
        left, top = column * width, 1 - row * height
        title = named[one.objective].quantity if one.objective in named else None
        axes[f"xaxis{suffix}"] = axis(
            labels.parameter(one.parameter),
            anchor=f"y{suffix}",
            domain=[left + (0.07 if column else 0), left + width - 0.03],
        )
        axes[f"yaxis{suffix}"] = axis(
            title or one.objective,
            anchor=f"x{suffix}",
            domain=[top - height + (0.16 / rows if row < rows - 1 else 0), top - 0.04],
        )
    return {"data": data, "layout": layout(height=120 + 250 * rows, **axes)}


def _slice(one: Slice, view: LoadView, *, suffix: str, is_first: bool) -> list[Figure]:
    place = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}", "showlegend": is_first}
    is_named = all(isinstance(point, str) for point in one.grid)
    mean, sd = np.array(one.mean), np.array(one.sd)
    outcomes = _outcomes(one, view) | place
    if is_named:
        bars = {"type": "data", "array": list(one.sd), "color": BLUE}
        points = {
            "type": "scatter", "mode": "markers", "name": "model mean ± 1 sd",
            "x": list(one.grid), "y": list(one.mean), "error_y": bars,
            "marker": {"color": BLUE, "symbol": "line-ew-open", "size": 16},
        } | place  # fmt: skip
        return [points, outcomes]
    bands = [
        {
            "type": "scatter", "mode": "lines", "name": f"± {k} sd",
            "hoverinfo": "skip",
            "x": [*one.grid, *one.grid[::-1]],
            "y": [*(mean + k * sd).tolist(), *(mean - k * sd)[::-1].tolist()],
            "fill": "toself", "line": {"width": 0},
            "fillcolor": f"rgba(0,114,178,{0.14 if k == 2 else 0.2})",
        } | place
        for k in (2, 1)
    ]  # fmt: skip
    line = {
        "type": "scatter", "mode": "lines", "name": "model mean",
        "x": list(one.grid), "y": list(one.mean),
        "line": {"color": BLUE, "width": 2},
    } | place  # fmt: skip
    return [*bands, line, outcomes]


def _outcomes(one: Slice, view: LoadView) -> Figure:
    found = [
        (sample, parameters[one.parameter], scores[one.objective])
        for sample, parameters, scores in view.results
        if one.objective in scores and one.parameter in parameters
    ]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "measured afterwards",
        "x": [value for _, value, _ in found],
        "y": [score.mean for *_, score in found],
        "error_y": _bars([score for *_, score in found], VERMILLION),
        "text": [sample for sample, *_ in found],
        "hovertemplate": "%{text}: %{y:.4g}<extra></extra>",
        "marker": {"color": VERMILLION, "size": 8, "symbol": "diamond"},
    }
