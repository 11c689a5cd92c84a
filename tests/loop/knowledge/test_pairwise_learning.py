"""What is learned from measured products, in a world that the model does not know."""

import numpy as np
import pytest

from loop.knowledge.pairwise import packaged
from loop.knowledge.pairwise_firing import Firing, fire
from loop.knowledge.pairwise_learning import (
    Sample,
    family,
    learn,
    nothing_learned,
    phase_shares,
    site,
)
from loop.knowledge.pairwise_onsets import onsets
from loop.knowledge.pairwise_pathway import proportions, yields
from simulators.chemistry import Truth, fresh, mix
from simulators.chemistry import fire as burn

TARGET = "YBa2Cu3O7"
SETS = (
    ("BaCO3", "CuO", "Y2O3"),
    ("BaO2", "CuO", "Y2O3"),
    ("BaCO3", "CuO", "Y2Cu2O5"),
    ("BaCuO2", "CuO", "Y2O3"),
)
HOT = (750.0, 850.0, 900.0, 950.0)
HOURS = 8.0
SIGMA = 0.03


def simulated(batch, celsius):
    """Return weight shares of what the simulated furnace makes of a batch."""
    grams = {n: m * packaged().formula(n).molar_mass for n, m in batch}
    heating, hold = celsius / 10 * 60, HOURS * 3600
    times = np.cumsum([0.0, heating, hold, heating])
    program = [25.0, celsius, celsius, 25.0]
    rng = np.random.default_rng(1)
    powder = mix(fresh(grams), 1000, 600)
    return burn(powder, times, program, "air", "Pt", Truth.of_seed(3), rng).weights()


@pytest.fixture(scope="module")
def world():
    """Return (batch, firings, weight shares) of each set at each temperature."""
    batches = [proportions(packaged(), names, TARGET) for names in SETS]
    return [
        (batch, (Firing(celsius, HOURS),), simulated(batch, celsius))
        for batch in batches
        for celsius in HOT
    ]


def told(run, *, target_only=False):
    batch, firings, weights = run
    if target_only:
        share = sum(w for n, w in weights.items() if n.startswith("YBa2Cu3O"))
        return Sample(batch, firings, ((TARGET, share),), ((SIGMA**2,),), False)
    covariance = SIGMA**2 * np.eye(len(weights))
    return Sample(
        batch,
        firings,
        tuple((packaged().name(n), w) for n, w in weights.items()),
        tuple(map(tuple, covariance)),
        True,
    )


def misses(known, runs):
    """Return predicted less true shares over predicted sigma, and the plain errors."""
    chemistry = packaged()
    errors, scores = [], []
    for batch, firings, weights in runs:
        fired = fire(chemistry, batch, firings)
        names = list(dict.fromkeys(family(chemistry, n) for n in fired.moles))
        sites = [site(fired, batch, firings, name) for name in names]
        mean, sigma = known.of_shares(phase_shares(chemistry, fired, names), sites)
        true = dict.fromkeys(names, 0.0)
        for name, weight in weights.items():
            if (known_as := family(chemistry, chemistry.name(name))) in true:
                true[known_as] += weight
        off = mean - np.array([true[name] for name in names])
        errors += list(abs(off))
        scores += list(off / sigma)
    return np.array(errors), np.array(scores)


@pytest.mark.parametrize("left_out", range(len(SETS)))
def test_a_set_is_predicted_better_after_learning_from_others(world, left_out):
    own = slice(left_out * len(HOT), (left_out + 1) * len(HOT))
    others = world[: own.start] + world[own.stop :]
    before, _ = misses(nothing_learned(), world[own])
    after, scores = misses(learn(packaged(), map(told, others)), world[own])
    assert after.mean() < 0.7 * before.mean()
    assert (abs(scores) < 2).mean() > 0.8


def test_the_targets_share_alone_teaches_too(world):
    """Each set in turn is left out; of the others only the target's share is told."""
    errors = np.zeros(2)
    for first in range(0, len(world), len(HOT)):
        own, others = world[first : first + len(HOT)], world[:first]
        others = others + world[first + len(HOT) :]
        known = learn(packaged(), [told(run, target_only=True) for run in others])
        asked = [(batch, firings) for batch, firings, _ in own]
        true = [told(run, target_only=True).shares[0][1] for run in own]
        errors += [
            abs(yields(packaged(), asked, TARGET, each).mean - true).mean()
            for each in (nothing_learned(), known)
        ]
    assert errors[1] < 0.85 * errors[0]


def test_a_measured_sample_is_predicted_as_measured(world):
    for run in world[::5]:
        errors, _ = misses(learn(packaged(), [told(run)]), [run])
        assert errors.max() < 0.15


def test_the_order_of_samples_does_not_matter(world):
    asked = [(batch, firings) for batch, firings, _ in world]
    first, second = (
        yields(packaged(), asked, TARGET, learn(packaged(), map(told, runs))).mean
        for runs in (world[:6], world[5::-1])
    )
    assert first == pytest.approx(second, abs=1e-6)


def test_onsets_move_and_become_surer(world):
    samples = [told(run) for run in world]
    known = learn(packaged(), samples)
    rows = {row.balanced.reactants: row for row in onsets(packaged(), known, samples)}
    slow = rows["BaCO3", "CuO"]
    assert slow.celsius[0] > slow.prior_celsius[0]  # unreacted at 850 °C
    assert all(row.celsius[1] < row.prior_celsius[1] for row in rows.values())
    assert all(0 < row.n_samples <= len(samples) for row in rows.values())


def test_nothing_learned_leaves_everything_as_believed(world):
    draws = np.arange(6.0).reshape(3, 2)
    assert nothing_learned().of_draws(draws) is draws
    assert learn(packaged(), []).n_samples == 0
