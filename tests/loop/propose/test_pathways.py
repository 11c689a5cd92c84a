"""Expected pathways as descriptors of sets."""

from math import isnan

import numpy as np
import pytest

from campaigns.pathways import LearnedPathways, SetPathway
from campaigns.precursors import precursor_sets
from campaigns.results import History
from loop.errors import ProposalError
from loop.propose.encoders import encoder
from loop.propose.features import NothingKnown
from loop.propose.pathways import BEGINS, LEFT, Pathways
from loop.propose.proposer import make_proposer
from loop.propose.space import search_space
from tests.loop.propose.oven import make_spec

CARBONATE, PEROXIDE = "Y2O3 + BaCO3 + CuO", "Y2O3 + BaO2 + CuO"
NITRATE = "Y2O3 + Ba(NO3)2 + CuO"


def make_told(**changes):
    found = {
        "file": "learned.json",
        "file_sha256": "0" * 64,
        "powders": 24,
        "atmosphere": "air",
        "highest_celsius": 1200.0,
        "sets": {
            CARBONATE: SetPathway(
                begins_celsius=880.0, left_kilojoules=-3.3, left_sigma_kilojoules=1.8,
                by_way_of=("BaCuO2", "Y2BaCuO5"),
            ),
            PEROXIDE: SetPathway(
                begins_celsius=None, left_kilojoules=-0.3, left_sigma_kilojoules=1.4
            ),
        },
    }  # fmt: skip
    return LearnedPathways(**(found | changes))


def encoded(told, spec=None):
    spec = spec or make_spec()
    sets = precursor_sets(spec)
    space = search_space(spec, [found.label for found in sets])
    return encoder(spec, space, sets, NothingKnown(), told)


def propose(told, history=None):
    return make_proposer("athanor", facts=NothingKnown(), learned=told).propose(
        make_spec(), history or History(), load=1, size=2, seed=3
    )


def test_a_set_is_described_as_far_as_its_pathway_is_known():
    found = Pathways(make_told())
    assert found.descriptors(CARBONATE) == {BEGINS: 880.0, LEFT: -3.3}
    # A target that does not begin is no sooner than the hottest looked at.
    assert found.descriptors(PEROXIDE)[BEGINS] == 1200.0
    assert all(map(isnan, found.descriptors(NITRATE).values()))


def test_pathways_tell_sets_apart_and_unknown_ones_stand_at_the_mean():
    told, plain = encoded(make_told()), encoded(None)
    features = told.features
    assert features.descriptors == (*plain.features.descriptors, BEGINS, LEFT)
    onsets = features.values[:, features.descriptors.index(BEGINS)]
    rows = [features.row(label) for label in (CARBONATE, PEROXIDE, NITRATE)]
    assert np.sign(onsets[rows]).tolist() == [-1, 1, 0]
    assert told.rows([]).shape[1] == plain.rows([]).shape[1] + 2


def test_without_a_difference_nothing_changes():
    one = make_told().sets[CARBONATE]
    same = dict.fromkeys((CARBONATE, PEROXIDE), one)
    found, plain = encoded(make_told(sets=same)), encoded(None)
    assert found.features.descriptors == plain.features.descriptors
    assert np.array_equal(found.features.values, plain.features.values)


def test_the_record_names_the_file_and_says_the_pathway(first_load):
    told = make_told()
    for history in (None, first_load(4)):
        decision = propose(told, history)[0].decision
        assert decision.model["learned.sha256"] == told.sha256
        assert decision.model["learned.file_sha256"] == told.file_sha256
        assert " Pathway (learned.json, 24 powders): " in decision.reason
    assert "Pathway" not in propose(None)[0].decision.reason


@pytest.mark.parametrize(
    ("label", "words"),
    [
        (
            CARBONATE,
            "by way of BaCuO2, Y2BaCuO5; the target begins at about 880 °C in air,"
            " -3.3 ± 1.8 kJ/mol of atoms left for it.",
        ),
        (PEROXIDE, "the target is not expected up to 1200 °C in air, -0.3 ± 1.4"),
        (NITRATE, "not known."),
    ],
)
def test_a_line_says_what_is_expected(label, words):
    line = Pathways(make_told()).words({"precursors": label})
    assert words in line
    assert "\n" not in line


def test_a_decision_tells_the_descriptors_that_are_known():
    found = encoded(make_told())
    point = {"fire.temperature_celsius": 900.0, "fire.atmosphere": "air"}
    assert found.described({**point, "precursors": CARBONATE})[LEFT] == -3.3
    assert LEFT not in found.described({**point, "precursors": NITRATE})


def test_equal_knowledge_gives_equal_proposals():
    assert propose(make_told()) == propose(make_told())


def test_baselines_know_no_pathways():
    with pytest.raises(ProposalError, match="--learned: found the proposer random"):
        make_proposer("random", learned=make_told())
