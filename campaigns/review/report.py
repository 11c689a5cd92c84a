"""The report: a whole campaign in one HTML file that opens without a network."""

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from campaigns import labels
from campaigns.errors import StoreError
from campaigns.narrative import duration
from campaigns.results import Score
from campaigns.review import figures, posterior, traces
from campaigns.review.campaign import report_view
from campaigns.review.diffractogram import diffractogram
from campaigns.review.figures import Figure
from campaigns.review.views import PatternView, ReportView
from campaigns.store import Store


def write_report(store: Store, path: Path | str) -> Path:
    """Write the report of a campaign to a file, over an earlier one.

    Raises:
        StoreError: If the database cannot be read or the file cannot be written.
    """
    path = Path(path)
    text = report(store)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error}") from error
    return path


def report(store: Store) -> str:
    """Return the report of a campaign as HTML.

    Raises:
        StoreError: If the database cannot be read.
    """
    return render(report_view(store))


def render(view: ReportView) -> str:
    """Return a report's view model as HTML."""
    from plotly.offline import get_plotlyjs

    environment = Environment(
        loader=PackageLoader("campaigns.review"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": labels.number,
        "parameter": labels.parameter,
        "score": _score,
        "sd": labels.with_sd,
        "duration": duration,
        "figure": _figure,
        "value": _value,
        "chemical": labels.chemical,
        "listed": labels.listed,
    }
    return environment.get_template("report.html.j2").render(
        view=view,
        figures=_figures(view),
        plotly=Markup(get_plotlyjs()),
    )


def _figures(view: ReportView) -> dict[str, Any]:
    """Return every figure by the name that the templates use."""
    several = len(view.objectives) > 1
    return {
        "pareto": (
            figures.pareto(view.results, view.objectives)
            if several and view.results
            else None
        ),
        "progress": figures.progress(view.progress) if view.progress else None,
        "loads": {
            load.load: posterior.slices(load, view.objectives)
            for load in view.loads
            if load.decision.slices
        },
        "expectations": posterior.expectations(view.samples, view.objectives),
        "patterns": {
            pattern.scan: figure
            for sample in view.samples
            for pattern in sample.patterns
            if (figure := _pattern(pattern))
        },
        "firings": [traces.firing(firing) for firing in view.firings],
        "timeline": (
            traces.timeline(view.timeline, view.instruments) if view.timeline else None
        ),
    }


def _pattern(view: PatternView) -> Figure | None:
    if view.fit:
        weights = {one.phase: (one.mean, one.sd) for one in view.fractions}
        return traces.pattern(diffractogram(view.fit, weights=weights))
    return traces.observed(view.observed) if view.observed else None


def _value(given: float | str | None) -> str:
    return labels.number(labels.chemical(given) if isinstance(given, str) else given)


def _score(score: Score) -> str:
    return labels.with_sd(score.mean, score.variance**0.5)


def _figure(figure: Figure) -> Markup:
    """Return a figure as JSON that may stand in a script element."""
    text = json.dumps(
        figure, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )
    return Markup(text.replace("<", "\\u003c"))
