"""Whether the target was made: said, denied, or withheld with the reason."""

import math

import numpy as np
import pytest

from campaigns.results import Hypothesis, Identification, PhaseFractions
from loop.analyse.objectives import score
from loop.analyse.verdict import judge, shares, twins_of_target
from tests.loop.analyse.synthetic import TABLE
from tests.loop.analyse.test_objectives import FACTS, spec

T, TWIN, REST = "YBa2Cu3O7", "Y2BaCuO5", "CuO"
TARGET = (T, "YBa2Cu3O6")


def found(weights, *, sets=None, alternatives=None, sigma=0.03, is_usable=True):
    """Return an identification; `sets` gives (probability, weights) of hypotheses."""
    sets = sets or [(1.0, weights)]
    names = sorted({name for _, one in sets for name in one} | set(weights))
    names = [n for n in names if n not in ("unknown", "amorphous")]
    names += ["unknown", "amorphous"]
    mean = sum(p * np.array([one.get(n, 0.0) for n in names]) for p, one in sets)
    spread = np.zeros((len(names), len(names)))
    for p, one in sets:
        w = np.array([one.get(n, 0.0) for n in names])
        spread += p * sigma**2 * (np.diag(w) - np.outer(w, w))
        spread += p * np.outer(w - mean, w - mean)
    crystals = [
        (p, {n: w for n, w in one.items() if n not in ("unknown", "amorphous")})
        for p, one in sets
    ]
    return Identification(
        fractions=PhaseFractions(
            phases=tuple(names),
            mean=tuple(map(float, mean)),
            covariance=tuple(map(tuple, spread)),
        ),
        rwp=0.05,
        gof=1.2,
        hypotheses=tuple(
            Hypothesis(
                weights={n: w / sum(one.values()) for n, w in one.items()},
                probability=p,
                rwp=0.05,
            )
            for p, one in crystals
        ),
        alternatives=alternatives or {},
        quality=() if is_usable else ("saturated: the detector stops",),
        is_usable=is_usable,
    )


@pytest.mark.parametrize(
    ("identification", "says", "reason"),
    [
        (found({T: 0.9, REST: 0.1}), "made", "90% ± 1%"),
        (found({T: 0.2, REST: 0.8}), "not made", "20%"),
        (found({REST: 1.0}), "not made", "0%"),
        (found({T: 0.5, REST: 0.5}, sigma=0.1), "withheld", "too near to 50%"),
        (found({T: 0.9, REST: 0.1}, is_usable=False), "withheld", "saturated"),
        # A look-alike that is no target fits as well; one that is a target does not
        # matter, nor does one of a phase too small to change the answer.
        (
            found({T: 0.9, REST: 0.1}, alternatives={T: (TWIN,)}),
            "withheld",
            f"{T} may be {TWIN}",
        ),
        (
            found({T: 0.9, REST: 0.1}, alternatives={T: ("YBa2Cu3O6",)}),
            "made",
            "",
        ),
        (
            found({T: 0.9, "YBa2Cu3O6": 0.1}, alternatives={"YBa2Cu3O6": (TWIN,)}),
            "made",
            "",
        ),
        (
            found({TWIN: 0.9, REST: 0.1}, alternatives={TWIN: (T,)}),
            "withheld",
            f"{TWIN} may be {T}",
        ),
        (
            found({T: 0.9, REST: 0.1}, alternatives={REST: (T,)}),
            "made",
            "",
        ),
        (found({T: 0.45, REST: 0.35, "unknown": 0.2}), "withheld", "20% .* unknown"),
        (found({T: 0.75, REST: 0.05, "unknown": 0.2}), "made", ""),
        (found({T: 0.05, REST: 0.75, "unknown": 0.2}), "not made", ""),
        (found({T: 0.7, "amorphous": 0.3}), "withheld", "30% .* amorphous"),
        (found({REST: 0.7, "amorphous": 0.3}), "not made", ""),
    ],
)
def test_verdicts(identification, says, reason):
    import re

    verdict = judge(spec(), identification, TARGET)
    assert (verdict.says, bool(re.search(reason, verdict.reason))) == (says, True)


def test_equally_good_sets_of_phases_withhold_it_and_are_flagged():
    with_target, without = {T: 0.9, REST: 0.1}, {TWIN: 0.9, REST: 0.1}
    doubtful = found(with_target, sets=[(0.6, with_target), (0.4, without)])
    verdict = judge(spec(), doubtful, TARGET)
    assert verdict.says == "withheld"
    assert verdict.probability == pytest.approx(0.6, abs=1e-6)
    assert twins_of_target(doubtful, TARGET) == (TWIN,)
    scored = score(spec(), doubtful, facts=FACTS, table=TABLE)["yield"]
    assert f"target or {TWIN}: equally good" in scored.flags
    # The variance carries the doubt: 0.9 with 60 %, none with 40 %.
    assert math.sqrt(scored.variance) == pytest.approx(0.9 * math.sqrt(0.24), rel=0.02)


def test_sets_that_differ_in_variants_of_the_target_are_no_doubt():
    one, other = {T: 0.9, REST: 0.1}, {"YBa2Cu3O6": 0.9, REST: 0.1}
    alike = found(one, sets=[(0.5, one), (0.5, other)])
    assert judge(spec(), alike, TARGET).says == "made"
    assert twins_of_target(alike, TARGET) == ()


def test_an_unlikely_twin_is_not_flagged():
    one, other = {T: 0.9, REST: 0.1}, {TWIN: 0.9, REST: 0.1}
    sure = found(one, sets=[(0.95, one), (0.05, other)])
    assert twins_of_target(sure, TARGET) == ()
    assert judge(spec(), sure, TARGET).says == "made"


def test_the_share_and_its_variance():
    identification = found({T: 0.6, REST: 0.2, "unknown": 0.1, "amorphous": 0.1})
    known = shares(identification, TARGET)
    assert known.target == pytest.approx(0.75)
    scored = score(spec(), identification, facts=FACTS, table=TABLE)["yield"]
    assert known.variance == pytest.approx(0.03**2 * 0.75 * 0.25 / 0.8, rel=1e-6)
    assert scored.mean == pytest.approx(known.target)


def test_the_campaign_says_how_much_and_how_surely():
    strict = spec().model_copy(
        update={
            "target": spec().target.model_copy(update={"made_at_least": 0.95}),
        }
    )
    assert judge(strict, found({T: 0.9, REST: 0.1}), TARGET).says == "not made"
    assert judge(strict, found({T: 0.95, REST: 0.05}), TARGET).says == "withheld"
