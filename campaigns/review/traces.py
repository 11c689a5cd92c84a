"""Figures of measurements: patterns, firings and the instruments' timeline."""

from collections.abc import Sequence
from typing import Any

from campaigns.fit import Fit
from campaigns.review.figures import (
    BLUE,
    CYCLE,
    INK,
    MUTED,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    Figure,
    axis,
    layout,
)
from campaigns.review.thinning import rounded, thinned
from campaigns.review.views import BarView, FiringView

MOST_POINTS = 1600
"""Points of a curve on the screen; the stored curves are whole."""
GROUPS = {
    "dose": ("dose", ORANGE),
    "mix": ("mix, grind", SKY),
    "grind": ("mix, grind", SKY),
    "dry": ("dry", PURPLE),
    "fire": ("fire", VERMILLION),
    "scan": ("scan", BLUE),
}
"""Action to its name and colour on the timeline; all others are handling."""


def pattern(fit: Fit) -> Figure:
    """Return a pattern: observed, calculated, each phase, ticks and the residual."""
    kept = thinned(fit.observed, most=MOST_POINTS)
    x = rounded(fit.two_theta[kept], digits=6)
    residual = (fit.observed - fit.calculated)[kept]
    data: list[Figure] = [
        {
            "type": "scatter", "mode": "markers", "name": "observed", "x": x,
            "y": rounded(fit.observed[kept]), "hoverinfo": "skip",
            "marker": {"color": INK, "size": 3, "opacity": 0.55},
        },
        _curve("calculated", x, rounded(fit.calculated[kept]), INK, width=1.2),
        _curve("background", x, rounded(fit.background[kept]), MUTED, dash="dot"),
    ]  # fmt: skip
    for i, (phase, curve) in enumerate(fit.phases.items()):
        shown = rounded((curve + fit.background)[kept])
        data.append(_curve(phase, x, shown, CYCLE[i % len(CYCLE)], legendgroup=phase))
    data += [
        _ticks(phase, angles.tolist(), i)
        for i, (phase, angles) in enumerate(fit.ticks.items())
    ]
    data.append(_curve("residual", x, rounded(residual), MUTED, yaxis="y3"))
    n = max(len(fit.ticks), 1)
    return {
        "data": data,
        "layout": layout(
            height=460 + 14 * n,
            xaxis=axis("Two theta / °", anchor="y3"),
            yaxis=axis("Counts", domain=[0.36, 1], rangemode="tozero"),
            yaxis2=axis(
                "", domain=[0.24, 0.35], showticklabels=False, showgrid=False,
                ticks="", range=[-n + 0.4, 0.6], fixedrange=True,
            ),
            yaxis3=axis("Obs. − calc.", domain=[0, 0.22]),
        ),
    }  # fmt: skip


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


def _ticks(phase: str, angles: Sequence[float], row: int) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": f"{phase} lines",
        "legendgroup": phase,
        "showlegend": False,
        "x": [round(angle, 3) for angle in angles],
        "y": [-row] * len(angles),
        "yaxis": "y2",
        "marker": {
            "symbol": "line-ns-open",
            "size": 9,
            "color": CYCLE[row % len(CYCLE)],
            "line": {"width": 1.6},
        },
        "hovertemplate": f"%{{x:.3f}}°<extra>{phase}</extra>",
    }


def firing(view: FiringView) -> Figure:
    """Return set and measured temperature against time since the start."""
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
    return {
        "data": data,
        "layout": layout(
            height=300,
            xaxis=axis("Time since the start of the program / h"),
            yaxis=axis("Temperature / °C"),
        ),
    }


def timeline(bars: Sequence[BarView]) -> Figure:
    """Return one row an instrument, one bar an attempt at a task."""
    instruments = sorted({bar.instrument for bar in bars}, reverse=True)
    groups: dict[tuple[str, str], list[BarView]] = {}
    for bar in bars:
        group = GROUPS.get(bar.action, ("handle, weigh", MUTED))
        if bar.status not in {"finished", "started"}:
            group = ("not done", INK)
        groups.setdefault(group, []).append(bar)
    data = [
        {
            "type": "bar",
            "orientation": "h",
            "name": name,
            "y": [bar.instrument for bar in group],
            "base": [round(bar.start_hours, 5) for bar in group],
            "x": [round(bar.hours, 5) for bar in group],
            "customdata": [
                [bar.task, f"{bar.hours:.3g} h, {bar.status}", _brief(bar.samples)]
                for bar in group
            ],
            "hovertemplate": (
                "%{customdata[0]}<br>%{customdata[1]}<br>%{customdata[2]}<extra></extra>"
            ),
            "marker": {"color": colour, "line": {"width": 0}},
        }
        for (name, colour), group in groups.items()
    ]
    return {
        "data": data,
        "layout": layout(
            height=130 + 34 * len(instruments),
            barmode="overlay",
            bargap=0.35,
            xaxis=axis("Lab time since the campaign began / h"),
            yaxis=axis("", categoryorder="array", categoryarray=instruments, ticks=""),
        ),
    }


def _brief(samples: Sequence[str]) -> str:
    return ", ".join(samples[:8]) + (" …" if len(samples) > 8 else "")
