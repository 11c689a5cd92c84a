"""Batches in the fire: conservation, and what chemists know."""

import numpy as np
import pytest

from campaigns.errors import MaterialError
from loop.knowledge.pairwise import packaged
from loop.knowledge.pairwise_beliefs import N_DRAWS, deviate
from loop.knowledge.pairwise_firing import Firing, fire, weight_shares

CUPRATE = (("BaCO3", 2.0), ("CuO", 3.0), ("Y2O3", 0.5))


def mean_shares(batch, celsius, hours=10.0, gas="air"):
    fired = fire(packaged(), batch, (Firing(celsius, hours, gas),))
    names = list(fired.moles)
    means = weight_shares(packaged(), fired, names).mean(axis=0)
    return dict(zip(names, means, strict=True))


@pytest.mark.parametrize(
    "batch",
    [
        CUPRATE,
        (("BaO2", 1.0), ("BaO", 1.0), ("Cu2O", 1.5), ("Y2(CO3)3", 0.5)),
        (("BaCO3", 1.0), ("TiO2", 1.0)),
    ],
)
@pytest.mark.parametrize("celsius", [600.0, 900.0])
def test_cations_are_kept_in_every_draw(batch, celsius):
    chemistry = packaged()
    firings = (Firing(celsius, 4.0), Firing(950.0, 10.0))
    fired = fire(chemistry, batch, firings)
    for element in ("Ba", "Cu", "Y", "Ti"):
        before = sum(
            n * float(chemistry.formula(name).amount(element)) for name, n in batch
        )
        after = sum(
            n * float(chemistry.formula(name).amount(element))
            for name, n in fired.moles.items()
        )
        assert after == pytest.approx(np.full(N_DRAWS, before), rel=1e-9, abs=1e-9)


def test_copper_carbonate_is_copper_oxide_by_then():
    chemistry = packaged()
    firings = (Firing(900.0, 4.0),)
    oxide = fire(chemistry, (("BaO2", 2.0), ("CuO", 3.0), ("Y2O3", 0.5)), firings)
    other = fire(chemistry, (("BaO2", 2.0), ("CuCO3", 3.0), ("Y2O3", 0.5)), firings)
    assert other.stand_ins == {"CuCO3": ("CuO",)}
    for name, n in oxide.moles.items():
        assert other.moles[name] == pytest.approx(n)


def test_barium_carbonate_persists_and_peroxide_does_not():
    assert mean_shares((("BaCO3", 1.0),), 800.0)["BaCO3"] > 0.99
    assert mean_shares((("BaO2", 1.0),), 950.0).get("BaO2", 0.0) < 0.2
    slow = mean_shares(CUPRATE, 850.0)
    fast = mean_shares((("BaO2", 2.0), ("CuO", 3.0), ("Y2O3", 0.5)), 850.0)
    assert slow["BaCO3"] > 0.3
    assert fast.get("BaO2", 0.0) < 0.01
    assert fast["YBa2Cu3O6"] > slow["YBa2Cu3O6"]


def test_hotter_and_longer_go_further():
    left = [mean_shares(CUPRATE, t)["BaCO3"] for t in (700.0, 850.0, 1000.0)]
    assert left == sorted(left, reverse=True)
    assert (
        mean_shares(CUPRATE, 900.0, 20.0)["BaCO3"]
        < (mean_shares(CUPRATE, 900.0, 2.0)["BaCO3"])
    )


def test_a_second_firing_goes_on_from_the_first():
    once, twice = (
        fire(packaged(), CUPRATE, (Firing(900.0, 10.0),) * n).moles["BaCO3"].mean()
        for n in (1, 2)
    )
    assert twice < 0.9 * once


def test_a_composition_that_no_known_solid_makes_up_is_refused():
    with pytest.raises(MaterialError, match="Tl2O3 has no free energy and is no sum"):
        fire(packaged(), (("Tl2O3", 1.0),), (Firing(900.0, 1.0),))


def test_draws_depend_on_their_name_alone():
    assert deviate("a") is deviate("a")
    assert abs(np.corrcoef(deviate("a"), deviate("b"))[0, 1]) < 0.3
    assert deviate("a").mean() == pytest.approx(0.0, abs=1e-12)
    assert deviate("a").std() == pytest.approx(1.0)
