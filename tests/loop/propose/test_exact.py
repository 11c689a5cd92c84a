"""Exact regression against BoTorch's own posterior, and against leaving one out."""

import numpy as np
import pytest
import torch

from loop.propose.columns import Columns
from loop.propose.exact import Fitted
from loop.propose.surrogate import SetGP

COLUMNS = Columns(2, 0, 0, 0)


def points(n, seed):
    draw = np.random.Generator(np.random.Philox(key=seed))
    settings = draw.random((n, 2))
    return torch.from_numpy(np.hstack([settings, np.zeros((n, 6))]))


def made(X, y):
    known = torch.full((len(y), 1), 1e-3).double()
    return SetGP(X, y.unsqueeze(-1), known, columns=COLUMNS, rate=None, scale=1.0)


@pytest.fixture(scope="module")
def fitted():
    X = points(14, 1)
    y = torch.sin(4 * X[:, 0]) + X[:, 1]
    y = (y - y.mean()) / y.std()
    return Fitted(made(X, y))


def test_it_agrees_with_botorch(fitted):
    X = points(5, 2)
    mean, sd = fitted.marginals(X)
    fitted.model.eval()
    with torch.no_grad():
        posterior = fitted.model.posterior(X)
    assert mean.numpy() == pytest.approx(posterior.mean.squeeze(-1).numpy(), abs=1e-3)
    alone = (sd.square() - fitted.noise).clamp_min(0.0)
    theirs = posterior.variance.squeeze(-1)
    assert alone.numpy() == pytest.approx(theirs.numpy(), abs=1e-3)


def test_draws_have_the_mean_and_deviation_of_the_posterior(fitted):
    X = points(5, 3)
    normal = np.random.Generator(np.random.Philox(key=4)).standard_normal((5, 4000))
    drawn = fitted.draws(X, torch.from_numpy(normal))
    mean, sd = fitted.marginals(X)
    assert drawn.mean(dim=1).numpy() == pytest.approx(mean.numpy(), abs=0.05)
    assert drawn.std(dim=1).numpy() == pytest.approx(sd.numpy(), rel=0.1)


def test_leaving_out_is_what_it_says(fitted):
    (X,), y = fitted.model.train_inputs, fitted.model.train_targets
    keep = torch.arange(len(y)) != 3
    with torch.no_grad():
        K = fitted.model.covar_module.forward(X, X)
        K = K + (fitted.noise + 1e-3) * torch.eye(len(K))
        m = fitted.model.mean_module(X).detach()
    told = K[3, keep] @ torch.linalg.inv(K[keep][:, keep])
    mean = m[3] + told @ (y - m)[keep]
    variance = K[3, 3] - told @ K[3, keep]
    got_mean, got_sd = fitted.left_out()
    assert got_mean[3] == pytest.approx(float(mean), abs=1e-6)
    assert got_sd[3] ** 2 == pytest.approx(float(variance), rel=1e-4)
