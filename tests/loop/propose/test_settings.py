"""Covariance over settings without a law: lines go on, lengths grow with dimension."""

from math import sqrt

import numpy as np
import pytest
import torch

from loop.propose.columns import Columns
from loop.propose.library import Figure, joint_draws, mixture
from loop.propose.settings import LENGTH, LINEAR, SettingsKernel


def points(n, d, seed):
    draw = np.random.Generator(np.random.Philox(key=seed))
    return torch.from_numpy(np.hstack([draw.random((n, d)), np.zeros((n, 6))]))


@pytest.mark.parametrize("d", [1, 4])
def test_lengths_grow_with_the_root_of_the_number_of_settings(d):
    kernel = SettingsKernel(Columns(d, 0, 0, 0))
    lengths = kernel.conditions.lengthscale.detach().numpy()
    assert lengths == pytest.approx(np.full((1, d), LENGTH * sqrt(d)))


def test_a_line_adds_its_variance_at_the_ends_and_nothing_in_the_middle():
    kernel = SettingsKernel(Columns(1, 0, 0, 0)).double()
    X = torch.zeros((3, 7)).double()
    X[:, 0] = torch.tensor([0.0, 0.5, 1.0])
    with torch.no_grad():
        own = kernel.forward(X, X, diag=True)
        whole = kernel.forward(X, X)
    assert own.numpy() == pytest.approx(whole.diagonal().numpy())
    assert (own[0] - own[1]).item() == pytest.approx(LINEAR)
    assert (own[2] - own[1]).item() == pytest.approx(LINEAR)


def test_a_trend_goes_on_beyond_what_was_measured():
    X = points(12, 3, 1)
    X[:, 0] *= 0.5
    beyond = points(40, 3, 2)
    y = 3 * X[:, 0].numpy() + X[:, 1].numpy()
    model = mixture(X, Figure(y), Columns(3, 0, 0, 0), seed=0, kinds=("process",))
    expected = joint_draws([model], beyond, 400, 0)[..., 0].mean(axis=1)
    truth = 3 * beyond[:, 0].numpy() + beyond[:, 1].numpy()
    assert np.corrcoef(expected, truth)[0, 1] > 0.97
    assert expected.max() > y.max() + 0.5


def test_names_keep_their_own_effects():
    columns = Columns(1, 0, 2, 0)
    X = torch.zeros((8, 9)).double()
    X[:, 0] = torch.linspace(0, 1, 8)
    X[::2, 1], X[1::2, 2] = 1.0, 1.0
    y = X[:, 0].numpy() + np.where(X[:, 1].numpy() > 0, 2.0, 0.0)
    model = mixture(X, Figure(y), columns, seed=0, kinds=("process",))
    first, second = joint_draws([model], X[[0, 7]], 400, 0)[..., 0].mean(axis=1)
    assert first == pytest.approx(2.0, abs=0.3)
    assert second == pytest.approx(1.0, abs=0.3)
