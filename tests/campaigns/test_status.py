"""Where a campaign stands."""

import pytest

from campaigns import lifecycle as facts
from campaigns.status import status
from tests.campaigns import synthetic


@pytest.fixture
def store(tmp_path):
    with synthetic.create(tmp_path / "c.db") as store:
        yield store


def test_an_empty_campaign_stands_at_the_start(store):
    now = status(store)
    assert (now.state, now.load, now.samples, now.n_events) == ("running", 0, {}, 1)
    assert "samples   0 of 8 (none yet)" in now.lines()


def test_a_full_campaign_has_its_best(store):
    now = status(synthetic.fill(store))
    assert now.state == "ended"
    assert now.samples == {"failed": 1, "scored": 6, "unusable": 1}
    best = {item.objective: item for item in now.best}
    assert best["yield"].sample == "S0008"
    # S0002 took as little energy, but S0003 has more target.
    assert best["energy"].sample == "S0003"
    assert best["yield"].score.mean == pytest.approx(0.86)
    text = "\n".join(now.lines())
    assert (
        "best      yield 0.860 ± 0.030 by S0008: precursors Y2O3 + BaO2 + CuO, " in text
    )
    assert "target    3 made, 3 not made" in text
    assert "stock     Y2O3: 18.796 g left of 20 g" in text


def test_running_tasks_are_shown_with_their_age(store):
    task = facts.TaskStarted(
        task="S0001/mix", action="mix", samples=("S0001",), instrument="mixer"
    )
    store.append(synthetic.proposed("S0001"), task, actor="executor", lab_time=100.0)
    store.append(synthetic.proposed("S0002"), actor="engine", lab_time=400.0)
    (running,) = status(store).running
    assert (running.task, running.seconds) == ("S0001/mix", 300.0)
    assert "running   S0001/mix on mixer for 5 min: S0001" in status(store).lines()
