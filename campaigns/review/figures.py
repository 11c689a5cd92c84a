"""Figures of a campaign as plotly figures in plain data.

Colours that follow the page (`@ink`, `@muted`, `@grid`, `@paper`) are filled in by the
page, so that figures suit light and dark. The others are the palette of Okabe and Ito,
told apart by people with any kind of colour vision (jfly.uni-koeln.de/color, 2008).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from campaigns import labels
from campaigns.results import Score
from campaigns.review.thinning import rounded
from campaigns.review.views import ObjectiveView, ProgressView, ResultRow

BLUE, ORANGE, GREEN = "#0072b2", "#e69f00", "#009e73"
VERMILLION, SKY, PURPLE = "#d55e00", "#56b4e9", "#cc79a7"
CYCLE = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
INK, MUTED, GRID, PAPER = "@ink", "@muted", "@grid", "@paper"
TOP, BOTTOM = 46, 52
"""Margins above and below the panels, pixels."""
MOST_NAMES = 12
"""Names written beside points before they would hide the points."""
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
        "margin": {"l": 64, "r": 16, "t": TOP, "b": BOTTOM},
        "legend": {
            "orientation": "h",
            "x": 0,
            "yanchor": "bottom",
            # Ten pixels above the panels, however high the figure is.
            "y": 1 + 10 / (height - TOP - BOTTOM),
        },
        "hovermode": "closest",
        **more,
    }


def sds(scores: Sequence[Score]) -> list[float]:
    """Return standard deviations."""
    return [score.variance**0.5 for score in scores]


def pareto(rows: Sequence[ResultRow], objectives: Sequence[ObjectiveView]) -> Figure:
    """Return the first objective against each of the others, one panel each."""
    first, others = objectives[0], objectives[1:]
    data: list[Figure] = []
    axes: dict[str, Any] = {}
    notes: list[Figure] = []
    for i, other in enumerate(others):
        suffix = "" if i == 0 else str(i + 1)
        place = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}", "showlegend": i == 0}
        for is_front in (False, True):
            group = [row for row in rows if row.is_pareto is is_front]
            data.append(_cloud(group, (other, first), is_front=is_front) | place)
        if len(others) == 1:
            data.append(_staircase(rows, (other, first)))
        notes += [
            note | {"xref": f"x{suffix}", "yref": f"y{suffix}"}
            for note in _notes(rows, (other, first))
        ]
        left = i / len(others)
        axes[f"xaxis{suffix}"] = axis(
            other.quantity,
            anchor=f"y{suffix}",
            domain=[left + (0.07 if i else 0), left + 1 / len(others) - 0.02],
        )
        axes[f"yaxis{suffix}"] = axis(first.quantity, anchor=f"x{suffix}")
    return {"data": data, "layout": layout(height=420, annotations=notes, **axes)}


def _cloud(
    group: Sequence[ResultRow], pair: tuple[ObjectiveView, ObjectiveView], *,
    is_front: bool,
) -> Figure:  # fmt: skip
    across, up = pair
    x = [row.scores[across.label] for row in group]
    y = [row.scores[up.label] for row in group]
    colour = BLUE if is_front else MUTED
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "Pareto front" if is_front else "other samples",
        "x": [score.mean for score in x],
        "y": [score.mean for score in y],
        "error_x": bars(x, colour),
        "error_y": bars(y, colour),
        "text": [row.sample for row in group],
        "hovertemplate": "%{text}<br>%{x:.4g}, %{y:.4g}<extra></extra>",
        "marker": {
            "color": colour,
            "size": 10 if is_front else 8,
            "symbol": "circle" if is_front else "circle-open",
        },
    }


def _notes(
    rows: Sequence[ResultRow], pair: tuple[ObjectiveView, ObjectiveView]
) -> list[Figure]:
    """Return the names of the samples on the front, if they are not too many."""
    across, up = pair
    values = [row.scores[across.label].mean for row in rows]
    middle = (min(values, default=0.0) + max(values, default=0.0)) / 2
    places: dict[tuple[float, float], list[str]] = {}
    for row in rows:
        if row.is_pareto:
            x, y = row.scores[across.label].mean, row.scores[up.label].mean
            places.setdefault((float(f"{x:.3g}"), float(f"{y:.3g}")), []).append(
                row.sample
            )
    if len(places) > MOST_NAMES:
        return []
    return [
        {
            "x": x, "y": y, "text": labels.listed(samples), "showarrow": False,
            "xanchor": "left" if x <= middle else "right",
            "xshift": 9 if x <= middle else -9, "yshift": 11,
            "font": {"color": INK, "size": 12},
        }
        for (x, y), samples in places.items()
    ]  # fmt: skip


def _staircase(
    rows: Sequence[ResultRow], pair: tuple[ObjectiveView, ObjectiveView]
) -> Figure:
    """Return the edge of what was reached in two objectives."""
    across, up = pair
    edge = sorted(
        (row.scores[across.label].mean, row.scores[up.label].mean)
        for row in rows
        if row.is_pareto
    )
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [x for x, _ in edge],
        "y": [y for _, y in edge],
        "line": {
            "color": BLUE,
            "width": 1,
            "shape": "hv" if across.goal == "minimize" else "vh",
        },
        "showlegend": False,
        "hoverinfo": "skip",
    }


def bars(scores: Sequence[Score], colour: str) -> dict[str, Any]:
    """Return error bars of one standard deviation."""
    return {"type": "data", "array": sds(scores), "color": colour, "thickness": 1}


def progress(view: ProgressView) -> Figure:
    """Return scores, best so far and hypervolume against experiments."""
    n = len(view.scores)
    count = list(range(1, n + 1))
    data = [
        *_scores(view),
        _steps("best so far", count, view.best_so_far, colour=BLUE, axes=""),
        _steps("hypervolume", count, view.hypervolume_so_far, colour=GREEN, axes="2"),
    ]
    lines = [
        {
            "type": "line", "x0": start - 0.5, "x1": start - 0.5, "y0": 0, "y1": 1,
            "xref": f"x{axes}", "yref": "paper",
            "line": {"color": MUTED, "dash": "dot", "width": 1},
        }
        for start in view.load_starts[1:]
        for axes in ("", "2")
    ]  # fmt: skip
    shared = {"range": [0.5, n + 0.5], "showgrid": False}
    return {
        "data": data,
        "layout": layout(
            height=380,
            shapes=lines,
            xaxis=axis("Experiment", domain=[0, 0.46], anchor="y", **shared),
            yaxis=axis(view.first.quantity),
            xaxis2=axis("Experiment", domain=[0.58, 1], anchor="y2", **shared),
            yaxis2=axis(view.hypervolume, anchor="x2", rangemode="tozero"),
            yaxis3={"overlaying": "y", "range": [0, 1], "visible": False, "title": ""},
        ),
    }


def _scores(view: ProgressView) -> list[Figure]:
    """Return each experiment's score, and a cross at the bottom where there is none."""
    known = [(i, s) for i, s in enumerate(view.scores, start=1) if s is not None]
    without = [i for i, s in enumerate(view.scores, start=1) if s is None]
    scores = [score for _, score in known]
    found: list[Figure] = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": "sample ± 1 sd",
            "x": [i for i, _ in known],
            "y": [score.mean for score in scores],
            "error_y": bars(scores, MUTED),
            "text": [view.samples[i - 1] for i, _ in known],
            "hovertemplate": "%{text}: %{y:.4g}<extra></extra>",
            "marker": {"color": MUTED, "size": 7},
        }
    ]
    if without:
        found.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": "no score",
                "x": without,
                "y": [0.03] * len(without),
                "yaxis": "y3",
                "text": [view.samples[i - 1] for i in without],
                "hovertemplate": "%{text}: no score<extra></extra>",
                "marker": {"color": VERMILLION, "size": 9, "symbol": "x-thin-open"},
            }
        )
    return found


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
