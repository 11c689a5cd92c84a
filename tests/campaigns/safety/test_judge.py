"""All rules together: acceptance, order, and which samples a load loses."""

from dataclasses import replace

from campaigns.safety import Acceptance, judge
from campaigns.safety.findings import RULES, refusals, worst_first
from tests.campaigns.safety.powders import CLOSED, OPEN, portion, reagent, setting

CADMIUM = portion("CdTiO3", "CdO", "TiO2", name="S0001", celsius=700)
NITRATE = portion("BaTiO3", "Ba(NO3)2", "TiO2", name="S0001")


def test_an_accepted_refusal_is_a_warning_that_says_so():
    alone = judge([CADMIUM], setting(CLOSED), ())
    assert set(alone.refused) == {"S0001"}
    given = (Acceptance("toxic-dust", "glove box, J. Doe 2026-01-01", "Cd"),)
    accepted = judge([CADMIUM], setting(CLOSED), given)
    assert accepted.refused == {}
    (finding,) = (f for f in accepted.findings if f.rule == "toxic-dust")
    assert (finding.severity, finding.accepted) == ("warn", given[0].reason)


def test_acceptance_is_for_one_thing_where_it_names_one():
    given = (Acceptance("toxic-dust", "glove box, J. Doe 2026-01-01", "Be"),)
    assert judge([CADMIUM], setting(CLOSED), given).refused


def test_hard_refusals_cannot_be_accepted():
    given = (Acceptance("gas-toxic", "we shall hold our breath"),)
    judged = judge([NITRATE], setting(OPEN), given)
    assert judged.refused["S0001"].rule == "gas-toxic"


def test_a_load_loses_the_samples_that_add_most_until_it_passes():
    small = [
        portion("BaTiO3", reagent("Ba(NO3)2", 0.05), "TiO2", name=f"S000{n}")
        for n in (1, 2)
    ]
    large = portion("BaTiO3", reagent("Ba(NO3)2", 3.0), "TiO2", name="S0003")
    judged = judge([*small, large], setting(OPEN), ())
    assert set(judged.refused) == {"S0003"}
    assert judge(small, setting(OPEN), ()).refused == {}


def test_what_is_refused_alone_leaves_the_load_before_it_is_judged():
    hot = portion("BaTiO3", reagent("KClO3", 0.5), "C", name="S0009")
    judged = judge([NITRATE, hot], setting(), ())
    assert set(judged.refused) == {"S0009"}


def test_the_worst_comes_first():
    findings = judge([CADMIUM, replace(NITRATE, name="S2")], setting(OPEN), ()).findings
    ranks = [(f.severity == "warn", not f.is_hard) for f in findings]
    assert ranks == sorted(ranks)
    assert worst_first(findings) == findings
    assert refusals(findings)


def test_every_rule_that_speaks_has_a_name_in_the_list():
    samples = [CADMIUM, replace(NITRATE, name="S2"), portion("LiF", "LiF", name="S3")]
    assert {f.rule for f in judge(samples, setting(OPEN), ()).findings} <= set(RULES)


def test_a_warning_keeps_samples_apart_where_its_rule_is_named():
    lithium = portion("LiCoO2", "Li2CO3", "Co3O4", name="S0001", celsius=1000)
    spinel = portion("MgAl2O4", "MgO", "Al2O3", name="S0002", celsius=1000)
    both, place = (lithium, spinel), setting(CLOSED)
    assert judge(both, place, (), alone=False).refused == {}
    strict = judge(both, place, (), alone=False, apart=("co-firing-vapour",))
    assert set(strict.refused) == {"S0002"}
    taken = Acceptance("co-firing-vapour", "a little lithium does no harm", "Li")
    assert judge(both, place, (taken,), alone=False, apart=("co-firing-vapour",)
                 ).refused == {}  # fmt: skip
