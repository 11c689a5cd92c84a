"""What measured products teach about reactions that were not measured.

Predictions are draws from what is believed (`pairwise_beliefs`), so that their means
and covariances over the draws are those of a Gaussian process whose kernel is the
physics: two samples go together as far as they share reactions. Measured shares
condition it, all phases of a powder or its target alone, and everything else that was
drawn moves along: yields of other sets, extents of single reactions, onsets of pairs.

Source:
    Evensen, Data Assimilation (2nd ed., 2009): ensemble smoothers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log, pi

import numpy as np

from campaigns.materials.freeenergy import ZERO_CELSIUS
from loop.knowledge.pairwise import Chemistry
from loop.knowledge.pairwise_balance import Floats
from loop.knowledge.pairwise_beliefs import N_DRAWS, deviate
from loop.knowledge.pairwise_firing import Batch, Fired, Firing, fire, weight_shares

MODEL_ERRORS = (0.5, 1.0, 1.5, 2.0)
"""Errors of the model itself that are considered, as multiples of the spread of a
yes-or-no outcome, `sqrt(m (1 - m))` about a predicted share m. The most likely one
counts; the first before any data."""
LEAST_ERROR = 0.02
"""Error of the model where it is sure, weight share. Estimated."""
COMMON, SOURCES, OWN = 0.3, 0.4, 0.3
"""Shares of that variance that all samples have in common, that go with the powders of
the set, and that are the sample's own. A choice."""
WARMTH_KELVIN = 100.0
"""Over which the model's error changes with temperature: about the width of a
reaction's rise. A choice."""
FORMED = 0.02
"""Weight share from which a phase counts as formed: about what a pattern shows."""
HAPPENED = 0.05
"""Share of the powder's atoms that a reaction must take to count as a step; and
probability of that from which the step is named."""
LISTED = 0.01
"""Predicted share from which a phase missing in a complete list says something."""
MISSED = 0.03
"""Standard deviation of the share of a phase that was not found: what identification
overlooks. Estimated."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What was fired, and what it became."""

    batch: Batch
    firings: tuple[Firing, ...]
    shares: tuple[tuple[str, float], ...]
    """Phase, named by its composition, to weight share of the crystalline part."""
    covariance: tuple[tuple[float, ...], ...]
    """Of the shares."""
    is_complete: bool
    """Whether every crystalline phase is listed, so that others are absent."""


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """Where one share was measured or is asked for."""

    phase: str
    kelvin: float
    atmosphere: str
    sources: frozenset[str]
    """Powders as the model counts them."""


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """Measured shares (n of them) and the inverse that conditions on them."""

    sites: tuple[Site, ...]
    draws: Floats
    """Predicted shares, shape N_DRAWS x n."""
    innovation: Floats
    """Measured less predicted mean, shape n."""
    errors: Floats
    """Standard deviation of the model's own error at each site, shape n."""
    inverse: Floats
    """Inverse covariance of measured shares, shape n x n."""
    noise: Floats
    """Draws of measured less predicted share, shape N_DRAWS x n."""
    model_error: float
    """The chosen one of `MODEL_ERRORS`."""
    n_samples: int

    def of_draws(self, draws: Floats) -> Floats:
        """Return draws conditioned on what was measured.

        Args:
            draws: Anything drawn from the same beliefs, shape N_DRAWS x m.
        """
        if not self.sites:
            return draws
        cross = _covariance(draws, self.draws)
        return np.asarray(draws + self.noise @ self.inverse @ cross.T)

    def of_shares(self, draws: Floats, sites: Sequence[Site]) -> tuple[Floats, Floats]:
        """Return mean and standard deviation of weight shares, each of shape m.

        Args:
            draws: Predicted, shape N_DRAWS x m.
            sites: Where, length m.
        """
        mean = draws.mean(axis=0)
        errors = model_errors(mean, self.model_error)
        variance = draws.var(axis=0) + errors**2
        if self.sites:
            cross = _covariance(draws, self.draws)
            cross += _likeness(sites, self.sites) * np.outer(errors, self.errors)
            mean = mean + cross @ self.inverse @ self.innovation
            variance = variance - ((cross @ self.inverse) * cross).sum(axis=1)
        sd = np.sqrt(np.maximum(variance, LEAST_ERROR**2))
        return np.clip(mean, 0.0, 1.0), sd

    def chances(self, draws: Floats, mean: Floats) -> Floats:
        """Return the probability that each share is one that a pattern shows, shape m.

        The draws keep their shape, which is far from a Gaussian where most hold
        nothing, and move with their mean.

        Args:
            draws: Predicted, shape N_DRAWS x m.
            mean: From `of_shares`, shape m.
        """
        moved = self.of_draws(draws)
        moved = moved + (mean - moved.mean(axis=0))
        return np.asarray((moved >= FORMED).mean(axis=0))


def nothing_learned() -> Learned:
    """Return what is believed before any data."""
    none = np.zeros((N_DRAWS, 0))
    empty = np.zeros(0)
    return Learned((), none, empty, empty, np.zeros((0, 0)), none, MODEL_ERRORS[0], 0)


def learn(chemistry: Chemistry, samples: Iterable[Sample]) -> Learned:
    """Condition what is believed on measured products.

    Args:
        chemistry: What is known of matter.
        samples: Each measurement once, in any order.
    """
    return _learn(chemistry, tuple(samples))


@lru_cache(maxsize=16)
def _learn(chemistry: Chemistry, samples: tuple[Sample, ...]) -> Learned:
    sites: list[Site] = []
    drawn: list[Floats] = []
    measured: list[float] = []
    blocks: list[Floats] = []
    for sample in samples:
        fired = fire(chemistry, sample.batch, sample.firings)
        names, values, block = _told(chemistry, fired, sample)
        sites += [site(fired, sample.batch, sample.firings, n) for n in names]
        drawn.append(phase_shares(chemistry, fired, names))
        measured += values
        blocks.append(block)
    if not sites:
        return nothing_learned()
    draws = np.concatenate(drawn, axis=1)
    return _condition(tuple(sites), draws, np.array(measured), _diagonal(blocks),
                      len(samples))  # fmt: skip


def _condition(
    sites: tuple[Site, ...],
    draws: Floats,
    measured: Floats,
    noise: Floats,
    n_samples: int,
) -> Learned:
    """Choose the model's error by the evidence for it, and invert."""
    mean = draws.mean(axis=0)
    likeness, physics = _likeness(sites, sites), _covariance(draws, draws)
    best = max(
        MODEL_ERRORS,
        key=lambda size: _evidence(
            measured - mean,
            physics + noise + likeness * np.outer(*[model_errors(mean, size)] * 2),
        ),
    )
    errors = model_errors(mean, best)
    doubt = noise + likeness * np.outer(errors, errors)
    root = np.linalg.cholesky(doubt + 1e-9 * np.eye(len(mean)))
    own = np.stack([deviate(f"error {i}") for i in range(len(mean))], axis=1)
    return Learned(
        sites,
        draws,
        measured - mean,
        errors,
        np.asarray(np.linalg.inv(physics + doubt), dtype=np.float64),
        measured + own @ root.T - draws,
        best,
        n_samples,
    )


def _told(
    chemistry: Chemistry, fired: Fired, sample: Sample
) -> tuple[list[str], list[float], Floats]:
    """Return the phases of which a sample says something, their shares and covariance.

    Phases that the model cannot form teach nothing about it; the rest stay as they are.
    """
    possible = {family(chemistry, name) for name in fired.moles}
    listed = [family(chemistry, name) for name, _ in sample.shares]
    names = [name for name in dict.fromkeys(listed) if name in possible]
    # Polymorphs and states of one composition count together.
    members = np.array([[float(n == name) for n in listed] for name in names])
    members = members.reshape(len(names), len(listed))
    shares = members @ np.array([share for _, share in sample.shares])
    covariance = np.array(sample.covariance).reshape(len(listed), len(listed))
    block = members @ covariance @ members.T + LEAST_ERROR**2 * np.eye(len(names))
    values = list(map(float, shares))
    if sample.is_complete:
        others = sorted(possible - set(names))
        means = phase_shares(chemistry, fired, others).mean(axis=0)
        absent = [n for n, m in zip(others, means, strict=True) if m >= LISTED]
        names += absent
        values += [0.0] * len(absent)
        block = _diagonal([block, MISSED**2 * np.eye(len(absent))])
    return names, values, block


def family(chemistry: Chemistry, name: str) -> str:
    """Return the name under which the states of a phase are counted together."""
    return chemistry.states.get(name, (name,))[0]


def phase_shares(chemistry: Chemistry, fired: Fired, names: Sequence[str]) -> Floats:
    """Return draws of weight shares, all states of a phase together, N_DRAWS x n."""
    members = [chemistry.states.get(name, (name,)) for name in names]
    flat = [member for each in members for member in each]
    shares = weight_shares(chemistry, fired, flat)
    owner = np.repeat(np.arange(len(names)), [len(each) for each in members])
    total = np.zeros((N_DRAWS, len(names)))
    for j, i in enumerate(owner):
        total[:, i] += shares[:, j]
    return total


def site(
    fired: Fired,
    batch: Batch,
    firings: Sequence[Firing],
    phase: str,
) -> Site:
    """Return where a share of a phase stands among others."""
    hottest = max(firings, key=lambda firing: firing.celsius)
    sources = frozenset(
        part for name, _ in batch for part in fired.stand_ins.get(name, (name,))
    )
    return Site(phase, hottest.celsius + ZERO_CELSIUS, hottest.atmosphere, sources)


def model_errors(mean: Floats, size: float) -> Floats:
    """Return the model's own standard deviation about predicted shares."""
    inside = np.clip(mean, 0.0, 1.0)
    return np.asarray(size * np.sqrt(inside * (1.0 - inside)) + LEAST_ERROR)


def _likeness(rows: Sequence[Site], columns: Sequence[Site]) -> Floats:
    """Return how alike the model's errors are at two sites each, 0 to 1."""
    powders = sorted({name for site in (*rows, *columns) for name in site.sources})
    left, right = (
        np.array([[float(n in site.sources) for n in powders] for site in sites])
        .reshape(len(sites), len(powders))
        for sites in (rows, columns)
    )  # fmt: skip
    n_left, n_right = left.sum(axis=1)[:, None], right.sum(axis=1)[None, :]
    shared = left @ right.T
    alike = COMMON + SOURCES * shared / np.sqrt(np.maximum(n_left * n_right, 1.0))
    alike += OWN * ((shared == n_left) & (shared == n_right))
    kelvin = [np.array([site.kelvin for site in sites]) for sites in (rows, columns)]
    apart = np.subtract.outer(*kelvin) / WARMTH_KELVIN
    kinds = [
        np.array([f"{site.phase} in {site.atmosphere}" for site in sites], dtype=str)
        for sites in (rows, columns)
    ]
    is_comparable = kinds[0][:, None] == kinds[1][None, :]
    return np.asarray(is_comparable * alike * np.exp(-0.5 * apart**2))


def _covariance(left: Floats, right: Floats) -> Floats:
    """Return the covariance over the draws, shape m x n."""
    return np.asarray(
        (left - left.mean(axis=0)).T @ (right - right.mean(axis=0)) / N_DRAWS
    )


def _evidence(innovation: Floats, covariance: Floats) -> float:
    """Return the logarithm of the density of a Gaussian."""
    _, size = np.linalg.slogdet(covariance)
    misfit = innovation @ np.linalg.solve(covariance, innovation)
    return float(-0.5 * (misfit + size + len(innovation) * log(2 * pi)))


def _diagonal(blocks: Sequence[Floats]) -> Floats:
    """Return a matrix with these blocks on its diagonal."""
    n = sum(len(block) for block in blocks)
    whole, at = np.zeros((n, n)), 0
    for block in blocks:
        whole[at : at + len(block), at : at + len(block)] = block
        at += len(block)
    return whole
