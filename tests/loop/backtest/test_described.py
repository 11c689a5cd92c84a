"""What the model is told of candidates before any result."""

import numpy as np
import pytest

from loop.backtest.athanor import AthanorMethod
from loop.backtest.described import describe
from loop.backtest.question import Roles
from loop.backtest.scale import whole_of
from loop.backtest.table import read_table
from loop.propose.columns import N_PHYSICS
from tests.loop.backtest.tables import MAX, read_firings, read_hill, write


def rows_of(space, members, celsius):
    return space.candidates.index((frozenset(members), float(celsius)))


def test_copper_carbonate_is_oxide_by_then_barium_carbonate_is_not(tmp_path):
    space = read_firings(tmp_path).space
    X = describe(space).X
    oxide, carbonate, barium = (
        X[rows_of(space, pair, 900)]
        for pair in (("CuO", "BaO"), ("CuCO3", "BaO"), ("CuO", "BaCO3"))
    )
    assert (oxide == carbonate).all()
    assert (oxide != barium).any()
    plain = describe(space, has_chemistry=False).X
    assert (
        plain[rows_of(space, ("CuO", "BaO"), 900)]
        != plain[rows_of(space, ("CuCO3", "BaO"), 900)]
    ).any()


def test_before_any_learning_hotter_goes_further(tmp_path):
    table = read_firings(tmp_path)
    space = table.space
    cold = [rows_of(space, ("CuO", "BaO"), 700), rows_of(space, ("Cu2O", "BaO"), 700)]
    (found,) = AthanorMethod(space, 0).propose(cold, table.gains[cold], 1)
    assert space.candidates[found][1] == 900.0
    assert "BaCO3" not in space.candidates[found][0]


def test_names_that_are_no_formulas_are_names(tmp_path):
    rows = [('"L1, L2"', 1), ('"L1, X9"', 2), ('"BaO, L2"', 3)]
    path = write(tmp_path / "t.csv", ("s", "y"), rows)
    space = read_table(path, Roles(MAX, set_column="s")).space
    known = describe(space)
    assert known.columns.n_identity == 4
    path = write(tmp_path / "t.csv", ("s", "y"), rows[:2])
    bare = describe(read_table(path, Roles(MAX, set_column="s")).space)
    assert bare.rate is None


def test_a_carbonate_that_lasts_to_the_first_reaction_is_no_oxide_at_a_hot_table(
    tmp_path,
):
    rows = [('"Y2(CO3)3, CuO"', 900, 1), ('"Y2O3, CuO"', 900, 2)]
    path = write(tmp_path / "t.csv", ("s", "temperature_C", "y"), rows)
    known = describe(read_table(path, Roles(MAX, set_column="s")).space)
    assert (known.X[0] != known.X[1]).any()


def test_numbers_alone_have_no_rate_law(tmp_path):
    known = describe(read_hill(tmp_path).space)
    assert known.rate is None
    assert known.columns.n_process == 2
    assert float(known.X[:, :2].min()) == 0.0
    assert float(known.X[:, :2].max()) == 1.0


def test_kelvin_and_minutes_are_told_by_the_name(tmp_path):
    rows = [('"BaO, CuO"', 1173.15, 60, 1), ('"BaO, Cu2O"', 1073.15, 600, 2)]
    path = write(tmp_path / "t.csv", ("s", "temperature_K", "hold_min", "y"), rows)
    known = describe(read_table(path, Roles(MAX, set_column="s")).space)
    kelvin, log_hours = known.X[:, -N_PHYSICS], known.X[:, 1 - N_PHYSICS]
    assert kelvin.tolist() == [1173.15, 1073.15]
    assert log_hours.tolist() == pytest.approx([0.0, np.log(10.0)])


def test_percents_are_shares_of_a_hundred():
    few = np.array([0.0, 0.5])
    assert whole_of("yield_pct", few) == 100.0
    assert whole_of("yield", few) == 1.0
    assert whole_of("yield", np.array([0.0, 40.0])) == 100.0
    assert whole_of("yield", np.array([0.0, 104.0])) == 104.0
