"""Spots of a furnace that are hotter or colder than it says."""

from math import exp, log

import numpy as np
import pytest

from campaigns.results import History, Score
from loop.propose.athanor import encoder_of, metrics_of
from loop.propose.candidates import Candidates
from loop.propose.features import NothingKnown
from loop.propose.outcomes import Observed, State
from loop.propose.posterior import Learner
from loop.propose.proposer import make_proposer
from loop.propose.seats import ask, history_sha256
from loop.propose.spots import OFFSET_KELVIN, Spots
from tests.loop.propose.oven import make_spec, scored

PLANTED = 25.0
"""K, in slot 3."""


def reached(parameters, hotter=0.0):
    """Return the share that a reaction limited by diffusion makes in 8 h."""
    kelvin = float(parameters["fire.temperature_celsius"]) + 273.15 + hotter
    late = 40.0 if "BaCO3" in str(parameters["precursors"]) else 0.0
    heat = 30_000.0 * (1 / (1120.0 + late) - 1 / kelvin)
    return 0.9 * (1 - exp(-log(2) * exp(0.5 * (log(8 / 10) + heat))))


def fired(spec, *, loads=6, noise=0.02):
    """Return loads of 8 from a furnace whose slot 3 is hotter."""
    rng = np.random.default_rng(3)
    proposer, found = make_proposer("random"), []
    for load in range(1, loads + 1):
        points = proposer.propose(spec, History(), load=load, size=8, seed=1)
        for place, proposal in enumerate(points, start=1):
            point = proposal.parameters | {
                "fire.temperature_celsius": 775.0 + 25 * load,
                "fire.atmosphere": "air",
            }
            mean = reached(point, PLANTED if place == 3 else 0.0)
            score = Score(mean=mean + noise * rng.standard_normal(), variance=noise**2)
            found.append(
                scored(
                    f"S{len(found) + 1}", point, load=load, scores={"yield": score},
                    slot=f"box-a/{place}",
                )
            )  # fmt: skip
    return found


def learned(spec, trials):
    question = ask(spec, History(trials=tuple(trials)), load=9, size=8, seed=0)
    candidates = Candidates(question, encoder_of(question, NothingKnown()))
    scores = [t.scores["yield"] for t in trials]
    seen = Observed(
        tuple(t.measured for t in trials),
        np.array([s.mean for s in scores]),
        np.array([s.variance for s in scores]),
    )
    state = State({"yield": seen}, (), ())
    return candidates, Learner(candidates, None).fit(state, metrics_of(spec))


def error(candidates, posterior):
    """Return the root mean square error for new samples, fired in air."""
    pool = candidates.question.pool
    misses = []
    for i, profile in enumerate(pool.profiles):
        if profile["fire.atmosphere"] != "air":
            continue
        mean, _ = posterior.predict(candidates.at(i))["yield"]
        truth = [reached({**profile, **s}) for s in pool.samples_at(i)]
        misses.append(mean.numpy() - np.array(truth))
    return float(np.sqrt(np.mean(np.square(misses))))


def test_a_hot_slot_is_found_and_no_longer_misleads():
    spec = make_spec()
    trials = fired(spec)
    candidates, posterior = learned(spec, trials)
    offsets = posterior.by_label()["yield"].offsets_kelvin
    assert list(offsets) == [f"box-a/{i}" for i in range(1, 9)]
    kelvin, sd = offsets.pop("box-a/3")
    assert kelvin == pytest.approx(PLANTED, abs=12.0)
    assert kelvin > 2 * sd
    assert 0 < sd < OFFSET_KELVIN
    assert max(abs(other) for other, _ in offsets.values()) < kelvin / 2
    unseen = [t.model_copy(update={"slot": ""}) for t in trials]
    assert error(candidates, posterior) < error(*learned(spec, unseen))


def test_what_all_samples_share_has_no_offset():
    alone = Spots.of(["box-a/1", "", "box-a/1"], "box-a")
    assert alone.names == ()
    assert alone.numbers(["box-a/1", ""]).tolist() == [0.0, 0.0]
    one = Spots.of(["box-a/10", "box-a/2"], "box-a")
    assert one.names == ("box-a/2", "box-a/10")
    assert one.here == 0


def test_a_slot_has_its_furnaces_offset_too_and_new_samples_that_alone():
    spots = Spots.of(["box-b/1", "box-a/1", "box-a/2"], "box-b")
    assert spots.names == ("box-a", "box-b", "box-a/1", "box-a/2")
    assert spots.numbers(["box-a/2", "box-b/1", "box-a/7", "x/1"]).tolist() == [
        4.0, 2.0, 1.0, 0.0,
    ]  # fmt: skip
    assert spots.shares[4] == [1.0, 0.0, 0.0, 1.0]
    assert spots.here == 2


def test_hashes_of_histories_without_slots_stay(first_load):
    history = first_load(2)
    assert "slot" not in history.trials[0].model_dump()
    moved = history.trials[0].model_copy(update={"slot": "box-a/1"})
    other = history.model_copy(update={"trials": (moved, *history.trials[1:])})
    assert history_sha256(other) != history_sha256(history)
