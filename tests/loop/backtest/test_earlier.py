"""Earlier tables in a replay."""

import numpy as np
import pytest

from campaigns.errors import SpecError
from loop.backtest.athanor import AthanorMethod
from loop.backtest.earlier import read_earlier
from loop.backtest.methods import RECALLING, chosen_methods
from loop.backtest.question import Objective, Roles
from loop.backtest.table import read_table
from tests.loop.backtest.tables import MAX, firings, hill, read_two, write

FIRED = Roles((Objective("y_pct", "max"),), set_column="set")


def told(table, *known):
    """Return the forecasts of an earlier table for each candidate."""
    method = AthanorMethod(table.space, 0, earlier=known)
    columns = method.known.columns
    return method.known.X[:, columns.forecasts].numpy()


def test_a_table_forecasts_what_it_holds(tmp_path):
    table = read_table(hill(tmp_path), Roles(MAX))
    (column,) = told(table, table).T
    gains = table.gains[:, 0]
    assert np.corrcoef(column, gains)[0, 1] > 0.99


def test_firings_of_other_sets_teach_temperature(tmp_path):
    whole = read_table(firings(tmp_path), FIRED)
    rows = [
        (f'"BaO2, {copper}"', celsius, (celsius - 700) / 2)
        for copper in ("CuO", "Cu2O") for celsius in (700, 800, 900)
    ]  # fmt: skip
    other = write(tmp_path / "other.csv", ("set", "temperature_C", "y_pct"), rows)
    known = read_earlier(other, FIRED, whole.space.names)
    (column,) = told(whole, known).T
    hot = np.array(whole.space.column("temperature_C"))
    assert column[hot == 900].min() > column[hot == 700].max()


def test_settings_that_are_missing_there_are_left_out(tmp_path):
    table = read_table(hill(tmp_path), Roles(MAX))
    rows = [(a, a * a) for a in range(6)]
    known = read_earlier(
        write(tmp_path / "one.csv", ("a", "y"), rows), Roles(MAX), table.space.names
    )
    (column,) = told(table, known).T
    a = np.array(table.space.column("a"))
    assert np.ptp(column[a == 5]) < 1e-9
    assert column[a == 5].min() > column[a == 0].max()


def test_no_shared_setting_or_objective_is_refused(tmp_path):
    strange = write(tmp_path / "s.csv", ("q", "y"), [(1, 1), (2, 2)])
    with pytest.raises(SpecError, match="columns q, y"):
        read_earlier(strange, Roles(MAX), ("a", "b"))
    no_goal = write(tmp_path / "n.csv", ("a", "z"), [(1, 1), (2, 2)])
    with pytest.raises(SpecError, match="--objective"):
        read_earlier(no_goal, Roles(MAX), ("a", "b"))


def test_each_objective_has_a_forecast_of_its_own(tmp_path):
    table = read_two(tmp_path)
    method = AthanorMethod(table.space, 0, earlier=(table, table))
    assert method.known.columns.n_forecasts == 4
    seen = [0, 5, 11, 17]
    chosen = method.propose(seen, table.gains[seen], 2)
    assert len(set(chosen) - set(seen)) == 2


def test_the_method_with_memory_stands_beside_the_one_without(tmp_path):
    table = read_table(hill(tmp_path), Roles(MAX))
    makers = chosen_methods(("athanor", "random"), (table,))
    assert list(makers) == [RECALLING, "athanor", "random"]
    with pytest.raises(SpecError, match="--earlier"):
        chosen_methods(("random",), (table,))
    # It knows the hill: three starts are enough to find its top.
    method = makers[RECALLING](table.space, 0)
    seen = [0, 8, 35]
    while len(seen) < 6:
        seen += method.propose(seen, table.gains[seen], 1)
    assert table.gains[seen].max() == table.gains.max()
