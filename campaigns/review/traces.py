"""Figures of measurements: patterns, firings and the instruments' timeline."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from campaigns import labels
from campaigns.review.diffractogram import Diffractogram, PhaseCurve
from campaigns.review.figures import (
    BLUE,
    BOTTOM,
    CYCLE,
    GRID,
    INK,
    MUTED,
    ORANGE,
    PAPER,
    PURPLE,
    SKY,
    TOP,
    VERMILLION,
    Figure,
    axis,
    layout,
)
from campaigns.review.instruments import span_in_words
from campaigns.review.thinning import rounded, thinned
from campaigns.review.views import BarView, FiringView, InstrumentView
from instruments.quantities import Floats, Pattern

MOST_POINTS = 1600
"""Points of a curve on the screen; the stored curves are whole."""
BACKGROUND_POINTS = 120
PATTERN_PIXELS = 300
"""Height of a pattern without its rows of ticks and differences."""
SEEN_SHARE = 0.01
"""A phase is drawn where it has more than this share of its highest peak."""
SHOWN_APART = 10.0
"""Half the range of the panel of measured less set temperature, degrees Celsius."""
GROUPS = {
    "dose": ("dose", ORANGE),
    "mix": ("mix, grind", SKY),
    "grind": ("mix, grind", SKY),
    "dry": ("dry", PURPLE),
    "fire": ("fire", VERMILLION),
    "scan": ("scan", BLUE),
}
"""Action to its name and colour on the timeline; all others are handling."""


def pattern(view: Diffractogram) -> Figure:
    """Return a pattern: observed, calculated, each phase, ticks and the difference."""
    kept = thinned(view.observed, most=MOST_POINTS)
    x = rounded(view.two_theta[kept], digits=6)
    few = thinned(view.background, most=BACKGROUND_POINTS)
    data: list[Figure] = [
        {
            "type": "scatter", "mode": "markers", "name": "observed", "x": x,
            "y": rounded(view.observed[kept]),
            "hovertemplate": "%{x:.2f}°: %{y:.5g}<extra>observed</extra>",
            "marker": {"color": INK, "size": 3, "opacity": 0.55},
        },
        _curve("calculated", x, rounded(view.calculated[kept]), INK, width=1.1),
        _curve(
            "background", rounded(view.two_theta[few], digits=6),
            rounded(view.background[few]), MUTED, dash="dot",
        ),
    ]  # fmt: skip
    for index, phase in enumerate(view.phases):
        data.append(_phase(phase, view.two_theta, kept, CYCLE[index % len(CYCLE)]))
    for index, phase in enumerate(view.phases):
        data.append(_ticks(phase, index))
    kept = thinned(view.difference, most=MOST_POINTS)
    x = rounded(view.two_theta[kept], digits=6)
    apart = rounded(view.difference[kept])
    data.append(_curve("difference", x, apart, MUTED, yaxis="y3"))
    return {"data": data, "layout": _pattern_layout(view)}


def _pattern_layout(view: Diffractogram) -> Figure:
    n = max(len(view.phases), 1)
    rows, below, between = 18 * n, PATTERN_PIXELS * view.difference_share, 14
    inside = PATTERN_PIXELS + rows + below + 2 * between
    middle = (below + between) / inside, (below + between + rows) / inside
    return layout(
        height=round(inside) + TOP + BOTTOM,
        updatemenus=[] if view.is_root else [_scale_buttons()],
        xaxis=axis(
            "2θ / °", anchor="y3", range=[view.two_theta[0], view.two_theta[-1]],
        ),
        yaxis=axis(
            view.quantity, domain=[middle[1] + between / inside, 1],
            **(
                {"range": list(view.pattern_range)}
                if view.is_root
                else {"rangemode": "tozero"}
            ),
        ),
        yaxis2=axis(
            "", domain=list(middle), showgrid=False, ticks="", fixedrange=True,
            range=[-n + 0.4, 0.6], tickmode="array", tickfont={"size": 11},
            tickvals=[-i for i in range(len(view.phases))],
            ticktext=[phase.label for phase in view.phases],
        ),
        yaxis3=axis(
            "Difference", domain=[0, below / inside],
            range=list(view.difference_range), zeroline=True, zerolinecolor=GRID,
        ),
    )  # fmt: skip


def _scale_buttons() -> Figure:
    return {
        "type": "buttons", "direction": "left", "showactive": False,
        "x": 1, "xanchor": "right", "y": 1, "yanchor": "bottom",
        "pad": {"t": 0, "b": 6}, "bgcolor": PAPER, "bordercolor": MUTED,
        "font": {"color": INK, "size": 11},
        "buttons": [
            {"label": kind, "method": "relayout", "args": [{"yaxis.type": kind}]}
            for kind in ("linear", "log")
        ],
    }  # fmt: skip


def _phase(
    phase: PhaseCurve, two_theta: Floats, kept: NDArray[np.intp], colour: str
) -> Figure:
    """Return a phase over the background, where it adds anything that can be seen."""
    counts = phase.counts[kept]
    is_seen = counts > SEEN_SHARE * counts.max(initial=0.0)
    x, y = rounded(two_theta[kept], digits=6), rounded(phase.height[kept])
    shown_x: list[float | None] = []
    shown_y: list[float | None] = []
    for i, is_here in enumerate(is_seen.tolist()):
        if is_here:
            shown_x.append(x[i])
            shown_y.append(y[i])
        elif shown_x and shown_x[-1] is not None:
            # A gap: no line is drawn to the next peak.
            shown_x.append(None)
            shown_y.append(None)
    return _curve(
        phase.caption, shown_x, shown_y, colour, width=1.6, legendgroup=phase.label
    )


def observed(pattern: Pattern) -> Figure:
    """Return the instrument's counts where nothing was fitted."""
    kept = thinned(pattern.counts, most=MOST_POINTS)
    x = rounded(pattern.two_theta[kept], digits=6)
    curve = _curve("observed", x, rounded(pattern.counts[kept]), INK)
    return {
        "data": [curve],
        "layout": layout(
            height=360,
            updatemenus=[_scale_buttons()],
            xaxis=axis("2θ / °"),
            yaxis=axis("Counts", rangemode="tozero"),
        ),
    }


def _curve(
    name: str,
    x: Sequence[float | None],
    y: Sequence[float | None],
    colour: str,
    *,
    width: float = 1.0,
    dash: str = "solid",
    **more: Any,  # noqa: ANN401
) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": list(x),
        "y": list(y),
        "line": {"color": colour, "width": width, "dash": dash},
        "hovertemplate": "%{x:.2f}°: %{y:.4g}<extra>%{fullData.name}</extra>",
        **more,
    }


def _ticks(phase: PhaseCurve, row: int) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": f"{phase.label} lines",
        "legendgroup": phase.label,
        "showlegend": False,
        "x": [round(angle, 3) for angle in phase.ticks.tolist()],
        "y": [-row] * len(phase.ticks),
        "yaxis": "y2",
        "marker": {
            "symbol": "line-ns-open",
            "size": 9,
            "color": CYCLE[row % len(CYCLE)],
            "line": {"width": 1.6},
        },
        "hovertemplate": f"%{{x:.3f}}°<extra>{phase.label}</extra>",
    }


def firing(view: FiringView) -> Figure:
    """Return set and measured temperature, and below the one less the other."""
    trace = view.trace
    kept = thinned(trace.measured_celsius, most=MOST_POINTS // 2)
    start = trace.seconds[0] if len(trace.seconds) else 0.0
    hours = rounded((trace.seconds[kept] - start) / 3600, digits=6)
    hover = "%{x:.2f} h: %{y:.1f} °C<extra>%{fullData.name}</extra>"
    data = [
        _curve(
            name, hours, rounded(values[kept]), colour, width=width, dash=dash,
            hovertemplate=hover,
        )
        for name, values, colour, width, dash in (
            ("measured", trace.measured_celsius, VERMILLION, 2.0, "solid"),
            ("set", trace.set_celsius, INK, 1.2, "dash"),
        )
    ]  # fmt: skip
    apart = (trace.measured_celsius - trace.set_celsius)[kept]
    data.append(
        _curve("measured − set", hours, rounded(apart), MUTED, yaxis="y2")
        | {"hovertemplate": hover}
    )
    return {
        "data": data,
        "layout": layout(
            height=430,
            xaxis=axis("Time since the start of the program / h", anchor="y2"),
            yaxis=axis("Temperature / °C", domain=[0.42, 1]),
            yaxis2=axis(
                "Difference / °C", domain=[0, 0.34], range=[-SHOWN_APART, SHOWN_APART],
                zeroline=True, zerolinecolor=MUTED,
            ),
        ),
    }  # fmt: skip


def timeline(bars: Sequence[BarView], instruments: Sequence[InstrumentView]) -> Figure:
    """Return one row an instrument, one bar an attempt at a task."""
    rows = [f"{one.name} ({one.role})" if one.role else one.name for one in instruments]
    row_of = {one.name: row for one, row in zip(instruments, rows, strict=True)}
    groups: dict[tuple[str, str], list[BarView]] = {}
    for bar in bars:
        group = GROUPS.get(bar.action, ("handle, weigh", MUTED))
        if bar.status not in {"finished", "started"}:
            group = ("not done", INK)
        groups.setdefault(group, []).append(bar)
    data = [
        _bars(name, colour, group, row_of) for (name, colour), group in groups.items()
    ]
    return {
        "data": data,
        "layout": layout(
            height=TOP + BOTTOM + 34 * len(instruments),
            barmode="overlay",
            bargap=0.35,
            xaxis=axis("Lab time since the campaign began / h"),
            yaxis=axis(
                "", categoryorder="array", categoryarray=rows[::-1], ticks="",
                fixedrange=True,
            ),
        ),
    }  # fmt: skip


def _bars(
    name: str, colour: str, group: Sequence[BarView], row_of: dict[str, str]
) -> Figure:
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "y": [row_of[bar.instrument] for bar in group],
        "base": [round(bar.start_hours, 5) for bar in group],
        "x": [round(bar.hours, 5) for bar in group],
        "customdata": [
            [bar.task, span_in_words(bar), labels.listed(bar.samples)] for bar in group
        ],
        "hovertemplate": (
            "%{customdata[0]}<br>%{customdata[1]}<br>%{customdata[2]}<extra></extra>"
        ),
        "marker": {"color": colour, "line": {"width": 0}},
    }
