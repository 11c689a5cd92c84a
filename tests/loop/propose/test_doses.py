"""What can be weighed out: exact figures, the doser's range, the stock."""

import numpy as np
import pytest

from campaigns.precursors import precursor_sets
from campaigns.results import History
from campaigns.synthesis import grams_to_dose, planned_excess, set_of
from loop.errors import ProposalError
from loop.propose.doses import Doses, doses_of
from loop.propose.proposer import make_proposer
from loop.propose.seats import ask
from tests.campaigns.solutions import titanate

EXCESS = {"Ti": {"min": -0.05, "max": 0.05, "step": 0.05}}
SHORT = [
    "BaCO3", "SrCO3", {"formula": "TiO2", "stock_grams": 3.0}, "BaTi2O5",
]  # fmt: skip


def own(spec, history=None):
    question = ask(spec, history or History(), load=1, size=4, seed=0)
    return question, list(question.pool.samples)


def test_doses_are_those_of_the_recipe():
    spec = titanate(excess=EXCESS)
    question, samples = own(spec)
    found = question.doses.grams(samples)
    for sample, grams in zip(samples[::5], found[::5], strict=True):
        exact = grams_to_dose(spec, set_of(spec, sample), planned_excess(sample))
        listed = [exact.get(p.label, 0.0) for p in spec.precursors]
        assert grams == pytest.approx(listed, abs=1e-12)


def test_what_a_set_cannot_make_is_never_proposed():
    question, samples = own(titanate())
    rich = [s for s in samples if s["precursors"] == "BaCO3 + SrCO3 + BaTi2O5"]
    assert min(s["share.Ba"] for s in rich) == 0.5
    spec = question.spec
    for sample in samples:
        set_of(spec, sample)  # or it would raise


def test_sets_that_differ_in_nothing_dosed_are_one_sample():
    spec = titanate().model_copy(update={"precursors": titanate(excess={}).precursors})
    _, samples = own(spec)
    pure = [s for s in samples if s["share.Sr"] == 0.0]
    doses = Doses(spec, precursor_sets(spec)).grams(pure)
    assert len(np.unique(doses.round(6), axis=0)) == len(pure)


def test_doses_beyond_the_doser_are_not_proposed():
    spec = titanate()
    history = History(dose_grams=(0.1, 10.0))
    question, samples = own(spec, history)
    grams = question.doses.grams(samples)
    assert grams[grams > 0].min() >= 0.1
    assert len(samples) < len(own(spec)[1])
    with pytest.raises(ProposalError, match="doser's range"):
        own(spec, History(dose_grams=(5.0, 10.0)))


@pytest.mark.parametrize("name", ["random", "athanor"])
def test_a_load_takes_no_more_than_the_stock(name):
    spec = titanate().model_copy(
        update={"precursors": type(titanate()).model_validate(
            titanate().model_dump(by_alias=True) | {"precursors": SHORT}
        ).precursors}
    )  # fmt: skip
    used = {"TiO2": 1.5}  # 1.5 g are left: about 4 samples by TiO2 alone
    history = History(used_grams=used)
    found = make_proposer(name).propose(spec, history, load=1, size=8, seed=1)
    doses = doses_of(spec, precursor_sets(spec), history)
    grams = doses.grams([p.parameters for p in found]).sum(axis=0)
    assert grams[2] <= 1.5
    assert len(found) >= 4


def test_nothing_left_is_said():
    spec = titanate()
    used = {p.label: p.stock_grams for p in spec.precursors}
    with pytest.raises(ProposalError, match="left in stock; buy more"):
        own(spec, History(used_grams=used))
