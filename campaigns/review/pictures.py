"""Pictures of fitted patterns and of curves in files: PNG, SVG and HTML."""

import html
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from campaigns import labels
from campaigns.results import Slice
from campaigns.review import curves, posterior
from campaigns.review.curves import Curves
from campaigns.review.diffractogram import Diffractogram
from campaigns.review.figures import BLUE, CYCLE, VERMILLION, Figure
from campaigns.review.traces import SEEN_SHARE
from campaigns.review.views import LoadView, ObjectiveView

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

_WIDTH_INCHES, _PATTERN_INCHES, _ROW_INCHES = 10.0, 4.2, 0.22
_BELIEF_INCHES = (5.0, 2.4)
"""Width and height of a panel of what a model believed."""
_DOTS_PER_INCH = 160
_INK, _MUTED, _GRID = "#1b1b1b", "#6b6b6b", "#dddddd"
_PAGE_COLOURS = {"@ink": _INK, "@muted": _MUTED, "@grid": _GRID, "@paper": "#ffffff"}

_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font-family: sans-serif; margin: 1rem }}
h1 {{ font-size: 1.2rem }}
</style>
<h1>{title}</h1>
<p>{remarks}</p>
{drawing}
</html>
"""


def write_html(view: Diffractogram, path: Path) -> None:
    """Write a page that opens without a network and can be enlarged."""
    from campaigns.review import traces

    figure = _coloured(traces.pattern(view))
    _write_page(figure, path, title=view.title, remarks="; ".join(view.remarks))


def write_curves(view: Curves, path: Path) -> None:
    """Write curves; the suffix, one of `WRITERS`, says as what."""
    if path.suffix.lower() == ".html":
        _write_page(curves.plotly_figure(view), path, title=view.title, remarks="")
        return
    from matplotlib import rc_context
    from matplotlib.figure import Figure as Canvas

    with rc_context({"font.size": 10, "axes.edgecolor": _MUTED, "svg.hashsalt": "0"}):
        canvas = Canvas(figsize=(7.0, 4.2), layout="constrained")
        axes = canvas.add_subplot()
        for index, (name, band) in enumerate(view.bands.items()):
            tint = curves.colour(index)
            axes.plot(view.x, band.middle, color=tint, label=name)
            axes.fill_between(
                view.x, band.low, band.high, color=tint, alpha=curves.BAND_OPACITY,
                linewidth=0.0,
            )  # fmt: skip
        axes.set(xlabel=view.x_title, ylabel=view.y_title, ylim=(-0.02, 1.02))
        axes.set_title(view.title, fontsize=11, loc="left")
        axes.legend(frameon=False)
        _save(canvas, path)


def write_image(view: Diffractogram, path: Path) -> None:
    """Write a picture for print; the suffix, such as `.svg`, says of which kind."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure as Canvas
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    heights = [
        _PATTERN_INCHES,
        _ROW_INCHES * max(len(view.phases), 1),
        _PATTERN_INCHES * view.difference_share,
    ]
    engine = ConstrainedLayoutEngine(h_pad=0.02, hspace=0.0)
    # The salt makes an SVG's names of parts depend on the picture alone.
    with rc_context({"font.size": 10, "axes.edgecolor": _MUTED, "svg.hashsalt": "0"}):
        canvas = Canvas(figsize=(_WIDTH_INCHES, sum(heights) + 1.2), layout=engine)
        grid = canvas.add_gridspec(3, 1, height_ratios=heights)
        pattern = canvas.add_subplot(grid[0])
        rows = canvas.add_subplot(grid[1], sharex=pattern)
        difference = canvas.add_subplot(grid[2], sharex=pattern)
        _draw_pattern(pattern, view)
        _draw_ticks(rows, view)
        _draw_difference(difference, view)
        for axes in (pattern, rows):
            axes.tick_params(axis="x", labelbottom=False)
        pattern.set_title(view.title, fontsize=11, loc="left")
        _save(canvas, path)


def write_beliefs(
    view: LoadView, objectives: Sequence[ObjectiveView], path: Path
) -> None:
    """Write what the model believed along each parameter, for one decision.

    Args:
        view: A decision with slices.
        objectives: The campaign's.
        path: File to write, over an earlier one; the suffix, one of `WRITERS`, says
            as what.
    """
    if path.suffix.lower() != ".html":
        _draw_beliefs(view, objectives, path)
        return
    figure = _coloured(posterior.slices(view, objectives))
    _write_page(figure, path, title=f"Why {view.shown} was proposed", remarks=view.why)


def _draw_beliefs(
    view: LoadView, objectives: Sequence[ObjectiveView], path: Path
) -> None:
    """Draw a row a parameter, a column an objective."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure as Canvas

    found = view.decision.slices
    rows = list(dict.fromkeys(one.parameter for one in found))
    columns = [o for o in objectives if any(s.objective == o.label for s in found)]
    width, height = _BELIEF_INCHES
    with rc_context({"font.size": 9, "svg.hashsalt": "0"}):
        canvas = Canvas(
            figsize=(width * len(columns), height * len(rows) + 0.6),
            layout="constrained",
        )
        grid = canvas.add_gridspec(len(rows), len(columns))
        for one in found:
            place = rows.index(one.parameter), _column(columns, one)
            _draw_belief(canvas.add_subplot(grid[place]), one, view, columns[place[1]])
        canvas.suptitle(f"Why {view.shown} was proposed", x=0.01, ha="left")
        _save(canvas, path)


def _column(columns: Sequence[ObjectiveView], one: Slice) -> int:
    return [column.label for column in columns].index(one.objective)


def _draw_belief(
    axes: "Axes", one: Slice, view: LoadView, objective: ObjectiveView
) -> None:
    mean, sd = np.array(one.mean), np.array(one.sd)
    here = view.parameters.get(one.parameter)
    names = [point for point in one.grid if isinstance(point, str)]
    if names:
        at = np.arange(len(names), dtype=float)
        axes.errorbar(at, mean, yerr=sd, fmt="s", color=BLUE, markersize=4)
        axes.set_xticks(at, [labels.chemical(name) for name in names])
        axes.tick_params(axis="x", labelrotation=90 if len(names) > 3 else 0)
        where = float(names.index(here)) if here in names else None
    else:
        at = np.array(one.grid, dtype=float)
        axes.plot(at, mean, color=BLUE)
        axes.fill_between(at, mean - sd, mean + sd, color=BLUE, alpha=0.25, lw=0)
        where = here if isinstance(here, float | int) else None
    if where is not None:
        axes.axvline(where, color=_INK, linewidth=0.8, linestyle=(0, (4, 2)))
        for _, _, scores in view.results:
            if one.objective in scores:
                score = scores[one.objective]
                axes.errorbar(
                    [where], [score.mean], yerr=[score.variance**0.5], fmt="D",
                    color=VERMILLION, markersize=5,
                )  # fmt: skip
    axes.set_xlabel(str(labels.parameter(one.parameter)))
    axes.set_ylabel(str(objective.quantity))


WRITERS: dict[str, Callable[[Diffractogram, Path], None]] = {
    ".png": write_image,
    ".svg": write_image,
    ".html": write_html,
}
"""File suffix to what writes such a picture."""


def _save(canvas: "Canvas", path: Path) -> None:
    """Write a file that depends on the picture alone."""
    meta = {"Date": None} if path.suffix.lower() == ".svg" else {}
    canvas.savefig(path, dpi=_DOTS_PER_INCH, metadata=meta)


def _write_page(figure: Figure, path: Path, *, title: str, remarks: str) -> None:
    """Write a page around one figure that opens without a network."""
    from plotly.io import to_html

    drawing = to_html(
        figure,
        include_plotlyjs=True,
        full_html=False,
        div_id="pattern",
        validate=False,
        config={"displaylogo": False},
    )
    page = _PAGE.format(
        title=html.escape(title), remarks=html.escape(remarks), drawing=drawing
    )
    path.write_text(page, encoding="utf-8")


def _draw_pattern(axes: "Axes", view: Diffractogram) -> None:
    """Draw counts: observed, calculated, background, and each phase over it."""
    x = view.two_theta
    for index, phase in enumerate(view.phases):
        is_seen = phase.counts > SEEN_SHARE * phase.counts.max(initial=0.0)
        axes.fill_between(
            x, view.background, phase.height,
            where=is_seen.tolist(), color=_colour(index), alpha=0.35, linewidth=0.0,
        )  # fmt: skip
    axes.plot(
        x, view.observed, ".", color=_INK, markersize=2.2, markeredgewidth=0.0,
        label="observed",
    )  # fmt: skip
    axes.plot(x, view.calculated, color="#c00000", linewidth=0.8, label="calculated")
    axes.plot(
        x, view.background, color=_MUTED, linewidth=1.0, linestyle=(0, (4, 2)),
        label="background",
    )  # fmt: skip
    axes.set_xlim(float(x[0]), float(x[-1]))
    axes.set_ylim(*view.pattern_range)
    axes.set_ylabel(view.quantity)
    axes.legend(
        loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, markerscale=4.0,
        borderaxespad=0.0, title="\n".join((*view.remarks, "")), alignment="left",
    )  # fmt: skip


def _draw_ticks(axes: "Axes", view: Diffractogram) -> None:
    """Draw one row of line positions a phase, its name and weight beside it."""
    for index, phase in enumerate(view.phases):
        axes.plot(
            phase.ticks, np.full(len(phase.ticks), -index), "|",
            color=_colour(index), markersize=8.0, markeredgewidth=0.9,
        )  # fmt: skip
    axes.set_ylim(-max(len(view.phases), 1) + 0.4, 0.6)
    axes.yaxis.tick_right()
    axes.set_yticks([-i for i in range(len(view.phases))])
    axes.set_yticklabels([phase.caption for phase in view.phases])
    axes.tick_params(axis="y", length=0)
    for index, label in enumerate(axes.get_yticklabels()):
        label.set_color(_colour(index))
    axes.tick_params(axis="x", length=0)


def _draw_difference(axes: "Axes", view: Diffractogram) -> None:
    axes.axhline(0.0, color=_GRID, linewidth=0.8)
    axes.plot(view.two_theta, view.difference, color=_MUTED, linewidth=0.7)
    axes.set_ylim(*view.difference_range)
    axes.set_ylabel("difference")
    axes.set_xlabel("2θ / °")


def _colour(index: int) -> str:
    return CYCLE[index % len(CYCLE)]


def _coloured(figure: Figure) -> Figure:
    """Return a figure with the colours of a light page filled in."""

    def filled(value: Any) -> Any:  # noqa: ANN401 - plain data of any shape
        if isinstance(value, dict):
            return {key: filled(one) for key, one in value.items()}
        if isinstance(value, list):
            return [filled(one) for one in value]
        return _PAGE_COLOURS.get(value, value) if isinstance(value, str) else value

    return {key: filled(value) for key, value in figure.items()}
