"""Replayed campaigns as a person reads them: a table, and curves."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from loop.backtest.figures import Figures, Targets, extended, figures
from loop.backtest.replay import Campaign, Plan
from loop.backtest.table import MeasuredTable


@dataclass
class Results:
    """Campaigns of all methods on one table."""

    name: str
    """Of the table."""
    table: MeasuredTable
    plan: Plan
    campaigns: dict[str, list[Campaign]] = field(default_factory=dict)

    def add(self, method: str, campaign: Campaign) -> None:
        """Take one campaign in; seeds come in the same order for all methods."""
        self.campaigns.setdefault(method, []).append(campaign)

    def figures(self) -> dict[str, Figures]:
        """Return what `--json` prints."""
        return {
            method: figures(self.table, found, budget=self.plan.budget)
            for method, found in self.campaigns.items()
        }


def show(results: Results) -> None:
    """Print medians and quartiles over the seeds, one column a method."""
    from rich.console import Console
    from rich.table import Table

    found = results.figures()
    space, plan = results.table.space, results.plan
    wanted = Targets(results.table)
    n_seeds = len(next(iter(results.campaigns.values())))
    goals = ", ".join(f"{o.column} {o.goal}" for o in space.objectives)
    top = "top 5 %" if wanted.is_single else "Pareto-optimal"
    heading = (
        f"{results.name}: {space.n} candidates, {wanted.n_top} {top}; {goals}\n"
        f"{n_seeds} campaigns of {plan.budget} experiments, {plan.start} at random, "
        f"then {plan.batch} a proposal; median (quartiles)"
    )
    shown = Table(title=heading, title_justify="left", title_style="", box=None)
    shown.add_column("")
    for method in found:
        shown.add_column(method, justify="right")
    for label, row in _rows(found, top=top, budget=plan.budget):
        shown.add_row(label, *row)
    Console(width=max(100, 26 + 22 * len(found)), highlight=False).print(shown)


def _rows(
    found: dict[str, Figures], *, top: str, budget: int
) -> list[tuple[str, list[str]]]:
    """Return label and cells of every line."""
    every = list(found.values())
    rows = []
    for mark in every[0]["top5_at"]:
        label = f"share of {top} at {mark}"
        rows.append((label, [_shares(one["top5_at"][mark]) for one in every]))
    for mark in every[0]["hypervolume_at"]:
        label = f"hypervolume at {mark}"
        rows.append((label, [_shares(one["hypervolume_at"][mark]) for one in every]))
    rows += [
        ("mean share over the budget", [_shares(one["auc"]) for one in every]),
        ("experiments to the best", [_counts(o["n_to_best"], budget) for o in every]),
        (f"to 80 % of {top}", [_counts(o["n_to_80"], budget) for o in every]),
        *[
            (label, [_counts(o["n_to_k_best"][k], budget) for o in every])
            for k, label in (("5", "to five of the best"), ("all", "to all optima"))
        ],
        ("CPU s a proposal", [_seconds(one["cpu_seconds"]) for one in every]),
    ]
    return rows


def _shares(values: Sequence[float]) -> str:
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return f"{middle:.2f} ({low:.2f}-{high:.2f})"


def _counts(values: Sequence[int | None], budget: int) -> str:
    """Return quartiles; those not reached are beyond the budget, however far."""
    numbers = [np.inf if v is None else v for v in values]
    # No interpolation: a value between a number and infinity says nothing.
    quartiles = np.quantile(numbers, [0.25, 0.5, 0.75], method="inverted_cdf")
    low, middle, high = (f">{budget}" if np.isinf(q) else f"{q:.0f}" for q in quartiles)
    return f"{middle} ({low}-{high})"


def _seconds(values: Sequence[float | None]) -> str:
    known = [v for v in values if v is not None]
    return f"{np.median(known):.3f}" if known else "none made"


def draw(results: Results, path: Path) -> None:
    """Write the share found against experiments: medians, and quartiles as bands."""
    from campaigns.review.curves import Band, Curves
    from campaigns.review.pictures import write_curves

    wanted, budget = Targets(results.table), results.plan.budget
    bands = {}
    for method, campaigns in results.campaigns.items():
        shares = [extended(wanted.progress(c.order), budget) for c in campaigns]
        low, middle, high = np.quantile(shares, [0.25, 0.5, 0.75], axis=0)
        bands[method] = Band(middle=middle, low=low, high=high)
    what = "share of the top 5 % found" if wanted.is_single else "share of hypervolume"
    view = Curves(
        title=f"{results.name}: median and quartiles of {len(shares)} campaigns",
        x_title="experiments",
        y_title=what,
        x=np.arange(1.0, budget + 1.0),
        bands=bands,
    )
    write_curves(view, path)
