"""First guesses from the literature in the first load."""

import pytest

from campaigns.guesses import Citation, LiteratureGuesses
from campaigns.results import History
from loop.errors import ProposalError
from loop.propose.proposer import make_proposer
from tests.loop.propose.oven import make_spec

FAVOURITE = "Y2O3 + BaO2 + CuO"


def make_guesses(**changes) -> LiteratureGuesses:
    found = {
        "file": "small.json",
        "file_sha256": "0" * 64,
        "reports": 27,
        "sets": {FAVOURITE: 0.9, "Y2O3 + BaCO3 + CuO": 0.1},
        "celsius": (790.0, 795.0, 800.0, 805.0, 810.0),
        "hours": (8.0, 8.0, 8.0, 8.0, 8.0),
        "atmospheres": {"O2": 1.0},
        "citations": (
            Citation(doi="10.1/a", target="YBa2Cu3O7", similarity=1, precursors=()),
        ),
    }
    return LiteratureGuesses(**(found | changes))


def propose(guesses, spec=None, history=None, size=2):
    proposer = make_proposer("athanor", literature=guesses)
    return proposer.propose(
        spec or make_spec(), history or History(), load=1, size=size, seed=3
    )


def test_the_first_load_starts_where_reports_point():
    first, *_ = propose(make_guesses())
    plain, *_ = propose(None)
    assert first.parameters["precursors"] == FAVOURITE
    assert first.parameters["fire.atmosphere"] == "O2"
    celsius = float(first.parameters["fire.temperature_celsius"])
    assert abs(celsius - 800) < abs(
        float(plain.parameters["fire.temperature_celsius"]) - 800
    )


def test_the_record_cites_and_hashes_what_was_used():
    guesses = make_guesses()
    decision = propose(guesses)[0].decision
    assert decision.model["literature.sha256"] == guesses.sha256
    assert "point to this one with 90%" in decision.reason
    assert "795 to 805 °C" in decision.reason
    assert "YBa2Cu3O7, doi:10.1/a" in decision.reason
    assert "Literature" not in propose(None)[0].decision.reason


def test_equal_guesses_give_equal_proposals_and_other_guesses_others():
    assert propose(make_guesses()) == propose(make_guesses())
    other = make_guesses(sets={"Y2O3 + Ba(NO3)2 + CuO": 1.0})
    assert propose(other)[0].parameters != propose(make_guesses())[0].parameters


def test_later_loads_keep_the_onset_and_name_the_guesses(first_load):
    guesses = make_guesses()
    (found,) = propose(guesses, history=first_load(3), size=1)
    assert found.decision.model["literature.sha256"] == guesses.sha256
    assert "Literature" not in found.decision.reason


@pytest.mark.parametrize(
    ("celsius", "nearest", "end"), [(1500.0, "1000", 1000.0), (300.0, "700", 700.0)]
)
def test_temperatures_outside_the_space_give_way_to_the_nearest(celsius, nearest, end):
    guesses = make_guesses(celsius=(celsius,) * 5)
    found = propose(guesses)[0]
    assert f"outside the space: {nearest} °C is the nearest allowed" in (
        found.decision.reason
    )
    assert found.parameters["fire.temperature_celsius"] == pytest.approx(end, abs=50)


def test_a_gas_that_the_space_lacks_is_not_used_and_this_is_said():
    foreign = make_guesses(atmospheres={"hydrogen+N2": 1.0})
    found = propose(foreign)[0]
    assert "which the space does not allow: not used" in found.decision.reason
    silent = propose(make_guesses(atmospheres={}))[0]
    assert found.parameters == silent.parameters


def test_guesses_of_sets_alone_leave_the_firing_to_the_range():
    bare = make_guesses(celsius=(), hours=(), atmospheres={}, citations=())
    found = propose(bare)[0]
    plain = propose(None)[0]
    assert found.parameters["precursors"] == FAVOURITE
    assert (
        found.decision.model["prior.onset_kelvin"]
        == (plain.decision.model["prior.onset_kelvin"])
    )


def test_the_baselines_know_no_literature():
    with pytest.raises(ProposalError, match="found the proposer random; allowed: ath"):
        make_proposer("random", literature=make_guesses())
