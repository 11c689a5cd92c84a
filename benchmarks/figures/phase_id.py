"""Figures of the phase identification benchmark, from its answers."""

import runpy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from figures.bars import Bar

NINETY = 1.6449
"""Half the width of a 90 % interval in standard deviations of a normal."""
FLAG = "unknown phase"
"""How a quality line begins that reports intensity which no candidate explains."""
Answers = Mapping[str, Any]
"""Pattern stem to what `athanor identify --json` says of it."""
Truth = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Scorer:
    """The benchmark's own scorer, so that figures are those that others compute."""

    compare: Callable[..., tuple[int, int, int, bool, float, float]]
    lenient: Callable[..., dict[str, float]]

    @classmethod
    def load(cls, bench: Path) -> "Scorer":
        """Load `score.py` of the benchmark."""
        names = runpy.run_path(str(bench / "score.py"))
        return cls(names["compare"], names["lenient"])

    def rows(self, answers: Answers, truth: Truth, *, is_lenient: bool) -> list[Any]:
        """Compare each answer with the truth."""
        return [
            self.compare(
                self.lenient(answer, truth[stem]) if is_lenient else answer["weights"],
                truth[stem],
            )
            for stem, answer in answers.items()
        ]

    def f1(self, answers: Answers, truth: Truth, *, is_lenient: bool) -> float:
        """Return F1 over phases at the scorer's cut."""
        rows = self.rows(answers, truth, is_lenient=is_lenient)
        hit, false, missed = (sum(row[i] for row in rows) for i in range(3))
        return 2 * hit / max(2 * hit + false + missed, 1)

    def exact(self, answers: Answers, truth: Truth, *, is_lenient: bool) -> float:
        """Return the share of patterns with exactly the true set."""
        rows = self.rows(answers, truth, is_lenient=is_lenient)
        return float(np.mean([row[3] for row in rows]))

    def errors(self, answers: Answers, truth: Truth) -> list[float]:
        """Return each pattern's mean absolute error over its true phases, points."""
        rows = self.rows(answers, truth, is_lenient=False)
        return [100 * row[4] for row in rows]


def sets(scorer: Scorer, answers: Answers, truth: Truth) -> list[Bar]:
    """Return how right the sets of phases are."""
    return [
        Bar("F1, lenient", scorer.f1(answers, truth, is_lenient=True), "", 0.97),
        Bar("F1, strict", scorer.f1(answers, truth, is_lenient=False)),
        Bar("exact set, strict", scorer.exact(answers, truth, is_lenient=False),
            "", 0.85),
        Bar("exact set, lenient", scorer.exact(answers, truth, is_lenient=True),
            "", 0.95),
    ]  # fmt: skip


def weights(
    scorer: Scorer, answers: Answers, truth: Truth, *, name: str, bar: float
) -> list[Bar]:
    """Return how right the weights are."""
    errors = scorer.errors(answers, truth)
    apart = [
        100 * abs(a) for values in by_phase(answers, truth).values() for a in values
    ]
    return [
        Bar(f"weight MAE, {name}", float(np.mean(errors)), "points", bar, "min"),
        Bar(f"weight MAE of the worst pattern, {name}", max(errors), "points", 13.0,
            "min"),
        Bar(f"worst error of one weight, {name}", max(apart), "points", None, "min"),
    ]  # fmt: skip


def by_phase(answers: Answers, truth: Truth) -> dict[str, list[float]]:
    """Return the errors of each true phase's weight, found less true."""
    errors: dict[str, list[float]] = {}
    for stem, answer in answers.items():
        for phase, weight in truth[stem].items():
            error = answer["weights"].get(phase, 0.0) - weight
            errors.setdefault(phase, []).append(error)
    return dict(sorted(errors.items()))


def intervals(answers: Answers, truth: Truth) -> list[Bar]:
    """Return how often 90 % intervals hold the weighed value, and how wide they are."""
    inside, half = [], []
    for stem, answer in answers.items():
        for phase, weight in truth[stem].items():
            half.append(NINETY * answer["sigma"].get(phase, 0.0))
            inside.append(abs(answer["weights"].get(phase, 0.0) - weight) < half[-1])
    coverage = 100 * float(np.mean(inside))
    return [
        Bar("90 % intervals: coverage, at least", coverage, "%", 80.0),
        Bar("90 % intervals: coverage, at most", coverage, "%", 97.0, "min"),
        Bar("90 % intervals: mean half-width", 100 * float(np.mean(half)), "points",
            10.0, "min"),
    ]  # fmt: skip


def seconds(answers: Answers, *, name: str, bar: float) -> list[Bar]:
    """Return CPU time per pattern, for each length of scan."""
    found: list[Bar] = []
    for scan in ("2min", "8min"):
        spent = [a["cpu_seconds"] for s, a in answers.items() if s.endswith(scan)]
        if spent:
            found += [
                Bar(f"CPU, {name}, {scan}, median", float(np.median(spent)), "s", bar,
                    "min"),
                Bar(f"CPU, {name}, {scan}, longest", max(spent), "s", bar, "min"),
            ]  # fmt: skip
    return found


def is_flagged(answer: Mapping[str, Any]) -> bool:
    """Say whether an answer reports an unknown phase, or that it found none at all."""
    return not answer["weights"] or any(
        line.startswith(FLAG) for line in answer["quality"]
    )


def unknowns(
    without: Mapping[tuple[str, str], Mapping[str, Any]], whole: Answers
) -> list[Bar]:
    """Return how often a removed phase is noticed, and a complete set doubted.

    Args:
        without: (stem, removed phase) to answer.
        whole: Stem to answer with all candidates.
    """
    return [
        Bar("true phase removed: flagged unknown", _percent(without.values()), "%",
            90.0),
        Bar("nothing removed: flagged unknown", _percent(whole.values()), "%", 5.0,
            "min"),
    ]  # fmt: skip


def _percent(answers: Iterable[Mapping[str, Any]]) -> float:
    return 100 * float(np.mean([is_flagged(answer) for answer in answers]))
