"""A longer scan is asked for where it would change the decision, and only there."""

from dataclasses import replace

import numpy as np
import pytest

from loop.analyse.detection import counting_errors, limits_of_detection
from loop.analyse.phases import identify
from loop.analyse.rescan import Question, expected_gain, reason_for_longer
from loop.analyse.verdict import shares
from tests.loop.analyse.synthetic import TABLE, WAVELENGTHS, make, references

T = "YBa2Cu3O7"
NAMES = (T, "Y2BaCuO5", "CuO", "BaCO3")
REFERENCES = references(*NAMES)
SHARES = {T: 0.7, "Y2BaCuO5": 0.2, "CuO": 0.1}


def scan(weights, *, peak=8000.0, seed=1):
    pattern = make(weights, peak=peak, background=peak / 40, high=60.0, seed=seed)
    return identify(pattern, REFERENCES)


FOUND, FIT = scan(SHARES)


def ask(found=FOUND, fit=FIT, **changes):
    question = replace(Question(target=(T,), limits=(0.5,)), **changes)
    return reason_for_longer(
        found, fit, question, references=REFERENCES, wavelength=WAVELENGTHS[0]
    )


def test_a_clear_answer_needs_no_longer_scan():
    assert ask() == ""
    assert ask(best=0.4) == ""


def test_few_counts_near_a_limit():
    found, fit = scan(SHARES, peak=300.0)
    share = shares(found, (T,)).target
    assert ask(found, fit, limits=(share,)).startswith("few counts: ")
    assert ask(found, fit, best=share).startswith("few counts: ")
    assert ask(found, fit, limits=(share - 0.3,)) == ""
    # With counts enough, the same distance is decided already.
    assert ask(limits=(shares(FOUND, (T,)).target,)) == ""


def test_a_longer_scan_that_is_hardly_longer_changes_nothing():
    found, fit = scan(SHARES, peak=300.0)
    limit = shares(found, (T,)).target
    assert ask(found, fit, limits=(limit,), saved=0.01) == ""


def test_doubt_between_sets_of_phases_counts_as_far_as_noise_makes_it():
    with_target, without = {T: 0.6, "CuO": 0.4}, {"CuO": 1.0}
    base = FOUND.hypotheses[0]
    sets = tuple(
        base.model_copy(update={"weights": one, "probability": p})
        for one, p in ((with_target, 0.6), (without, 0.4))
    )
    doubtful = FOUND.model_copy(update={"hypotheses": sets, "gof": 1.0})
    assert ask(doubtful).startswith("ambiguous: ")
    systematic = doubtful.model_copy(update={"gof": 60.0})
    assert ask(systematic) == ""


def test_an_unusable_result_is_worth_a_longer_scan_if_noise_made_it_so():
    noisy = FOUND.model_copy(update={"is_usable": False, "gof": 1.1})
    assert ask(noisy).startswith("not usable, and noise")
    assert ask(noisy.model_copy(update={"gof": 9.0})) == ""


def test_impurities_that_could_not_be_seen():
    found, fit = scan({T: 1.0}, peak=400.0)
    assert "BaCO3 below" in ask(found, fit, impurities=("BaCO3",))
    # A sample better than all before should be free from what others held.
    assert "BaCO3 below" in ask(found, fit, suspects=("BaCO3",))
    assert ask(found, fit, suspects=("BaCO3",), best=1.0) == ""
    assert ask(*scan({T: 1.0}, peak=1e6), impurities=("BaCO3",)) == ""


def test_counting_errors_are_those_of_repeated_scans():
    _, fit = scan(SHARES, peak=500.0)
    expected = fit.calculated
    columns = np.stack([*fit.phases.values(), fit.background], 1)
    root = 1.0 / np.sqrt(expected)[:, None]
    rng = np.random.default_rng(3)
    fitted = [
        np.linalg.lstsq(columns * root, rng.poisson(expected) * root[:, 0])[0]
        for _ in range(400)
    ]
    k = len(fit.phases)
    seen = np.cov(np.array(fitted).T)[:k, :k]
    predicted = counting_errors(fit)
    assert np.sqrt(np.diag(predicted)) == pytest.approx(
        np.sqrt(np.diag(seen)), rel=0.12
    )


def test_counting_errors_halve_with_four_times_the_counts():
    few, many = (counting_errors(scan(SHARES, peak=p)[1])[0, 0] for p in (1e3, 4e3))
    assert few / many == pytest.approx(4.0, rel=0.1)


def test_the_limit_of_detection_is_where_phases_are_found():
    found, fit = scan({T: 1.0}, peak=2000.0)
    limits = limits_of_detection(found, fit, REFERENCES, wavelength=WAVELENGTHS[0])
    assert set(limits) == set(NAMES) - set(fit.phases)
    limit = limits["BaCO3"]
    seen = {
        factor: [
            "BaCO3"
            in scan({T: 1 - factor * limit, "BaCO3": factor * limit}, peak=2000.0,
                    seed=seed)[1].phases
            for seed in (2, 3)
        ]
        for factor in (0.1, 1.5)
    }  # fmt: skip
    assert not any(seen[0.1])
    assert all(seen[1.5])


@pytest.mark.parametrize(
    ("distance", "sd", "gain"),
    [(0.0, 0.01, 0.01 * 0.39894), (0.01, 0.01, 0.01 * 0.08332), (0.1, 0.0, 0.0)],
)
def test_expected_gain(distance, sd, gain):
    # Tabulated unit normal loss: Raiffa & Schlaifer (1961), table II.
    assert expected_gain(distance, sd) == pytest.approx(gain, rel=1e-3)
    assert expected_gain(-distance, sd) == expected_gain(distance, sd)


def test_it_takes_no_time():
    import time

    began = time.process_time()
    for _ in range(10):
        ask()
    assert time.process_time() - began < 0.5
    assert TABLE[T].has_structure
