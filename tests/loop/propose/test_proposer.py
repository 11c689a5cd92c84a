"""What every proposer must do, and what ours must do better."""

import random
import subprocess
import sys

import numpy as np
import pytest

from campaigns.results import History, Score
from loop.errors import ProposalError
from loop.propose.features import NothingKnown
from loop.propose.proposer import NAMES, make_proposer
from tests.loop.propose.oven import answer, as_trials, make_spec, run, scored

SHARED = ("fire.temperature_celsius", "fire.atmosphere")


def points(proposals):
    return [tuple(sorted(p.parameters.items())) for p in proposals]


@pytest.mark.parametrize("name", NAMES)
def test_equal_questions_get_equal_answers(name, spec, first_load):
    history = first_load()
    ask = make_proposer(name).propose
    once = ask(spec, history, load=2, size=6, seed=3)
    assert once == ask(spec, history, load=2, size=6, seed=3)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("is_first", [True, False])
def test_a_load_shares_one_profile_and_repeats_no_sample(
    name, is_first, spec, first_load
):
    history = History() if is_first else first_load()
    found = make_proposer(name).propose(spec, history, load=2, size=6, seed=3)
    assert len(found) == 6
    assert len({tuple(p.parameters[k] for k in SHARED) for p in found}) == 1
    assert len(set(points(found))) == 6
    assert {p.role for p in found} == {"search"}
    tried = {tuple(sorted(t.planned.items())) for t in history.trials}
    assert not tried & set(points(found))


def test_random_states_and_threads_are_put_back(spec, first_load):
    import torch

    torch.manual_seed(11)
    random.seed(13)
    threads = torch.get_num_threads()
    before = torch.get_rng_state(), random.getstate()
    legacy = np.random.get_state()[1].tolist()  # noqa: NPY002
    make_proposer("athanor").propose(spec, first_load(), load=2, size=3, seed=0)
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1] == random.getstate()
    assert legacy == np.random.get_state()[1].tolist()  # noqa: NPY002
    assert threads == torch.get_num_threads()
    assert torch.get_default_dtype() == torch.float32


def test_global_seeds_change_nothing(spec, first_load):
    import torch

    ask = make_proposer("athanor").propose
    torch.manual_seed(1)
    once = ask(spec, first_load(), load=2, size=4, seed=0)
    torch.manual_seed(2)
    assert once == ask(spec, first_load(), load=2, size=4, seed=0)


@pytest.mark.parametrize("name", NAMES)
def test_pending_samples_are_not_proposed_again(name, spec, first_load):
    history = first_load()
    ask = make_proposer(name).propose
    on_way = ask(spec, history, load=2, size=4, seed=3)
    pending = tuple(
        scored(f"P{i}", p.parameters, load=2, status="pending", scores={})
        for i, p in enumerate(on_way)
    )
    both = History(trials=history.trials + pending)
    more = ask(spec, both, load=2, size=4, seed=3)
    assert not set(points(more)) & set(points(on_way))
    # The same load: its profile is set.
    assert all(p.parameters[k] == on_way[0].parameters[k] for p in more for k in SHARED)


@pytest.mark.parametrize("status", ["failed", "lost"])
def test_what_cannot_be_made_or_got_out_is_learned_as_infeasible(
    status, spec, first_load
):
    tried = [
        scored(f"{t.sample}-{hot:.0f}", t.planned | {"fire.temperature_celsius": hot})
        for t in first_load().trials
        for hot in (800.0, 850.0, 900.0)
    ]
    failed = tuple(
        scored(t.sample, t.planned, status=status, scores={})
        if "BaO2" in str(t.planned["precursors"])
        else t
        for t in tried
    )
    ask = make_proposer("athanor").propose
    usual = ask(spec, History(trials=tuple(tried)), load=2, size=2, seed=0)
    warned = ask(spec, History(trials=failed), load=2, size=2, seed=0)
    assert any("BaO2" in str(p.parameters["precursors"]) for p in usual)
    assert not any("BaO2" in str(p.parameters["precursors"]) for p in warned)


def test_only_failures_still_give_a_load(spec, first_load):
    failed = tuple(
        scored(t.sample, t.planned, status="failed", scores={})
        for t in first_load(3).trials
    )
    ask = make_proposer("athanor").propose
    assert len(ask(spec, History(trials=failed), load=2, size=4, seed=0)) == 4


def test_unusable_trials_teach_nothing(spec, first_load):
    history = first_load()
    odd = scored("U1", history.trials[0].planned, status="unusable", scores={})
    ask = make_proposer("athanor").propose
    plain = ask(spec, history, load=2, size=3, seed=0)
    noted = ask(spec, History(trials=(*history.trials, odd)), load=2, size=3, seed=0)
    assert points(plain) == points(noted)
    assert plain[0].decision.history_sha256 != noted[0].decision.history_sha256


def test_a_recipe_that_was_not_carried_out_is_proposed_again(spec, first_load):
    history, ask = first_load(), make_proposer("athanor").propose
    wanted = ask(spec, history, load=2, size=3, seed=0)
    held = tuple(
        scored(f"H{i}", p.parameters, load=2, status="unusable", scores={})
        for i, p in enumerate(wanted)
    )
    again = ask(spec, History(trials=history.trials + held), load=2, size=3, seed=0)
    assert points(again) == points(wanted)


def test_the_model_sees_what_was_measured(spec, first_load):
    history = first_load()
    hot = {"fire.temperature_celsius": 1013.7}
    drifted = tuple(
        t.model_copy(update={"measured": t.planned | hot}) for t in history.trials
    )
    ask = make_proposer("athanor").propose
    asked = ask(spec, history, load=2, size=2, seed=0)
    done = ask(spec, History(trials=drifted), load=2, size=2, seed=0)
    assert asked[0].decision.mean != done[0].decision.mean


@pytest.mark.parametrize("name", NAMES)
def test_controls_and_replicates_take_their_places(name):
    reference = {"precursors": "Y2O3 + BaO2 + CuO"}
    spec = make_spec(
        controls={"every_loads": 2, "reference": reference, "replicates": 2}
    )
    ask = make_proposer(name).propose
    first = ask(spec, History(), load=1, size=8, seed=0)
    assert [p.role for p in first] == ["search", "replicate"] * 4
    assert len(set(points(first))) == 4
    second = ask(spec, History(), load=2, size=8, seed=0)
    assert [p.role for p in second].count("control") == 1
    assert len(second) == 8
    assert second[-1].parameters["precursors"] == reference["precursors"]
    assert len({p.parameters["fire.temperature_celsius"] for p in second}) == 1


def test_a_control_that_names_a_temperature_sets_the_profile():
    reference = {"precursors": "Y2O3 + BaO2 + CuO", "fire.temperature_celsius": 900}
    spec = make_spec(controls={"every_loads": 1, "reference": reference})
    found = make_proposer("athanor").propose(spec, History(), load=1, size=4, seed=0)
    assert {p.parameters["fire.temperature_celsius"] for p in found} == {900}


@pytest.mark.parametrize("name", NAMES)
def test_a_space_of_one_candidate_is_repeated(name):
    spec = make_spec(
        precursors=["Y2O3", "BaO2", "CuO"],
        space={"sets": "all"},
        steps=[
            {"kind": "dose"},
            {"kind": "fire", "temperature_celsius": 900, "hold_hours": 8},
        ],
    )
    ask = make_proposer(name).propose
    found = ask(spec, History(), load=1, size=3, seed=0)
    assert [p.role for p in found] == ["search", "replicate", "replicate"]
    score = {"yield": Score(mean=0.5, variance=0.0)}
    trial = scored("S1", found[0].parameters, scores=score)
    again = ask(spec, History(trials=(trial,)), load=2, size=2, seed=0)
    assert [p.role for p in again] == ["replicate", "replicate"]


@pytest.mark.parametrize("name", NAMES)
def test_steps_that_do_not_happen_have_no_parameters(name):
    steps = [
        {"kind": "dose"},
        {"kind": "fire", "name": "fire", "hold_hours": 4},
        {"kind": "regrind", "repeat": "regrinds"},
        {"kind": "fire", "name": "again", "hold_hours": 4, "repeat": "regrinds"},
    ]
    celsius = {"min": 700, "max": 1000, "step": 50}
    spec = make_spec(
        steps=steps,
        space={
            "sets": "all",
            "regrinds": {"values": [0, 1, 2]},
            "steps": {
                "fire": {"temperature_celsius": celsius},
                "again": {"temperature_celsius": celsius},
            },
        },
    )
    trials = ()
    for load in range(1, 4):
        found = make_proposer(name).propose(
            spec, History(trials=trials), load=load, size=3, seed=1
        )
        for p in found:
            has = "again.temperature_celsius" in p.parameters
            assert has == (p.parameters["regrinds"] >= 1)
        trials += as_trials(found, len(trials) + 1)


def test_continuous_spaces_and_input_constraints():
    spec = make_spec(
        space={
            "sets": "all",
            "excess": {"Ba": {"min": 0.0, "max": 0.1}},
            "steps": {
                "fire": {
                    "temperature_celsius": {"min": 700, "max": 1000},
                    "hold_hours": {"min": 1, "max": 24, "log": True},
                }
            },
        },
        input_constraints=[
            {
                "terms": {"fire.temperature_celsius": 1, "fire.hold_hours": 10},
                "at_most": 1000,
            }
        ],
    )
    history = History()
    for load in (1, 2):
        found = make_proposer("athanor").propose(
            spec, history, load=load, size=5, seed=0
        )
        for p in found:
            heat = p.parameters["fire.temperature_celsius"]
            assert heat + 10 * p.parameters["fire.hold_hours"] <= 1000 + 1e-6
            assert 0 <= p.parameters["excess.Ba"] <= 0.1
        assert len({p.parameters["fire.hold_hours"] for p in found}) == 1
        history = History(trials=as_trials(found))


def test_impossible_constraints_are_named():
    spec = make_spec(
        input_constraints=[{"terms": {"fire.temperature_celsius": 1}, "at_most": 100}]
    )
    with pytest.raises(ProposalError, match=r"none of \d+ candidates satisfies"):
        make_proposer("random").propose(spec, History(), load=1, size=2, seed=0)


def test_unknown_names_and_sizes_are_refused(spec):
    with pytest.raises(ProposalError, match="found 'magic'; allowed: athanor"):
        make_proposer("magic")
    with pytest.raises(ProposalError, match="size: found 0"):
        make_proposer("random").propose(spec, History(), load=1, size=0, seed=0)


def test_two_objectives_with_thresholds_and_an_outcome_constraint(first_load):
    spec = make_spec(
        objectives=[
            {"measure": "yield", "goal": "maximize", "threshold": 0.2},
            {"measure": "peak_temperature", "goal": "minimize", "threshold": 950},
        ],
        outcome_constraints=[{"measure": "cost", "at_most": 3.0}],
    )

    def scores(p):
        heat = float(p["fire.temperature_celsius"])
        price = 5.0 if "BaO2" in p["precursors"] else 2.0
        return {
            "yield": Score(mean=answer(p), variance=4e-4),
            "peak_temperature": Score(mean=heat, variance=0),
            "cost": Score(mean=price, variance=0),
        }

    known = []
    for i, t in enumerate(first_load().trials):
        point = t.planned | {"fire.temperature_celsius": 775.0 + 50 * (i % 4)}
        known.append(scored(t.sample, point, scores=scores(point)))
    found = make_proposer("athanor").propose(
        spec, History(trials=tuple(known)), load=2, size=3, seed=0
    )
    assert not any("BaO2" in str(p.parameters["precursors"]) for p in found)
    assert found[0].parameters["fire.temperature_celsius"] <= 950
    assert set(found[0].decision.mean) == {"yield", "peak_temperature", "cost"}
    assert {s.objective for s in found[0].decision.slices} == {
        "yield", "peak_temperature",
    }  # fmt: skip
    assert "qLogNEHVI" in found[0].decision.method


def test_the_decision_says_why(spec, first_load):
    found = make_proposer("athanor").propose(spec, first_load(), load=2, size=3, seed=0)
    record = found[0].decision
    assert record.reason.startswith(("Exploits", "Explores"))
    assert "most like S" in record.reason
    assert record.acquisition > 0
    assert 0 < record.sd["yield"] < 1
    assert len(record.alternatives) == 5
    slices = {s.parameter: s for s in record.slices}
    assert set(slices) == {"precursors", *SHARED}
    temperature = slices["fire.temperature_celsius"]
    assert 10 <= len(temperature.grid) == len(temperature.mean) <= 25
    here = temperature.grid.index(found[0].parameters["fire.temperature_celsius"])
    assert temperature.mean[here] == pytest.approx(record.mean["yield"], abs=1e-6)
    assert record.versions["ax-platform"] == "1.3.1"
    assert any("onset_kelvin" in name for name in record.model)


class Melts(NothingKnown):
    """Facts of a lab that knows where its target melts."""

    def melting_celsius(self, formula):
        return 930.0


def test_it_beats_random_on_a_made_up_response(spec):
    ours = make_proposer("athanor", facts=Melts())
    found = [np.mean(run(ours, spec, seed=s)) for s in range(2)]
    rivals = [np.mean(run(make_proposer("random"), spec, seed=s)) for s in range(40)]
    assert np.mean(found) > np.quantile(rivals, 0.75)


def test_importing_the_proposers_loads_no_torch():
    code = (
        "import sys, loop.propose.proposer as p; p.make_proposer('athanor');"
        "sys.exit(any(m in sys.modules for m in ('torch', 'ax', 'botorch')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
