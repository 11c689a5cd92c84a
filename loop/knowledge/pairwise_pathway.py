"""The pathway of a precursor set: steps, products, and what is left for the target."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from campaigns.errors import MaterialError
from campaigns.materials.freeenergy import ZERO_CELSIUS
from loop.knowledge.pairwise import Chemistry, packaged
from loop.knowledge.pairwise_balance import Balanced, Floats, atoms_of
from loop.knowledge.pairwise_beliefs import N_DRAWS
from loop.knowledge.pairwise_firing import (
    Batch,
    Fired,
    Firing,
    fire,
    resolved,
    together,
)
from loop.knowledge.pairwise_learning import (
    FORMED,
    HAPPENED,
    Learned,
    family,
    nothing_learned,
    phase_shares,
    site,
)
from loop.knowledge.pairwise_network import conditions

_MOST_STEPS = 200
_EXACT = 1e-10


@dataclass(frozen=True, slots=True)
class Step:
    """One reaction on the way."""

    balanced: Balanced
    mev_per_atom: float
    """Driving force of the reaction, negative, at the tables' own figures."""
    sigma_mev_per_atom: float
    probability: float
    """That it takes at least 5 % of the powder's atoms."""
    share: float
    """Mean share of the powder's atoms that it takes; above 1 where atoms react
    again."""
    order: float
    """Mean logarithm of the time, in holds; steps with lower ones come first."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a precursor set is expected to do in the fire."""

    steps: tuple[Step, ...]
    """In order of time, each after those that make its reactants."""
    shares: Mapping[str, tuple[float, float]]
    """Phase to mean and standard deviation of its weight share at the end."""
    target_share: float
    """Mean weight share of the target, 0 to 1."""
    target_sigma: float
    probability: float
    """That the target is at least 2 % of the powder."""
    force_mev_per_atom: float
    """Free energy from the precursors to the target, per atom of either side, gases
    included; negative if driven."""
    left_mev_per_atom: float
    """Of that, what is left once every reaction that does not make the target has taken
    its part: what forms the target where it forms."""
    left_sigma_mev_per_atom: float
    taken_by: str
    """Products of the reaction that took most of the rest; empty if none did."""
    stand_ins: Mapping[str, tuple[str, ...]]
    """Substance without an energy to what it was counted as."""


def pathway(
    precursors: Sequence[str] | Mapping[str, float],
    kelvin: float,
    atmosphere: str = "air",
    learned: Learned | None = None,
    *,
    target: str,
    hours: float = 10.0,
    chemistry: Chemistry | None = None,
) -> Prediction:
    """Predict what a precursor set does at a temperature. Pure; no random numbers.

    Args:
        precursors: Formulas, or formula to moles; amounts follow from the target if
            they are not given.
        kelvin: Temperature, 290 to 2000 K.
        atmosphere: Furnace gas, one of `atmospheres.PRESSURES`.
        learned: From `pairwise_learning.learn` on the same chemistry.
        target: Formula or phase to be made.
        hours: Length of the hold, h.
        chemistry: Tables of species and phases; those that come along if absent.

    Raises:
        MaterialError: If a formula cannot be read, has no energy, or the target cannot
            be made of the precursors.
    """
    known = chemistry or packaged()
    batch = proportions(known, precursors, target)
    firings = (Firing(kelvin - ZERO_CELSIUS, hours, atmosphere),)
    return predict(known, batch, firings, target, learned or nothing_learned())


def predict(
    chemistry: Chemistry,
    batch: Batch,
    firings: tuple[Firing, ...],
    target: str,
    learned: Learned,
) -> Prediction:
    """Predict what a batch does in one or more firings; see `pathway`."""
    goal = chemistry.name(target)
    if not chemistry.has_energy(goal):
        raise MaterialError(
            f"target {goal} has no free energy: add a row to a file and give it with"
            " --energies"
        )
    fired = fire(chemistry, batch, firings)
    shares = _shares(chemistry, fired, batch, firings, learned)
    mean, sigma = shares.get(family(chemistry, goal), (0.0, 0.0))
    made = phase_shares(chemistry, fired, [family(chemistry, goal)])
    total, left, taken_by = _forces(chemistry, batch, firings[-1], goal, fired)
    left = learned.of_draws(left[:, None])[:, 0]
    return Prediction(
        _steps(chemistry, batch, fired, learned),
        {name: s for name, s in shares.items() if s[0] >= FORMED / 2},
        mean,
        sigma,
        float(learned.chances(made, np.array([mean]))[0]),
        total,
        float(left.mean()),
        float(left.std()),
        taken_by,
        fired.stand_ins,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Yields:
    """What is expected of the target in n samples; each of shape n."""

    mean: Floats
    """Weight share, 0 to 1."""
    sigma: Floats
    probability: Floats
    """That the target is at least 2 % of the powder."""


def yields(
    chemistry: Chemistry,
    asked: Sequence[tuple[Batch, tuple[Firing, ...]]],
    target: str,
    learned: Learned,
) -> Yields:
    """Return what is expected of the target in many samples."""
    name = family(chemistry, chemistry.name(target))
    fired = [fire(chemistry, *one) for one in asked]
    each = [phase_shares(chemistry, one, [name]) for one in fired]
    draws = np.concatenate(each, axis=1)
    sites = [site(f, *one, name) for f, one in zip(fired, asked, strict=True)]
    mean, sigma = learned.of_shares(draws, sites)
    return Yields(mean, sigma, learned.chances(draws, mean))


def proportions(
    chemistry: Chemistry, precursors: Sequence[str] | Mapping[str, float], target: str
) -> Batch:
    """Return moles of each precursor per mole of target.

    Where several amounts balance, those that share the cations most evenly.

    Raises:
        MaterialError: If no amounts give the target's cations.
    """
    if isinstance(precursors, Mapping):
        return together(
            (chemistry.name(text), float(n)) for text, n in precursors.items()
        )
    names = list(dict.fromkeys(chemistry.name(text) for text in precursors))
    goal = chemistry.formula(chemistry.name(target))
    elements = sorted(goal.elements - set("CHNO"))
    formulas = [chemistry.formula(name) for name in names]
    supplied = frozenset[str]().union(*(f.elements for f in formulas)) - set("CHNO")
    if supplied != set(elements):
        odd = sorted(supplied ^ set(elements))
        raise MaterialError(
            f"{' + '.join(names)} to {goal}: {', '.join(odd)} stands on one side only;"
            " give precursors that hold the target's cations and no others"
        )
    amounts = np.array([[float(f.amount(e)) for f in formulas] for e in elements])
    cations = amounts.sum(axis=0)
    even = _even(amounts / cations, np.array([float(goal.amount(e)) for e in elements]))
    if even is None:
        raise MaterialError(
            f"{' + '.join(names)} to {goal}: no amounts of all of them give the ratio"
            f" of {', '.join(elements)}; leave one out or add another source"
        )
    return tuple(zip(names, map(float, even / cations), strict=True))


def _even(matrix: Floats, right: Floats) -> Floats | None:
    """Return the most even positive solution of linear equations; None if none is.

    The one of largest entropy, `x = exp(A^T l)`, by Newton's method on its dual.

    Args:
        matrix: A, shape m x n.
        right: Shape m, > 0.
    """
    dual = np.zeros(len(right))
    for _ in range(_MOST_STEPS):
        x = np.exp(np.clip(matrix.T @ dual, -50.0, 50.0))
        gap = matrix @ x - right
        if abs(gap).max() < _EXACT:
            return x if x.min() > 1e-3 else None
        slope = (matrix * x) @ matrix.T
        step = np.linalg.lstsq(slope, -gap, rcond=None)[0]
        dual += step / max(1.0, float(abs(matrix.T @ step).max()))
    return None


def _shares(
    chemistry: Chemistry,
    fired: Fired,
    batch: Batch,
    firings: tuple[Firing, ...],
    learned: Learned,
) -> dict[str, tuple[float, float]]:
    """Return mean and standard deviation of each phase's weight share."""
    names = list(dict.fromkeys(family(chemistry, name) for name in fired.moles))
    sites = [site(fired, batch, firings, name) for name in names]
    mean, sd = learned.of_shares(phase_shares(chemistry, fired, names), sites)
    found = zip(names, mean, sd, strict=True)
    return {name: (float(m), float(s)) for name, m, s in found}


def _steps(
    chemistry: Chemistry, batch: Batch, fired: Fired, learned: Learned
) -> tuple[Step, ...]:
    atoms = sum(n * atoms_of(chemistry.formula(name)) for name, n in batch)
    if not fired.happened:
        return ()
    extents = np.stack([h.extents for h in fired.happened], axis=1) / atoms
    extents = np.maximum(learned.of_draws(extents), 0.0)
    likely = (extents >= HAPPENED).mean(axis=0)
    steps = [
        Step(
            h.candidate.balanced,
            h.candidate.mev_per_atom,
            float(np.sqrt(sum(e**2 for e in h.candidate.errors.values()))),
            float(likely[i]),
            float(extents[:, i].mean()),
            _when(h.when, h.extents),
        )
        for i, h in enumerate(fired.happened)
        if likely[i] >= HAPPENED
    ]
    parts = (fired.stand_ins.get(name, (name,)) for name, _ in batch)
    return tuple(_in_order(steps, {name for each in parts for name in each}))


def _in_order(steps: Sequence[Step], present: set[str]) -> Iterator[Step]:
    """Yield steps by time, none before what it needs has been made.

    Times are means over the draws in which a step happens, so that a step that happens
    only where all went fast may seem to come before the one that it follows.
    """
    waiting = sorted(steps, key=lambda step: step.order)
    while waiting:
        step = next(
            (s for s in waiting if present.issuperset(s.balanced.reactants)), waiting[0]
        )
        waiting.remove(step)
        present |= set(step.balanced.products)
        yield step


def _when(when: Floats, extents: Floats) -> float:
    total = float(extents.sum())
    return float((when * extents).sum() / total) if total else 0.0


def _forces(
    chemistry: Chemistry, batch: Batch, firing: Firing, goal: str, fired: Fired
) -> tuple[float, Floats, str]:
    """Return the force to the target, draws of what is left of it, and who took it."""
    at = conditions(chemistry, firing.celsius, firing.atmosphere)
    states = chemistry.states.get(goal, (goal,))
    made = {at.current(goal): 1.0}
    for name, n in resolved(at, dict(batch)).items():
        made[name] = made.get(name, 0.0) - n
    energy, atoms = at.free_energy(made)
    total = energy / atoms
    taken = np.zeros(N_DRAWS)
    most, taken_by = 0.0, ""
    for event in fired.happened:
        if any(event.candidate.balanced.moles.get(s, 0.0) > 0 for s in states):
            continue
        taken += event.released / atoms
        if (mean := float(event.released.mean())) > most:
            most, taken_by = mean, " + ".join(event.candidate.balanced.products)
    return total, total + taken, taken_by
