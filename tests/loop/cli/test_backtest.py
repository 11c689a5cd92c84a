"""`athanor backtest` as it is typed."""

import json

import pytest

from tests.end_to_end.runs import athanor
from tests.loop.backtest.tables import firings, hill, two_goals

FEW = ("--seeds", "2", "--budget", "5")
KEYS = {
    "n_to_best", "n_to_80", "n_to_k_best", "top5_at", "auc", "hypervolume_at",
    "cpu_seconds",
}  # fmt: skip


def test_json_holds_every_method_and_figure(tmp_path):
    done = athanor(
        "backtest", str(firings(tmp_path)), "--objective", "y_pct:max",
        "--set-column", "set", "--separator", ", ", *FEW, "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert list(found) == ["athanor", "gp", "forest", "random"]
    for one in found.values():
        assert one.keys() == KEYS
        assert len(one["auc"]) == len(one["n_to_k_best"]["all"]) == 2
        assert list(one["top5_at"]) == ["5"]


def test_the_table_and_the_picture_for_a_person(tmp_path):
    picture = tmp_path / "found.svg"
    done = athanor(
        "backtest", str(two_goals(tmp_path)), "--objective", "u:max", "--objective",
        "v:max", "--categorical", "name", "--methods", "forest,random", *FEW, "--plot",
        str(picture),
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "24 candidates" in done.out
    assert "hypervolume at 5" in done.out
    assert "forest" in picture.read_text()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--objective", "y"), "COLUMN:max or COLUMN:min"),
        (("--objective", "nil:max"), "--objective: found nil"),
        (("--objective", "y:max", "--methods", "magic"), "--methods: found magic"),
        (("--objective", "y:max", "--start", "36"), "36 candidates"),
        (("--objective", "y:max", "--budget", "2"), "more than --start 2"),
        (("--objective", "y:max", "--plot", "found.gif"), "--plot: found found.gif"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path, options, said):
    done = athanor("backtest", str(hill(tmp_path)), *options)
    assert done.code == 2
    assert said in done.err


def test_a_missing_table_is_named(tmp_path):
    done = athanor("backtest", str(tmp_path / "no.csv"), "--objective", "y:max")
    assert done.code == 2
    assert "no.csv: no such file" in done.err
