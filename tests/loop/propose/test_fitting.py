"""Constants against BoTorch's own fit: the same density, at least as high a top."""

from dataclasses import replace
from math import log

import numpy as np
import pytest
import torch
from botorch.optim.fit import fit_gpytorch_mll_scipy
from gpytorch.mlls import ExactMarginalLogLikelihood

from loop.propose.columns import N_PHYSICS, SPOT, Columns
from loop.propose.fitting import LogPosterior, fit_constants
from loop.propose.means import Calculated, RatePrior
from loop.propose.recalls import even
from loop.propose.settings import SettingsKernel
from loop.propose.spots import Spots
from loop.propose.surrogate import SetGP

COLUMNS = Columns(2, 1, 3, 2, 2)
RATE = RatePrior(1100.0, 60.0, 1320.0, 75.0)
OWN = RatePrior(
    1100.0, 60.0, 1320.0, 75.0, is_gate=True, is_each_own=True, noise_spread=0.5
)
KINDS = (
    "constant",
    "rate",
    "each its own",
    "calculated",
    "recalled",
    "settings",
    "spots",
)
ENOUGH = 0.01
"""Log density by which a fit may fall short."""


def model(kind: str) -> SetGP:
    draw = np.random.Generator(np.random.Philox(key=KINDS.index(kind)))
    n = 24
    kelvin = draw.uniform(900.0, 1300.0, n)
    identity = draw.random((n, 3)).round()
    physics = np.column_stack(
        [kelvin, np.full(n, log(8.0)), draw.random((n, 2)), np.zeros((n, 4))]
    )
    if kind == "spots":
        physics[:, SPOT] = np.arange(n) % 3
    own = np.hstack([draw.random((n, 1)), identity, identity @ draw.random((3, 2))])
    at = np.column_stack([(kelvin - 900.0) / 400.0, draw.random(n)])
    X = torch.from_numpy(np.hstack([at, own, draw.normal(0, 0.3, (n, 2)), physics]))
    noise = 0.1 * torch.from_numpy(draw.normal(size=n))
    y = torch.sin(5 * X[:, 0]) + X[:, 3] * X[:, 0] + noise
    known = Calculated(-N_PHYSICS, 1100.0, 0.01, 0.1) if kind == "calculated" else None
    if known:
        y = 0.01 * (X[:, -N_PHYSICS] - 1100.0) + 0.3 + 0.1 * noise
    rates = {
        "rate": RATE, "recalled": RATE, "each its own": OWN,
        "spots": replace(RATE, spots=Spots(("box-a/1", "box-a/2"))),
    }  # fmt: skip
    found = SetGP(
        X, y.unsqueeze(-1), torch.full((n, 1), 1e-3).double(),
        columns=COLUMNS, rate=rates.get(kind), scale=0.3, known=known,
        recalls=even(COLUMNS.forecasts) if kind == "recalled" else None,
    )  # fmt: skip
    if kind == "settings":
        found.covar_module = SettingsKernel(COLUMNS).double()
    return found


def density(one: SetGP) -> torch.Tensor:
    one.train()
    mll = ExactMarginalLogLikelihood(one.likelihood, one)
    found = mll(one(*one.train_inputs), one.train_targets)
    return found * len(one.train_targets)


@pytest.mark.parametrize("kind", KINDS)
def test_density_and_slopes_are_those_of_botorch(kind):
    one = model(kind)
    with torch.no_grad():
        for value in one.parameters():
            value.add_(0.1)
    named = [v for v in one.parameters() if v.requires_grad]
    theirs = density(one)
    wanted = torch.autograd.grad(theirs, named)
    ours, sloped = LogPosterior(one)()
    assert ours == pytest.approx(theirs.item(), abs=1e-6)
    for got, slope in zip(torch.autograd.grad(sloped, named), wanted, strict=True):
        torch.testing.assert_close(got, slope, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fit_is_no_worse_than_that_of_botorch(kind):
    ours, theirs = model(kind), model(kind)
    before = LogPosterior(ours)()[0]
    fit_constants(ours)
    fit_gpytorch_mll_scipy(ExactMarginalLogLikelihood(theirs.likelihood, theirs))
    reached = LogPosterior(ours)()[0]
    assert reached > before + 1.0
    assert reached >= LogPosterior(theirs)()[0] - ENOUGH


def test_a_covariance_without_a_factor_has_no_density():
    one = model("constant")
    one.likelihood.noise_covar.noise -= 10.0
    assert LogPosterior(one)()[0] == -torch.inf
