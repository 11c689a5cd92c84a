"""What a candidate is worth with one objective and with several."""

from math import inf

import pytest
import torch
from botorch.acquisition.multi_objective import logei
from botorch.models import ModelListGP, SingleTaskGP
from botorch.settings import validate_input_scaling

from loop.propose.acquisition import best_first
from loop.propose.goal import Capped, Goal
from tests.loop.propose.oven import plain


def model(*outcomes):
    """Return near-certain models of outcomes over one setting, 0 to 1."""
    X = torch.linspace(0, 1, 9, dtype=torch.float64).unsqueeze(-1)
    noise = torch.full_like(X, 1e-4)
    with validate_input_scaling(False):
        found = ModelListGP(*[SingleTaskGP(X, f(X), noise) for f in outcomes])
    for one in found.models:
        one.covar_module.lengthscale = 0.4
    found.eval()
    return found


def goal(n, *, limit=inf):
    one = torch.ones(n, dtype=torch.float64)
    return Goal(n, plain(n), 0 * one, limit * one, one)


def column(*values):
    return torch.tensor(values, dtype=torch.float64).unsqueeze(-1)


def test_nothing_is_gained_beyond_the_limit():
    rising = model(lambda X: 1.2 * X)
    with torch.no_grad():
        free = goal(1).worth(rising, column(0.85), None)(column(1.0))
        capped = goal(1, limit=1.0).worth(rising, column(0.85), None)(column(1.0))
    assert float(free) > float(capped) + 3


def test_far_from_its_bound_the_first_objective_decides():
    # The second objective falls as fast as the first rises, from near its best.
    both = model(lambda X: X, lambda X: 1 - 0.3 * X)
    with torch.no_grad():
        worth = goal(2, limit=1.0).worth(both, column(0.3), None)
        better, shorter = worth(column(0.9, 0.05)).tolist()
    assert better > shorter


def test_near_its_bound_the_others_decide():
    both = model(lambda X: 0 * X + 0.99, lambda X: X)
    with torch.no_grad():
        worth = goal(2, limit=1.0).worth(both, column(0.3), None)
        better, worse = worth(column(0.9, 0.1)).tolist()
    assert better > worse


def test_outputs_beyond_the_objectives_are_left_out():
    draws = torch.tensor([[0.5, 2.0, 9.0]], dtype=torch.float64)
    limit = torch.tensor([1.0, 1.0], dtype=torch.float64)
    assert Capped(plain(2), limit)(draws).tolist() == [[0.5, 1.0]]


def test_the_best_expected_sample_comes_first():
    assert best_first(torch.tensor([0.2, 0.9, 0.2])) == [1, 0, 2]


@pytest.mark.parametrize("n", [1, 2])
def test_incumbents_are_results_that_may_be_best(n):
    found = model(*[lambda X: X] * n)
    X = column(0.0, 0.5, 1.0)
    with torch.no_grad():
        assert goal(n).incumbents(found, X).tolist() == [[1.0]]


def test_where_no_result_is_of_use_all_are_incumbents():
    found = model(lambda X: X - 5.0, lambda X: X - 5.0)
    X = column(0.0, 0.5, 1.0)
    with torch.no_grad():
        assert goal(2).incumbents(found, X).tolist() == X.tolist()


def test_no_kernel_is_compiled_at_run_time():
    # Marked as tried without being there: BoTorch then takes its Python path.
    assert logei._load_attempted
    assert logei._C is None
