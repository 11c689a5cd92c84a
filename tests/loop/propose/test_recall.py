"""Earlier campaigns: used where they help, ignored where they do not."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from campaigns.earlier import (
    EarlierCampaign,
    EarlierFailure,
    EarlierHold,
    EarlierResult,
)
from campaigns.precursors import find_set, precursor_sets
from campaigns.results import History
from loop.errors import ProposalError
from loop.propose.beliefs import rate_prior
from loop.propose.encoders import encoder
from loop.propose.facts import TabledFacts
from loop.propose.features import SetChemistry
from loop.propose.poolbuilder import build_pool
from loop.propose.proposer import make_proposer
from loop.propose.recall import recall
from loop.propose.scaling import YIELD_SCALE
from loop.propose.space import search_space
from loop.propose.terms import place_of, sources_of
from tests.loop.propose.oven import answer, as_trials, make_spec

OTHERS = ["Y2(CO3)3", "BaCO3", "BaO", "CuO", "Cu2O"]
"""Reagents of an earlier campaign."""


def earlier(share=answer, *, celsius=(750, 850, 900, 975), **changes):
    """Return results of all sets of another shelf at some temperatures."""
    spec = make_spec(precursors=OTHERS)
    results = []
    for number, label in enumerate(s.label for s in precursor_sets(spec)):
        for hot in celsius:
            found = find_set(spec, label)
            point = {"precursors": label, "fire.temperature_celsius": float(hot)}
            moles = zip(found.precursors, found.moles({}), strict=True)
            results.append(
                EarlierResult(
                    sample=f"S{number}-{hot}",
                    precursors={p.formula: float(n) for p, n in moles},
                    holds=(EarlierHold(celsius=hot, hours=8, atmosphere="air"),),
                    share=share(point),
                    variance=4e-4,
                )
            )
    values = {
        "name": "before", "file": "before.db", "campaign": "0" * 64, "mode": "virtual",
        "target": "YBa2Cu3O7", "results": tuple(results),
    }  # fmt: skip
    return EarlierCampaign(**(values | changes))


def upside_down(point):
    return 0.9 - answer(point)


def propose(*known, history=None, load=1, size=2, seed=3, spec=None):
    ask = make_proposer("athanor", earlier=known).propose
    return ask(spec or make_spec(), history or History(), load=load, size=size,
               seed=seed)  # fmt: skip


def made_encoder(spec=None):
    spec = spec or make_spec()
    sets = precursor_sets(spec)
    space = search_space(spec, [s.label for s in sets])
    return encoder(spec, space, sets, TabledFacts())


def forecasts(*known, points, spec=None):
    """Return by how much each campaign moves the expected yields of points."""
    made = made_encoder(spec)
    prior = rate_prior(made, None)
    recalled = replace(made, forecasts=recall(made, prior, known))
    n = sum(made.sizes)
    return recalled.rows(points)[:, n : n + len(known)] * YIELD_SCALE


def point(celsius, label="Y2O3 + BaO2 + CuO"):
    return {
        "precursors": label, "fire.temperature_celsius": celsius,
        "fire.atmosphere": "air",
    }  # fmt: skip


def test_the_first_load_goes_where_an_earlier_campaign_did_well():
    plain, told = (
        max(answer(p.parameters) for p in propose(*known))
        for known in ((), (earlier(),))
    )
    assert told > plain + 0.2


def test_equal_results_give_equal_proposals_to_the_last_digit():
    assert propose(earlier()) == propose(earlier())


def test_the_record_names_each_campaign_its_hash_and_its_weight(first_load):
    known = earlier(), earlier(name="second", campaign="1" * 64)
    first = propose(*known)[0].decision
    assert first.model["earlier[1].sha256"] == known[1].sha256
    assert "before (YBa2Cu3O7, 16 samples, weight 0.33)" in first.reason
    later = propose(*known, history=first_load(), load=2)[0].decision
    weights = [later.model[f"yield.earlier[{i}].weight"] for i in range(2)]
    assert weights[0] == pytest.approx(weights[1], abs=1e-4)
    assert f"second (YBa2Cu3O7, 16 samples, weight {weights[1]:.2f})" in later.reason
    assert "Earlier campaigns" not in propose()[0].decision.reason


def weight_after(known, *spots):
    """Return what an earlier campaign counts for after results at some points."""
    fakes = propose(size=len(spots))
    made = tuple(
        fake.model_copy(update={"parameters": spot})
        for fake, spot in zip(fakes, spots, strict=True)
    )
    found = propose(known, history=History(trials=as_trials(made)), load=2)
    return found[0].decision.model["yield.earlier[0].weight"]


def test_results_raise_the_weight_of_what_helps_and_lower_what_misleads():
    spots = [point(975.0, s.label) for s in precursor_sets(make_spec())[:4]]
    assert weight_after(earlier(), *spots) > 0.7
    assert weight_after(earlier(upside_down), *spots) < 0.1


def test_one_result_that_contradicts_is_enough_for_distrust():
    hot = point(975.0)
    assert upside_down(hot) - answer(hot) > 0.8
    assert weight_after(earlier(upside_down), hot) < 0.15
    assert weight_after(earlier(), hot) > 0.5


def test_of_several_campaigns_the_one_that_foretold_is_believed():
    spots = [point(975.0, s.label) for s in precursor_sets(make_spec())[:4]]
    fakes = propose(size=4)
    made = [
        fake.model_copy(update={"parameters": spot})
        for fake, spot in zip(fakes, spots, strict=True)
    ]
    known = earlier(), earlier(upside_down, name="other", campaign="1" * 64)
    found = propose(*known, history=History(trials=as_trials(made)), load=2)
    right, wrong = (
        found[0].decision.model[f"yield.earlier[{i}].weight"] for i in range(2)
    )
    assert right > 0.6
    assert abs(wrong) < 0.1


def test_where_an_earlier_campaign_has_no_results_it_moves_little():
    near, far = forecasts(
        earlier(celsius=(975, 985, 1000)), points=[point(985.0), point(700.0)]
    )
    assert abs(near[0]) > 0.2
    assert abs(far[0]) < 0.1


def test_forecasts_stay_within_what_a_yield_can_be():
    spots = [point(float(c)) for c in range(700, 1001, 25)]
    moved = forecasts(earlier(lambda _: 1.0), points=spots)[:, 0]
    made = made_encoder()
    plain = forecasts(earlier(lambda _: 0.0), points=spots)[:, 0]
    assert (moved > plain).all()
    assert np.ptp(moved - plain) < 1.01
    assert made.n_forecasts == 0


def test_a_pool_and_its_points_get_the_same_forecasts():

    made = made_encoder()
    full = replace(made, forecasts=recall(made, rate_prior(made, None), [earlier()]))
    pool = build_pool(full.space, seed=1, load=1)
    shared, own, rest = full.pool_rows(pool)
    some = ((0, 0), (3, 5), (20, 2))
    points = [pool.parameters(i, j) for i, j in some]
    whole = [np.concatenate([shared[i], own[j], rest[i, j]]) for i, j in some]
    assert full.rows(points) == pytest.approx(np.array(whole), abs=1e-9)


def test_another_target_s_melting_is_not_taken_over():
    hot = [point(1000.0)]
    falls = earlier(lambda p: 0.9 * (p["fire.temperature_celsius"] < 960))
    same, other = (
        forecasts(one, points=hot)[0, 0]
        for one in (falls, falls.model_copy(update={"target": "Y2BaCuO5"}))
    )
    assert same < other + 0.05


def test_salts_of_one_family_share_a_source():
    barium = sources_of(SetChemistry("a", "BaTiO3", {"BaCO3": 1.0}), 900)
    strontium = sources_of(SetChemistry("b", "SrTiO3", {"SrCO3": 1.0}), 900)
    assert barium & strontium == {"alkaline-earth carbonate"}


def test_gases_and_excess_of_an_earlier_sample_follow_from_its_balance():
    result = EarlierResult(
        sample="S1", precursors={"BaCO3": 1.05, "TiO2": 1.0},
        holds=(EarlierHold(celsius=900, hours=4, atmosphere="air"),),
        share=0.5, variance=0.0,
    )  # fmt: skip
    found = place_of(earlier(target="BaTiO3"), result)
    assert found.chemistry.gases["CO2"] == pytest.approx(1.05)
    assert found.chemistry.gases["O2"] == pytest.approx(0.025)
    assert found.excess == pytest.approx({"Ba": 0.05, "Ti": 0.0})


def test_many_results_leave_random_states_alone_and_cost_little():
    many = earlier(celsius=tuple(range(700, 1000, 12)))
    assert len(many.results) >= 90
    before = torch.get_rng_state()
    propose(many)
    assert torch.equal(before, torch.get_rng_state())


def test_the_baselines_remember_nothing():
    with pytest.raises(ProposalError, match="--earlier: found the proposer random"):
        make_proposer("random", earlier=[earlier()])


def test_without_a_yield_nothing_is_recalled():
    spec = make_spec(objectives=[{"measure": "time", "goal": "minimize"}])
    assert propose(earlier(), spec=spec)[0].parameters == (
        propose(spec=spec)[0].parameters
    )


def failing(label, *, celsius=875.0, status="failed", reagents=None):
    """Return an earlier campaign of the same shelf in which a set failed thrice."""
    changes = {"precursors": reagents} if reagents else {}
    found = find_set(make_spec(**changes), label)
    moles = zip(found.precursors, found.moles({}), strict=True)
    precursors = {p.formula: float(n) for p, n in moles}
    failures = tuple(
        EarlierFailure(
            sample=f"F{i}", status=status, precursors=precursors,
            holds=(EarlierHold(celsius=celsius + i, hours=8, atmosphere="air"),),
        )
        for i in range(3)
    )  # fmt: skip
    return earlier(failures=failures)


def test_what_failed_in_an_earlier_campaign_is_asked_for_less():
    best = propose(earlier(), size=1)[0].parameters
    (other,) = propose(
        failing(best["precursors"], celsius=best["fire.temperature_celsius"]), size=1
    )
    assert other.parameters["precursors"] != best["precursors"]
    assert other.decision.model["earlier[0].failures"] == 3
    assert "failed" not in other.decision.reason


def test_the_record_tells_of_earlier_failures_of_a_set():
    label = "Y2O3 + BaO2 + CuO"
    made = made_encoder()
    found = recall(made, rate_prior(made, None), [failing(label, status="lost")])
    told = found.words(made, point(875.0, label), [0.5])
    assert "Of 3 earlier syntheses from this set 3 failed or were lost" in told
    other = found.words(made, point(875.0, "Y2O3 + BaCO3 + CuO"), [0.5])
    assert "failed" not in other


def test_failures_from_other_reagents_or_targets_say_nothing():
    made = made_encoder()
    prior = rate_prior(made, None)
    others = failing("Y2(CO3)3 + BaO + CuO", reagents=OTHERS)
    assert not recall(made, prior, [others]).tried(made).failed
    label = "Y2O3 + BaO2 + CuO"
    foreign = failing(label).model_copy(update={"target": "Y2BaCuO5"})
    assert not recall(made, prior, [foreign]).tried(made).failed
    assert len(recall(made, prior, [failing(label)]).tried(made).failed) == 3


def test_a_campaign_without_failures_keeps_its_hash():
    assert "failures" not in earlier().model_dump(mode="json")
