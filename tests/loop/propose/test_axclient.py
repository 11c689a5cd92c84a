"""Ax rebuilt from a history: what the node sees, and that it is asked at once."""

import pytest

from campaigns.results import History
from loop.propose.outcomes import Metric
from loop.propose.proposer import make_proposer
from loop.propose.seats import ask
from tests.loop.propose.oven import make_spec, scored

axclient = pytest.importorskip("loop.propose.axclient")


def test_a_rebuilt_client_is_model_based_at_once():
    """Ax's own strategies start over at each rebuild; one result is enough here."""
    spec = make_spec()
    first = make_proposer("random").propose(spec, History(), load=1, size=1, seed=0)
    trial = scored("S1", first[0].parameters)
    found = make_proposer("athanor").propose(
        spec, History(trials=(trial,)), load=2, size=1, seed=0
    )
    assert "qLogNEI" in found[0].decision.method


def test_the_node_sees_results_failures_and_pending_samples():
    spec = make_spec()
    hot = {"fire.temperature_celsius": 1012.5, "fire.atmosphere": "O2"}
    labels = ["Y2O3 + BaO2 + CuO", "Y2O3 + BaCO3 + CuO", "Y2O3 + BaO2 + CuCO3"]
    points = [{"precursors": label, **hot} for label in labels]
    history = History(
        trials=(
            scored("S1", points[0]),
            scored("S2", points[0]),
            scored("S3", points[1], status="failed", scores={}),
            scored("S4", points[2], status="pending", scores={}),
        )
    )
    question = ask(spec, history, load=2, size=2, seed=0)
    seen = []

    def plan(state):
        seen.append(state)
        return [question.pool.parameters(0, 0), question.pool.parameters(0, 1)]

    found = axclient.generate(
        question.space,
        question.trials,
        metrics=[Metric("yield", "maximize"), Metric("cost", "minimize")],
        thresholds={"yield": 0.1, "cost": 3.0},
        plan=plan,
        seed=0,
    )
    (state,) = seen
    assert state.observed["yield"].points == (points[0], points[0])
    assert state.observed["yield"].variance == pytest.approx([4e-4, 4e-4])
    assert len(state.observed["cost"].mean) == 0
    assert state.failed == (points[1],)
    assert state.pending == (points[2],)
    assert found == tuple(question.pool.parameters(0, i) for i in (0, 1))
