"""Tables as they come from spreadsheets, and what is said of bad ones."""

import numpy as np
import pytest

from campaigns.errors import SpecError
from loop.backtest.question import Objective, Roles
from loop.backtest.table import check_size, read_table
from tests.loop.backtest.tables import MAX, read_hill, write


def test_rows_with_equal_settings_are_averaged_sets_in_any_order(tmp_path):
    rows = [('"A, B"', 1, 2), ('"B,A"', "1.0", 4), ('"A, C"', 1, 9)]
    path = write(tmp_path / "t.csv", ("s", "x", "y"), rows)
    table = read_table(path, Roles(MAX, set_column="s"))
    assert table.space.candidates == (
        (frozenset("AB"), 1.0),
        (frozenset("AC"), 1.0),
    )
    assert table.Y.tolist() == [[3.0], [9.0]]


def test_less_is_more_of_an_objective_to_lower(tmp_path):
    path = write(tmp_path / "t.csv", ("x", "y"), [(1, 2), (2, 5)])
    table = read_table(path, Roles((Objective("y", "min"),)))
    assert table.gains.tolist() == [[-2.0], [-5.0]]


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("\ufeffx,y\n1,2\n2,3\n\n", encoding="utf-8")
    assert read_table(path, Roles(MAX)).space.names == ("x",)


def test_settings_left_out_are_averaged_over(tmp_path):
    path = write(tmp_path / "t.csv", ("x", "z", "y"), [(1, 1, 2), (1, 2, 4), (2, 1, 0)])
    table = read_table(path, Roles(MAX, parameters=("x",)))
    assert table.Y[:, 0].tolist() == [3.0, 0.0]


@pytest.mark.parametrize(
    ("roles", "said"),
    [
        (Roles((Objective("nil", "max"),)), "--objective: found nil; allowed: x, n, y"),
        (Roles(MAX, parameters=("x", "z")), "--parameters: found z"),
        (Roles(MAX, parameters=("x", "x")), "each column once"),
        (Roles(MAX, parameters=("x",), categorical=("n",)), "--categorical: found n"),
        (Roles(MAX, parameters=("y",)), "an objective is no setting"),
        (Roles(MAX, categorical=("n",), set_column="n"), "one kind of column"),
        (Roles(()), "--objective: found none"),
        (Roles(MAX), "n: found 'p' in line 2; allowed: a number; .*--categorical"),
    ],
)
def test_wrong_roles_are_named(tmp_path, roles, said):
    path = write(tmp_path / "t.csv", ("x", "n", "y"), [(1, "p", 2), (2, "q", 3)])
    with pytest.raises(SpecError, match=said):
        read_table(path, roles)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([(1, 2), (2, "nan")], "y: found 'nan' in line 3; allowed: a finite number"),
        ([(1, 2), (2, "")], "y: found '' in line 3"),
        ([(1, 2), ("inf", 3)], "x: found 'inf' in line 3"),
        ([(1, 2), (2, 3, 4)], "3 fields in line 3; allowed: 2"),
        ([(1, 2), (2, 2)], "y: found 2 for every candidate"),
        ([], "a header and rows of results"),
    ],
)
def test_wrong_cells_are_named_with_their_line(tmp_path, rows, said):
    path = write(tmp_path / "t.csv", ("x", "y"), rows)
    with pytest.raises(SpecError, match=said):
        read_table(path, Roles(MAX))


def test_no_more_faults_are_listed_than_a_person_reads(tmp_path):
    path = write(tmp_path / "t.csv", ("x", "y"), [("bad", i) for i in range(50)])
    with pytest.raises(SpecError) as caught:
        read_table(path, Roles(MAX))
    assert len(caught.value.faults) == 10


def test_shares_that_make_no_whole_are_refused(tmp_path):
    path = write(tmp_path / "t.csv", ("a", "b", "y"), [(1, 99, 2), (50, 20, 3)])
    with pytest.raises(SpecError, match="--simplex: found sums of 70 to 100"):
        read_table(path, Roles(MAX, simplex=("a", "b")))


def test_names_twice_and_foreign_encodings_are_refused(tmp_path):
    path = write(tmp_path / "t.csv", ("x", "x", "y"), [(1, 1, 2)])
    with pytest.raises(SpecError, match="'x' more than once"):
        read_table(path, Roles(MAX))
    path.write_bytes("T/°C,y\n1,2\n".encode("latin-1"))
    with pytest.raises(SpecError, match="text in UTF-8"):
        read_table(path, Roles(MAX))


def test_too_few_candidates_are_refused(tmp_path):
    table = read_hill(tmp_path)
    check_size(table, start=30, batch=6)
    with pytest.raises(SpecError, match=r"36 candidates .* at least 37"):
        check_size(table, start=30, batch=7)


@pytest.mark.parametrize("text", ["y", "y:up", ":max", "max"])
def test_objectives_say_which_way(text):
    with pytest.raises(SpecError, match="COLUMN:max or COLUMN:min"):
        Objective.parse(text)
    assert Objective.parse("T: (a):min") == Objective("T: (a)", "min")


def test_gains_keep_the_order_of_the_table(tmp_path):
    table = read_hill(tmp_path)
    best = table.space.candidates[int(np.argmax(table.gains))]
    assert best == (3.0, 4.0)
