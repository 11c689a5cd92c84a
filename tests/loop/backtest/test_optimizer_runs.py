"""Campaigns of the benchmark: kept, gone on with, compared."""

import numpy as np
import pytest
from figures import optimizer_runs
from figures.optimizer_compare import paired, quartiles
from figures.optimizer_runs import Runs, Task

from tests.loop.backtest.tables import write


@pytest.fixture
def task(tmp_path):
    rows = [(x, z, (x - 3) ** 2 + z) for x in range(5) for z in range(3)]
    write(tmp_path / "pvlab_agnp.csv", ("x", "z", "loss"), rows)
    return Task("agnp", "random", tmp_path, 6)


@pytest.fixture
def asked(monkeypatch):
    """Seeds that were run."""
    seeds: list[int] = []
    real = optimizer_runs.line_of

    def counted(task, seed):
        seeds.append(seed)
        return real(task, seed)

    monkeypatch.setattr(optimizer_runs, "line_of", counted)
    return seeds


def test_what_is_kept_is_not_run_again(task, asked, tmp_path):
    runs = Runs(tmp_path / "kept")
    first = runs.campaigns(task, range(2))
    assert runs.campaigns(task, range(3))[:2] == first
    assert asked == [0, 1, 2]


def test_a_line_that_a_crash_cut_short_is_run_again(task, asked, tmp_path):
    runs = Runs(tmp_path / "kept")
    first = runs.campaigns(task, range(2))
    (file,) = (tmp_path / "kept").iterdir()
    file.write_text(file.read_text().rstrip()[:-9])
    assert [one.order for one in runs.campaigns(task, range(2))] == [
        one.order for one in first
    ]
    assert asked == [0, 1, 1]


def test_another_table_is_another_file(task, asked, tmp_path):
    runs = Runs(tmp_path / "kept")
    runs.campaigns(task, range(1))
    optimizer_runs.table_of.cache_clear()
    write(tmp_path / "pvlab_agnp.csv", ("x", "loss"), [(x, x % 3) for x in range(9)])
    runs.campaigns(task, range(1))
    assert asked == [0, 0]


def test_another_python_prints_campaigns(task, tmp_path):
    fake = tmp_path / "python"
    line = '{"seed": 4, "order": [2, 0, 1], "cpu_seconds": 0.5}'
    fake.write_text(f"#!/bin/sh\necho '{line}'\n")
    fake.chmod(0o755)
    runs = Runs(tmp_path / "kept", baybe=str(fake))
    baybe = Task(task.table, optimizer_runs.BAYBE, task.bench, 3)
    (found,) = runs.campaigns(baybe, [4])
    assert found.order == (2, 0, 1)


def test_an_interval_is_of_the_difference_seed_by_seed():
    draw = np.random.Generator(np.random.Philox(key=1))
    luck = draw.normal(size=40)
    low, high = paired((luck + 0.1).tolist(), luck.tolist())
    assert low == pytest.approx(0.1)
    assert high == pytest.approx(0.1)
    assert quartiles([1.0, 2.0, 3.0]) == "mean 2, median 2 (1.5-2.5)"
