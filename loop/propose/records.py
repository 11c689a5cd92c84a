"""Why each sample was proposed, in numbers and in a sentence."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from math import exp

import torch
from torch import Tensor

from campaigns.recipe import Parameters
from campaigns.results import (
    Alternative,
    ComparedLoad,
    DecisionRecord,
    Neighbour,
    Slice,
    Trial,
)
from loop.propose.acquisition import Chosen
from loop.propose.encoding import Encoder
from loop.propose.features import source_at
from loop.propose.hours import Price
from loop.propose.points import Points, Value
from loop.propose.question import Question
from loop.propose.space import Setting

N_GRID = 21
"""Points of a slice along a number."""
MAX_CHOICES = 24
"""Values of a slice along a choice."""
N_NEAREST = 3
"""Earlier results that a record names."""
UNPRICED = "what they add, whatever their hours (no result yet)"
"""By what first loads are compared: hours are weighed against what is known to be
gained, and before any result that is nothing."""
LIBRARIES = ("ax-platform", "botorch", "gpytorch", "torch", "numpy")

Prediction = dict[str, tuple[Tensor, Tensor]]
"""Objective label to posterior means and standard deviations, in the lab's units."""


@dataclass(frozen=True)
class Evidence:
    """What a load was chosen by."""

    method: str
    chosen: Chosen
    predict: Callable[[Tensor], Prediction]
    similarity: Callable[[Tensor], Tensor | None]
    """Correlation of points, `n x d`, with the scored trials, `n x k`; None before
    any."""
    model: dict[str, float | str]
    gain: float | None = None
    """Expected betterment of the leading objective by the load, in its unit."""
    words: Callable[[Parameters], str] = lambda _: ""
    """What else is to be said of a point."""


def decisions(
    question: Question,
    encoder: Encoder,
    evidence: Evidence,
    price: Price,
    points: Sequence[Parameters],
) -> list[DecisionRecord]:
    """Return a decision record for each point of a load."""
    shared = question.space.split(points[0])[0]
    X = torch.from_numpy(encoder.rows(points))
    with torch.no_grad():
        predicted = evidence.predict(X)
        similar = evidence.similarity(X) if question.scored else None
        slices = _slices(question, encoder, evidence, points)
        alternatives = _alternatives(question, encoder, evidence)
    hours = encoder.furnace_hours(Points(points)).tolist()
    versions = {name: version(name) for name in LIBRARIES}
    records = []
    for i, point in enumerate(points):
        mean = {label: float(m[i]) for label, (m, _) in predicted.items()}
        sd = {label: float(s[i]) for label, (_, s) in predicted.items()}
        alike = [] if similar is None else similar[i].argsort(descending=True).tolist()
        nearest = question.scored[alike[0]] if alike else None
        records.append(
            DecisionRecord(
                method=evidence.method,
                reason=_reason(question, point, mean, sd, nearest)
                + evidence.words(point)
                + _beside(question),
                acquisition=exp(evidence.chosen.log_values[i]),
                mean=mean,
                sd=sd,
                descriptors=encoder.described(point),
                nearest=_neighbours(question, alike[:N_NEAREST], similar, i),
                load_gain=evidence.gain,
                furnace_hours=hours[i],
                furnace=question.site.name if question.site else "",
                places=question.size,
                value=UNPRICED if evidence.gain is None else price.words,
                compared=_compared(question, evidence, price),
                apart=question.company.apart(shared),
                n_scored=len(question.scored),
                slices=slices[i],
                alternatives=alternatives,
                model=evidence.model,
                history_sha256=question.history_sha256,
                seed=question.seed,
                versions=versions,
            )
        )
    return records


def _neighbours(
    question: Question, alike: Sequence[int], similar: Tensor | None, row: int
) -> tuple[Neighbour, ...]:
    """Return the earlier results that a point is most like."""
    if similar is None:
        return ()
    return tuple(
        Neighbour(
            sample=question.scored[j].sample,
            similarity=min(1.0, float(similar[row, j])),
        )
        for j in alike
    )


def _beside(question: Question) -> str:
    """Say which samples on their way the load was chosen to add to."""
    loads = sorted({t.load for t in question.trials if t.status == "pending"})
    n = sum(t.status == "pending" for t in question.trials)
    if not n:
        return ""
    of = f"load{'s' if len(loads) > 1 else ''} {', '.join(map(str, loads))}"
    samples = "sample" if n == 1 else "samples"
    return f" Chosen to add to {n} {samples} of {of}, on the way."


def _compared(
    question: Question, evidence: Evidence, price: Price
) -> tuple[ComparedLoad, ...]:
    """Return the loads that were worked out, the one taken first."""
    return tuple(
        ComparedLoad(
            parameters=question.pool.profiles[profile],
            gain=exp(total),
            hours=float(price.hours[profile]),
        )
        for profile, total in evidence.chosen.compared
    )


def _alternatives(
    question: Question, encoder: Encoder, evidence: Evidence
) -> tuple[Alternative, ...]:
    """Return the best candidates not taken, with their means."""
    found = evidence.chosen.alternatives
    points = [question.pool.parameters(profile, s) for profile, s, _ in found]
    if not points:
        return ()
    predicted = evidence.predict(torch.from_numpy(encoder.rows(points)))
    return tuple(
        Alternative(
            parameters=point,
            acquisition=exp(value),
            mean={label: float(m[i]) for label, (m, _) in predicted.items()},
        )
        for i, (point, (_, _, value)) in enumerate(zip(points, found, strict=True))
    )


def _slices(
    question: Question,
    encoder: Encoder,
    evidence: Evidence,
    points: Sequence[Parameters],
) -> list[tuple[Slice, ...]]:
    """Return the posterior along every setting through each point."""
    lines: list[tuple[int, Setting, tuple[Value, ...]]] = []
    rows: list[Parameters] = []
    space = question.space
    for i, point in enumerate(points):
        for setting in space.settings:
            grid = setting.grid(N_GRID)[:MAX_CHOICES]
            if setting.name in point and len(grid) > 1:
                lines.append((i, setting, grid))
                rows += [space.varied(point, setting.name, value) for value in grid]
    if not rows:
        return [() for _ in points]
    predicted = evidence.predict(torch.from_numpy(encoder.rows(rows)))
    # Bounded figures are foretold at the point alone.
    labels = [o.label for o in question.spec.objectives if o.label in predicted]
    found: list[list[Slice]] = [[] for _ in points]
    start = 0
    for i, setting, grid in lines:
        stop = start + len(grid)
        for label in labels:
            mean, sd = predicted[label]
            found[i].append(
                Slice(
                    objective=label,
                    parameter=setting.name,
                    grid=_one_type(grid),
                    mean=tuple(mean[start:stop].tolist()),
                    sd=tuple(sd[start:stop].tolist()),
                )
            )
        start = stop
    return [tuple(one) for one in found]


def _one_type(grid: tuple[Value, ...]) -> tuple[float, ...] | tuple[str, ...]:
    """Return a grid of numbers, or of text where any value is text."""
    if any(isinstance(value, str) for value in grid):
        return tuple(str(value) for value in grid)
    return tuple(float(value) for value in grid)


def _reason(
    question: Question,
    point: Parameters,
    mean: dict[str, float],
    sd: dict[str, float],
    nearest: Trial | None,
) -> str:
    """Say in a sentence why a point was proposed."""
    label = next(iter(mean))
    expected = f"{label} {_number(mean[label])} ± {_number(sd[label])} expected"
    if nearest is None:
        sources = ", ".join(_sources(question, str(point["precursors"])))
        return (
            f"Explores: no result yet; {_settings(point)} is where the rate law "
            f"expects most below the target's limit ({expected}); the set brings "
            f"{sources}."
        )
    objective = next(o for o in question.spec.objectives if o.label == label)
    sign = 1.0 if objective.goal == "maximize" else -1.0
    known = [t for t in question.scored if label in t.scores]
    best = max(known, key=lambda t: sign * t.scores[label].mean, default=nearest)
    top = best.scores[label].mean if label in best.scores else 0.0
    aim = "Exploits" if sign * (mean[label] - top) >= -0.5 * sd[label] else "Explores"
    seen = nearest.scores.get(label)
    result = f"{label} {_number(seen.mean)}" if seen else "no figure"
    return (
        f"{aim}: {expected} against {_number(top)} at best ({best.sample}); most like "
        f"{nearest.sample} ({result}){_changes(point, nearest.measured)}."
    )


def _changes(point: Parameters, known: Parameters) -> str:
    """Say in what a point differs from a known one."""
    changed = [
        f"{name} {_number(known[name])} → {_number(value)}"
        for name, value in point.items()
        if name in known and _number(known[name]) != _number(value)
    ]
    return ", but " + ", ".join(changed) if changed else ", which it repeats"


def _sources(question: Question, label: str) -> list[str]:
    """Return what the reagents of a set have become when the reaction starts."""
    found = next(s for s in question.sets if s.label == label)
    return sorted({source_at(p.formula, 400.0) for p in found.precursors})


def _settings(point: Parameters) -> str:
    """Return the load's settings as text."""
    own = ("precursors", "excess.")
    shared = {k: v for k, v in point.items() if not k.startswith(own)}
    text = [f"{name} {_number(value)}" for name, value in shared.items()]
    return ", ".join(text) or "the recipe's profile"


def _number(value: Value) -> str:
    """Return a value with three significant digits."""
    return value if isinstance(value, str) else f"{value:.3g}" if value < 100 else (
        f"{value:.0f}"
    )  # fmt: skip
