"""Curves with bands, as they are drawn: what replayed campaigns found, and when."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from campaigns.review.figures import CYCLE, Figure

Array = NDArray[np.float64]
BAND_OPACITY = 0.18


@dataclass(frozen=True)
class Band:
    """One curve: the middle of many, and where half of them lie."""

    middle: Array
    low: Array
    high: Array


@dataclass(frozen=True)
class Curves:
    """Bands over one axis; all arrays have the shape of x."""

    title: str
    x_title: str
    y_title: str
    x: Array
    bands: Mapping[str, Band]


def colour(index: int) -> str:
    """Return the colour of a curve."""
    return CYCLE[index % len(CYCLE)]


def plotly_figure(view: Curves) -> Figure:
    """Return the curves as a figure of Plotly."""
    traces: list[object] = []
    x = view.x.tolist()
    for index, (name, band) in enumerate(view.bands.items()):
        drawn = {"type": "scatter", "mode": "lines", "legendgroup": name, "x": x}
        edge = {**drawn, "line": {"width": 0}, "showlegend": False, "hoverinfo": "skip"}
        fill = {"fill": "tonexty", "fillcolor": _faint(colour(index))}
        line = {"color": colour(index), "width": 2}
        traces += [
            {**edge, "y": band.low.tolist()},
            {**edge, **fill, "y": band.high.tolist()},
            {**drawn, "name": name, "y": band.middle.tolist(), "line": line},
        ]
    layout = {
        "xaxis": {"title": {"text": view.x_title}},
        "yaxis": {"title": {"text": view.y_title}, "range": [-0.02, 1.02]},
    }
    return {"data": traces, "layout": layout}


def _faint(hexadecimal: str) -> str:
    red, green, blue = (int(hexadecimal[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{BAND_OPACITY})"
