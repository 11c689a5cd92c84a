"""Values of candidates in chunks, and whole loads."""

from math import inf

import pytest
import torch
from botorch.models import ModelListGP, SingleTaskGP

from loop.propose.acquisition import CHUNK, choose_load, in_chunks, over_pool
from loop.propose.goal import Goal
from tests.loop.propose.oven import plain


def goal_of(n, *, limit=inf, ideal=1.0):
    full = torch.full((n,), 1.0, dtype=torch.float64)
    return Goal(n, plain(n), full * 0, full * limit, full * ideal)


def test_chunks_bound_what_is_valued_at_once():
    sizes = []

    def value(X):
        sizes.append(len(X))
        return X.sum(dim=-1)

    X = torch.rand(100_003, 2, dtype=torch.float64)
    assert torch.equal(in_chunks(value, X), X.sum(dim=-1))
    assert max(sizes) <= CHUNK


def test_barred_candidates_have_no_value():
    wanted = torch.tensor([[True, False], [False, False], [True, True]])
    found = over_pool(
        lambda X: X[:, 0], lambda i: torch.full((2, 1), i).double(), wanted
    )
    assert found.tolist() == [[0.0, -inf], [-inf, -inf], [2.0, 2.0]]


@pytest.mark.parametrize("n_objectives", [1, 2])
def test_a_huge_pool_gives_the_load_that_is_plainly_best(n_objectives):
    torch.manual_seed(0)
    X = torch.rand(12, 2, dtype=torch.float64)
    peak = 1 - (X[:, :1] - 0.5) ** 2 * 4
    noise = torch.full_like(peak, 1e-4)
    model = ModelListGP(*[SingleTaskGP(X, peak, noise) for _ in range(n_objectives)])
    for one in model.models:
        one.covar_module.lengthscale = 0.4
    model.eval()
    n, m = 1000, 100
    samples = torch.linspace(0, 1, m, dtype=torch.float64)

    def rows(i):
        profile = torch.full((m,), i / n, dtype=torch.float64)
        return torch.stack([profile, samples], dim=-1)

    goal = goal_of(n_objectives)
    with torch.no_grad():
        found = choose_load(
            goal,
            model,
            rows,
            allowed=torch.ones(n, m, dtype=torch.bool),
            log_chance=lambda X: torch.zeros(len(X), dtype=torch.float64),
            X_baseline=X,
            X_pending=None,
            size=4,
        )
    assert len(set(found.samples)) == 4
    assert 0.2 < found.profile / n < 0.8
    assert len(found.alternatives) == 5
