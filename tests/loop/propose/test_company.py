"""Who may share a furnace."""

from loop.propose.company import Company
from tests.loop.propose.oven import make_spec
from tests.loop.propose.sites import tight

HOT = {"fire.temperature_celsius": 900.0, "fire.atmosphere": "air"}
CARBONATE = {"precursors": "Y2O3 + BaCO3 + CuO"}
PEROXIDE = {"precursors": "Y2O3 + BaO2 + CuO"}
STRICT = {"apart": ["co-firing-gas"]}


def test_a_sample_without_carbonate_is_kept_from_those_with_it():
    spec = make_spec(loads=STRICT)
    company = Company(spec, tight(spec))
    assert company.objection(HOT, [], CARBONATE) == ""
    assert company.objection(HOT, [CARBONATE], CARBONATE) == ""
    said = company.objection(HOT, [CARBONATE], PEROXIDE)
    assert said.startswith("co-firing-gas: ")
    assert "CO2 of Y2O3 + BaCO3 + CuO beside Y2O3 + BaO2 + CuO" in said
    assert company.apart(HOT) == {PEROXIDE["precursors"]: said}
    assert company.apart({**HOT, "fire.temperature_celsius": 700.0}) == {}


def test_those_with_a_place_already_count():
    spec = make_spec(loads=STRICT)
    assert Company(spec, tight(spec), (PEROXIDE,)).objection(HOT, [], CARBONATE)


def test_a_warning_alone_and_an_accepted_refusal_keep_nobody_out():
    plain = make_spec()
    assert not Company(plain, tight(plain)).objection(HOT, [CARBONATE], PEROXIDE)
    accept = {"rule": "co-firing-gas", "reason": "measured: it does no harm here"}
    given = make_spec(loads=STRICT, safety={"accept": [accept]})
    assert not Company(given, tight(given)).objection(HOT, [CARBONATE], PEROXIDE)


def test_where_nothing_is_known_of_the_furnace_everybody_may_share_it():
    assert not Company(make_spec(loads=STRICT)).objection(HOT, [CARBONATE], PEROXIDE)
