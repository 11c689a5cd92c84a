"""What is worth measuring next in a list of candidates."""

import numpy as np
import pytest
import torch

from loop.propose.columns import N_PHYSICS, Columns
from loop.propose.forest import grow
from loop.propose.library import Figure, joint_draws, mixture, togetherness
from loop.propose.members import (
    growth,
    members,
    n_members,
    reciprocal_ranks,
    together,
)
from loop.propose.scales import Scale, linear
from loop.propose.search import MOST_JOINT, Pool, next_candidates
from loop.propose.stacking import log_scores, weights


def rng(seed):
    return np.random.Generator(np.random.Philox(key=seed))


def pool(n, seed=0):
    X = np.hstack([rng(seed).random((n, 2)), np.zeros((n, N_PHYSICS))])
    return Pool(torch.from_numpy(X), Columns(2, 0, 0, 0))


def hill(made):
    X = made.X.numpy()
    return -np.square(X[:, :2] - 0.6).sum(axis=1)


def test_scales_lead_back_to_results():
    y = np.array([3.0, -1.0, 3.0, 40.0])
    for scale in (linear(y), Scale(0.0, 30.0), linear(np.ones(3))):
        assert scale.to_lab(scale.to_model(y)) == pytest.approx(y)


def test_probabilities_of_intervals_do_not_depend_on_the_unit():
    y, mean, sd = np.array([1.0, 2.0, 4.0]), np.array([1.5, 2.0, 3.0]), np.ones(3)
    once = log_scores(y, mean, sd)
    assert log_scores(10 * y + 3, 10 * mean + 3, 10 * sd) == pytest.approx(once)
    # The middle one: from 1.5 to 3, foretold at 2 with deviation 1.
    assert once[1] == pytest.approx(np.log(0.5328), abs=1e-3)


def test_the_model_that_foretold_better_weighs_more_but_never_all():
    good, poor = np.log(np.full(20, 0.5)), np.log(np.full(20, 0.1))
    found = weights(np.array([good, poor]))
    assert found.sum() == pytest.approx(1.0)
    assert 0.9 < found[0] < 1.0
    assert weights(np.array([good[:1], poor[:1]]))[1] > 0.3
    assert weights(np.array([good, good])) == pytest.approx([0.5, 0.5])


def test_trees_say_how_far_off_they_are():
    X = rng(1).random((60, 2))
    noise = rng(2).standard_normal(60)
    trees = grow(X, np.where(X[:, 0] > 0.5, 2.0, 0.0) + 0.3 * noise, seed=5)
    off = np.square(trees.mean - np.where(X[:, 0] > 0.5, 2.0, 0.0) - 0.3 * noise)
    assert np.square(trees.sd).mean() == pytest.approx(off.mean(), rel=0.01)
    assert trees.draws(X).shape == (60, 64)


def test_members_that_tie_share_the_places_left():
    drawn = np.array([[0.0], [5.0], [5.0], [9.0]])
    got = members(drawn, [0], np.array([7.0]), 2)
    assert got[:, 0].tolist() == [1.0, 0.0, 0.0, 1.0]
    got = members(drawn, [0], np.array([1.0]), 2)
    assert got[:, 0].tolist() == [0.0, 0.5, 0.5, 1.0]
    assert n_members(94) == 5
    assert n_members(100_000) == 50


def test_ranks_are_shared_by_equals_and_end_with_the_sought():
    drawn = np.array([[0.0], [5.0], [5.0], [9.0], [1.0]])
    got = reciprocal_ranks(drawn, [0], np.array([9.0]), 3)
    assert got[:, 0].tolist() == [1.0, pytest.approx(1 / 3), pytest.approx(1 / 3), 1, 0]


def test_a_chance_of_a_whole_is_worth_more_than_a_sure_good_yield():
    measured, sure, chance = [0, 1], 2, 3
    drawn = np.zeros((6, 100))
    drawn[sure], drawn[chance, :45] = 80.0, 100.0
    known = np.array([100.0, 100.0])
    ranks = reciprocal_ranks(drawn, measured, known, 3).mean(axis=1)
    assert ranks[chance] > ranks[sure]
    share = members(drawn, measured, known, 3).mean(axis=1)
    assert share[chance] < share[sure]


def test_a_batch_asks_different_questions():
    # Two that go together in every draw, one that is found where they are not.
    worth = np.zeros((4, 10))
    worth[[0, 1], :6], worth[2, 6:] = 1.0, 1.0
    expected = np.array([1.0, 2.0, 0.0, 3.0])
    assert together(worth, expected, 1) == [1]
    assert together(worth, expected, 4) == [1, 2, 0, 3]


def test_growth_is_what_a_hand_computes():
    front, reference = np.array([[1.0, 3.0], [2.0, 1.0]]), np.zeros(2)
    drawn = np.array([[[2.0, 2.0], [0.5, 0.5]]])
    assert growth(drawn, front, reference)[0] == pytest.approx((1.0 + 0.0) / 2)


@pytest.mark.parametrize("n_figures", [1, 2])
def test_proposals_repeat_and_fill_a_batch_with_what_was_not_seen(n_figures):
    made = pool(40)
    y = hill(made)
    seen = [3, 9, 17, 30]
    figures = [Figure(y[seen]), Figure(made.X[seen, 0].numpy())][:n_figures]
    first = next_candidates(made, figures, seen, size=4, seed=7)
    assert first == next_candidates(made, figures, seen, size=4, seed=7)
    assert len({*first, *seen}) == 8
    assert next_candidates(made, figures, seen, size=1, seed=7) == first[:1]


def test_of_a_large_pool_the_most_hopeful_are_looked_at():
    made = pool(4 * MOST_JOINT)
    y = hill(made)
    seen = list(range(25))
    (found,) = next_candidates(made, [Figure(y[seen])], seen, size=1, seed=1)
    assert y[found] > np.quantile(y, 0.9)
    assert found not in seen


def test_a_yield_is_no_more_than_a_whole():
    made = pool(12)
    figure = Figure(np.array([0.2, 0.9, 1.0, 0.8]), whole=1.0)
    mixed = mixture(made.X[:4], figure, made.columns, seed=0)
    assert joint_draws([mixed], made.X, 64, 0).max() == 1.0


def test_what_was_missed_together_is_drawn_together():
    off = rng(3).standard_normal(20)
    found = togetherness([off, off, -2 * off])
    assert np.diag(found) == pytest.approx(np.ones(3))
    assert found[0, 1] == pytest.approx(20 / 28)
    assert found[0, 2] == pytest.approx(-20 / 28)
    assert np.linalg.eigvalsh(found).min() > 0
    assert togetherness([off, np.zeros(20)])[0, 1] == 0.0


@pytest.mark.parametrize("kind", ["process", "trees"])
def test_figures_of_one_sample_go_together_in_every_draw(kind):
    made = pool(30, seed=4)
    y = rng(5).standard_normal(12)
    both = [
        mixture(made.X[:12], Figure(one), made.columns, seed=0, kinds=(kind,))
        for one in (y, 3 * y + 1)
    ]
    drawn = joint_draws(both, made.X[12:], 256, 0)
    off = drawn - drawn.mean(axis=1, keepdims=True)
    first, second = off[..., 0].ravel(), off[..., 1].ravel()
    assert np.corrcoef(first, second)[0, 1] > 0.4
