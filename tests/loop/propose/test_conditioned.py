"""The short way to a posterior gives what BoTorch gives."""

import pytest
import torch

from loop.propose.columns import N_PHYSICS, Columns
from loop.propose.surrogate import SetGP


def model() -> SetGP:
    torch.manual_seed(0)
    columns = Columns(3, 1, 2, 1)
    X = torch.rand(30, columns.n, dtype=torch.float64)
    Y = X[:, :1] + torch.sin(5 * X[:, 1:2])
    found = SetGP(X, Y, torch.full_like(Y, 0.02), columns=columns, rate=None, scale=1.0)
    found.eval()
    return found


def batches(kind: str) -> torch.Tensor:
    X = torch.rand(40, 7 + N_PHYSICS, dtype=torch.float64)
    if kind == "alone":
        return X.unsqueeze(-2)
    common = torch.rand(1, 4, 7 + N_PHYSICS, dtype=torch.float64).expand(40, -1, -1)
    if kind == "between":
        return torch.cat([common[:, :3], X.unsqueeze(-2), common[:, 3:]], dim=-2)
    if kind == "one batch":
        return X[:5].unsqueeze(0)
    return torch.cat([common, X.reshape(20, 2, -1).repeat(2, 1, 1)], dim=-2)


@pytest.mark.parametrize("kind", ["alone", "between", "one batch", "two vary"])
def test_means_and_covariances_are_those_of_botorch(kind):
    one, X = model(), batches(kind)
    usual = one.posterior(X)  # with a gradient, the usual way
    with torch.no_grad():
        short = one.posterior(X)
    torch.testing.assert_close(short.mean, usual.mean.detach(), atol=1e-6, rtol=1e-5)
    found, wanted = (p.distribution.covariance_matrix for p in (short, usual))
    torch.testing.assert_close(found, wanted.detach(), atol=1e-5, rtol=1e-4)


def test_constants_learned_anew_are_seen():
    one, X = model(), batches("alone")
    with torch.no_grad():
        before = one.posterior(X).mean
        one.train()
        one.covar_module.raw_weights += 1.0
        after = one.posterior(X).mean
    assert not torch.allclose(before, after)
