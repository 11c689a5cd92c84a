"""A campaign with an outcome constraint, from its first load to its explanation."""

import json

from campaigns.lifecycle import Scored
from campaigns.store import Store
from tests.end_to_end.runs import (
    CAMPAIGN,
    assert_whole,
    athanor,
    events,
    write_campaign,
)

BOUNDED = """
[[objectives]]
measure = "yield"
goal = "maximize"
[[objectives]]
measure = "time"
goal = "minimize"
threshold = 60
[[outcome_constraints]]
measure = "impurity"
phase = "Ba2TiO4"
at_most = 0.05
"""
LABEL = "impurity:Ba2TiO4"


def test_a_bounded_figure_is_learned_told_and_drawn(tmp_path):
    text = CAMPAIGN.format(experiments=4) + BOUNDED
    file, run = write_campaign(tmp_path, text), tmp_path / "run"
    done = athanor("simulate", file, "-o", run)
    assert done.code == 0, done.err
    assert_whole(run)
    database = run / "campaign.db"
    scored = [e.payload for e in events(database) if isinstance(e.payload, Scored)]
    assert len(scored) == 4
    assert all({"yield", "time", LABEL} <= set(one.scores) for one in scored)

    page = (run / "report.html").read_text("utf-8")
    assert "Ba₂TiO₄" in page
    # The second load rests on results of all three figures.
    with Store.open(database) as store:
        later = store.history().trials[-1].sample
    told = athanor("explain", database, later, "--json")
    assert told.code == 0, told.err
    decision = json.loads(told.out)["decision"]
    assert {"yield", "time", LABEL} <= set(decision["mean"])
    shown = athanor("explain", database, later, "--plot", run / "why.png")
    assert shown.code == 0, shown.err
    assert (run / "why.png").stat().st_size > 0
    assert athanor("replay", database).code == 0
