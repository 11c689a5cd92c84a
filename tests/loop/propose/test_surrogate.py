"""What yields of precursor sets are taken to have in common."""

from dataclasses import replace
from math import log

import numpy as np
import pytest
import torch

from loop.propose.columns import Columns
from loop.propose.exact import Fitted
from loop.propose.loadkernel import LEAST_REACH, OWN_WEIGHT
from loop.propose.means import RatePrior
from loop.propose.surrogate import SetGP

COLUMNS = Columns(1, 0, 3, 1)
RATE = RatePrior(
    1050.0, 60.0, 1320.0, 75.0, is_gate=True, is_each_own=True, noise_spread=0.5
)
COLD, HOT = 600.0, 1250.0


def row(kelvin, sources, descriptor=0.0):
    one_hot = [float(i in sources) for i in range(3)]
    at = (kelvin - COLD) / (HOT - COLD)
    physics = [kelvin, log(10.0), 0.0, 1.0, 0.0, 0.0, 10.0, 0.0]
    return [at, *one_hot, descriptor, *physics]


def model(rows, rate=RATE, y=None):
    X = torch.tensor(rows, dtype=torch.float64)
    y = torch.zeros(len(X)).double() if y is None else torch.tensor(y).double()
    known = torch.full((len(X), 1), 1e-5).double()
    made = SetGP(X, y.unsqueeze(-1), known, columns=COLUMNS, rate=rate, scale=0.3)
    return made, X, y


def covariance(made, X):
    with torch.no_grad():
        return made.covar_module.forward(X, X)


def test_each_set_has_something_of_its_own_that_its_twin_shares():
    rows = [row(HOT, {0, 1}), row(HOT, {0, 1}), row(HOT, {0, 1}, 1.0), row(HOT, {2})]
    made, X, _ = model(rows)
    without, _, _ = model(rows, replace(RATE, is_each_own=False))
    with torch.no_grad():
        gate = made.covar_module.law[0].reach(X)
    more = covariance(made, X) - covariance(without, X)
    far = LEAST_REACH + (1 - LEAST_REACH) * gate
    own = float(OWN_WEIGHT * far[0] * far[0])
    assert more[0].tolist() == pytest.approx([own, own, 0.0, 0.0], abs=1e-9)


def test_sets_do_not_differ_where_nothing_reacts():
    made, X, _ = model([row(COLD, {0}), row(COLD, {1}), row(HOT, {0}), row(HOT, {1})])
    K = covariance(made, X)
    apart = [float(K[i, i] + K[i + 1, i + 1] - 2 * K[i, i + 1]) for i in (0, 2)]
    assert apart[0] < 0.02 * apart[1]
    free, X, _ = model(X.tolist(), replace(RATE, is_gate=False))
    K = covariance(free, X)
    assert float(K[0, 0]) == pytest.approx(float(K[2, 2]))


def test_the_diagonal_is_that_of_the_matrix():
    made, X, _ = model([row(COLD, {0, 1}), row(HOT, {1}), row(1000.0, {0, 2}, 0.5)])
    with torch.no_grad():
        diagonal = made.covar_module.forward(X, X, diag=True)
    assert torch.allclose(diagonal, covariance(made, X).diagonal())


def test_what_sets_leave_unexplained_is_no_noise():
    draw = np.random.Generator(np.random.Philox(key=3))
    picks = [set(draw.permutation(3)[:2].tolist()) for _ in range(16)]
    rows = [row(HOT, one, float(i)) for i, one in enumerate(picks)]
    y = np.where(draw.random(16) < 0.5, 3.3, 1.0)
    made, X, _ = model([*rows, rows[0]], y=[*y, y[0]])
    fitted = Fitted(made)
    assert fitted.noise < 0.05
    mean, sd = fitted.marginals(X[:1])
    assert float(mean) == pytest.approx(y[0], abs=0.3)
    assert float(sd) < 0.3


def test_constants_name_the_part_of_each_set_only_where_there_is_one():
    made, *_ = model([row(HOT, {0}), row(HOT, {1})])
    assert "covar.each set" in made.hyperparameters_by_name()
    made, *_ = model([row(HOT, {0}), row(HOT, {1})], rate=None)
    assert "covar.each set" not in made.hyperparameters_by_name()
