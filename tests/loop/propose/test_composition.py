"""Figures composed from what is modelled."""

import pytest
import torch

from campaigns.results import History, Score
from campaigns.synthesis import build_recipe, cost
from loop.propose.composition import Composition, is_composed, obtained_of
from loop.propose.proposer import make_proposer
from loop.propose.scaling import Scaled
from tests.loop.propose.oven import answer, make_spec, scored

YIELD = Scaled("yield", 1.0, 0.0, 0.3)
COST = Scaled("cost", -1.0, 2.0, 0.5)
PRICE = Scaled("price", 1.0, 1.0, 0.25)


def composed(share, price, *, obtained=1.0):
    outputs = torch.stack(
        [YIELD.to_model(torch.tensor(share)), PRICE.to_model(torch.tensor(price))], -1
    )
    compose = Composition((YIELD, COST), (YIELD, PRICE), obtained)
    found = compose(outputs.double())
    return YIELD.to_lab(found[..., 0]).tolist(), COST.to_lab(found[..., 1]).tolist()


def test_cost_is_price_over_what_is_obtained():
    shares, costs = composed([1.0, 0.5], [1.2, 0.8], obtained=0.9)
    assert shares == pytest.approx([1.0, 0.5])
    assert costs == pytest.approx([1.2 / 0.9, 0.8 / 0.45])


def test_no_share_costs_less_than_all_of_it_or_more_than_is_told_apart():
    _, costs = composed([1.3, -0.2], [1.0, 1.0])
    assert costs == pytest.approx([1.0, 100.0])


def test_a_surer_yield_makes_a_surer_cost():
    compose = Composition((YIELD, COST), (YIELD, PRICE))
    mean = torch.tensor([[2.0, 0.0]], dtype=torch.float64)
    sd = torch.tensor([[0.5, 0.0]], dtype=torch.float64)
    middle, wide = compose.moments(mean, sd)
    _, narrow = compose.moments(mean, sd / 4)
    assert torch.equal(middle[:, 0], mean[:, 0])
    assert float(narrow[0, 1]) < float(wide[0, 1])


def test_cost_is_composed_only_where_the_yield_is_known():
    assert is_composed("cost", ["yield", "cost"])
    assert not is_composed("cost", ["cost"])
    assert not is_composed("time", ["yield", "time"])


def test_what_is_obtained_is_learned_from_good_samples():
    def trial(share, cost):
        scores = {
            "yield": Score(mean=share, variance=1e-4),
            "cost": Score(mean=cost, variance=1e-4),
        }
        return scored("S1", {"precursors": "BaO + TiO2"}, scores=scores)

    good = [trial(0.8, 1.0 / (0.8 * 0.7))] * 9
    assert obtained_of(good, [1.0] * 9) == pytest.approx(0.73)
    assert obtained_of([trial(0.01, 5.0)], [1.0]) == 1.0


def spec_with_cost():
    prices = {"Y2O3": 1.0, "BaCO3": 0.2, "BaO2": 2.0, "Ba(NO3)2": 9.0}
    shelf = [
        {"formula": f, "price_per_gram": prices.get(f, 0.3)}
        for f in (*prices, "CuO", "CuCO3")
    ]
    objectives = [
        {"measure": "yield", "goal": "maximize", "threshold": 0.0},
        {"measure": "cost", "goal": "minimize", "threshold": 8.0},
    ]
    return make_spec(precursors=shelf, objectives=objectives)


def test_every_set_is_priced_before_it_was_made():
    spec = spec_with_cost()
    first = make_proposer("athanor").propose(spec, History(), load=1, size=6, seed=2)

    def price(parameters):
        return cost(spec, build_recipe(spec, parameters).grams) / spec.sample_grams

    def result(i, parameters):
        share = max(answer(parameters), 0.02)
        scores = {
            "yield": Score(mean=share, variance=4e-4),
            "cost": Score(mean=price(parameters) / share, variance=0.01),
        }
        return scored(f"S{i}", parameters, scores=scores)

    trials = tuple(result(i, p.parameters) for i, p in enumerate(first))
    found = make_proposer("athanor").propose(
        spec, History(trials=trials), load=2, size=6, seed=2
    )
    for proposal in found:
        mean = proposal.decision.mean
        share = min(max(mean["yield"], 0.01), 1.0)
        assert mean["cost"] == pytest.approx(price(proposal.parameters) / share)
