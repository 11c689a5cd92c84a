"""Campaigns on made-up tables: same starts, no peeking, figures by hand."""

from dataclasses import replace

import numpy as np
import pytest

from loop.backtest.figures import EVERY, Targets, experiments_to, figures
from loop.backtest.methods import METHODS
from loop.backtest.replay import Campaign, Plan, n_top, replay, starts
from loop.errors import ProposalError
from tests.loop.backtest.tables import read_firings, read_hill, read_two

NAMES = list(METHODS)


@pytest.fixture(params=["hill", "firings", "two"])
def table(request, tmp_path):
    made = {"hill": read_hill, "firings": read_firings, "two": read_two}
    return made[request.param](tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_campaign_and_start(table, name):
    plan = Plan(start=3, budget=5)
    first = replay(table, METHODS[name], plan, seed=4)
    again = replay(table, METHODS[name], plan, seed=4)
    assert first.order == again.order
    assert len(set(first.order)) == 5
    assert list(first.order[:3]) == starts(table.space, 3, 4)


@pytest.mark.parametrize("name", NAMES)
def test_results_that_were_not_measured_play_no_part(table, name):
    plan = Plan(start=3, budget=5)
    order = list(replay(table, METHODS[name], plan, seed=1).order)
    hidden = np.setdiff1d(np.arange(table.space.n), order[:-1])
    gains, Y = table.gains.copy(), table.Y.copy()
    draw = np.random.Generator(np.random.Philox(key=5))
    gains[hidden] = 1e3 * draw.normal(size=gains[hidden].shape)
    Y[hidden] = gains[hidden]
    scrambled = replace(table, gains=gains, Y=Y)
    assert list(replay(scrambled, METHODS[name], plan, seed=1).order) == order


@pytest.mark.parametrize("name", NAMES)
def test_batches_are_filled_to_the_end_of_the_table(table, name):
    plan = Plan(start=table.space.n - 3, batch=2, budget=10 * table.space.n)
    order = replay(table, METHODS[name], plan, seed=2).order
    assert sorted(order) == list(range(table.space.n))


@pytest.mark.parametrize("name", ["athanor", "gp", "forest"])
def test_learning_beats_chance_on_a_smooth_hill(tmp_path, name):
    table, plan = read_hill(tmp_path), Plan(budget=18)
    found = replay(table, METHODS[name], plan, seed=2)
    assert figures(table, [found], budget=18)["n_to_best"] != [None]


def test_proposals_that_repeat_are_refused(tmp_path):
    class Stubborn:
        def propose(self, seen, gains, size):
            return [seen[0]]

    with pytest.raises(ProposalError, match="1 new candidates wanted"):
        replay(read_hill(tmp_path), lambda *_: Stubborn(), Plan(), seed=0)


def test_figures_of_a_known_campaign(tmp_path):
    table = read_hill(tmp_path)
    ranked = [int(i) for i in np.argsort(-table.gains[:, 0], kind="stable")]
    rest = ranked[6:]
    order = (*rest[:8], ranked[0], ranked[1], *rest[8:20], *ranked[2:5])
    got = figures(table, [Campaign(order, 0.5)], budget=25)
    assert n_top(36) == 2
    assert got["n_to_best"] == [9]
    assert got["n_to_k_best"] == {"1": [9], "5": [25], "all": [9]}
    # Of four equal second-best candidates one is found tenth.
    assert got["n_to_80"] == [10]
    assert got["top5_at"] == {"10": [1.0], "20": [1.0], "25": [1.0]}
    assert got["auc"] == [pytest.approx((0.5 + 16) / 25)]
    assert got["hypervolume_at"] == {}
    assert got["cpu_seconds"] == [0.5]


def test_what_was_not_reached_is_none(tmp_path):
    table = read_hill(tmp_path)
    worst = tuple(int(i) for i in np.argsort(table.gains[:, 0])[:EVERY])
    got = figures(table, [Campaign(worst, float("nan"))], budget=EVERY)
    assert got["n_to_best"] == got["n_to_80"] == got["cpu_seconds"] == [None]
    assert got["n_to_k_best"] == {"1": [None], "5": [None], "all": [None]}
    assert got["auc"] == [0.0]


def test_hypervolume_is_a_share_of_what_the_table_holds(tmp_path):
    table = read_two(tmp_path)
    everything = tuple(range(table.space.n))
    got = figures(table, [Campaign(everything, 0.1)], budget=30)
    assert got["hypervolume_at"]["30"] == [pytest.approx(1.0)]
    assert 0.0 < got["hypervolume_at"]["10"][0] < 1.0
    front = {table.space.candidates[i] for i in np.flatnonzero(Targets(table).is_top)}
    assert ("q", 7.0) in front
    assert all(name == "q" for name, _ in front)


def test_experiments_are_counted_from_one():
    wanted = np.array([False, True, True])
    assert experiments_to(wanted, [1, 0, 2], 1) == 1
    assert experiments_to(wanted, [1, 0, 2], 2) == 3
    assert experiments_to(wanted, [1, 0], 2) is None
