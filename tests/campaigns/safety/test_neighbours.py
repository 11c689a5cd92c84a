"""Co-firing: vapours, gases and melts of one sample upon another."""

from dataclasses import replace

from campaigns.safety.neighbours import neighbour_findings
from tests.campaigns.safety.powders import FURNACE, TABLE, portion, reagent, rules


def judged(*samples, furnace=FURNACE):
    return list(neighbour_findings(samples, 0, furnace, TABLE))


MOLYBDATE = portion("Na2MoO4", "MoO3", "Na2CO3", name="S0001", celsius=800)
TITANATE = portion("BaTiO3", "BaCO3", "TiO2", name="S0002", celsius=800)
OTHER = replace(TITANATE, name="S0003")


def test_a_volatile_sample_beside_a_sensitive_one_is_refused():
    (finding,) = (f for f in judged(MOLYBDATE, TITANATE, OTHER) if f.about == "Mo")
    assert (finding.rule, finding.severity) == ("co-firing-vapour", "refuse")
    assert finding.samples == ("S0001",)  # the fewer
    assert "loads of their own" in finding.remedy


def test_volatile_samples_among_themselves_are_not():
    twin = replace(MOLYBDATE, name="S0004")
    assert rules(judged(MOLYBDATE, twin), "refuse") == []
    cold = [replace(s, heatings=TITANATE.heatings) for s in (MOLYBDATE, TITANATE)]
    cold = [replace(s, heatings=(replace(s.heatings[0], celsius=600.0),)) for s in cold]
    assert ("co-firing-vapour", "Mo") not in rules(judged(*cold))


def test_a_lone_sample_has_no_neighbours():
    assert judged(MOLYBDATE) == []


def test_a_milder_vapour_is_warned_of():
    lithium = portion("LiCoO2", "Li2CO3", "Co3O4", name="S0001", celsius=1000)
    spinel = portion("MgAl2O4", "MgO", "Al2O3", name="S0002", celsius=1000)
    assert ("co-firing-vapour", "Li") in rules(judged(lithium, spinel), "warn")


def test_carbon_dioxide_upon_a_carbonate_free_route_is_warned_of():
    peroxide = portion("YBa2Cu3O7", "BaO2", "CuO", "Y2O3", name="S0001")
    carbonates = [
        portion("YBa2Cu3O7", reagent("BaCO3", 3.0), "CuO", "Y2O3", name=f"S000{n}")
        for n in (2, 3, 4)
    ]
    (finding,) = (f for f in judged(peroxide, *carbonates) if f.about == "CO2")
    assert (finding.rule, finding.severity) == ("co-firing-gas", "warn")
    assert finding.samples == ("S0001",)
    swept = replace(FURNACE, gas_litres_per_minute=200.0)
    found = judged(peroxide, *carbonates, furnace=swept)
    assert ("co-firing-gas", "CO2") not in rules(found)
    assert ("co-firing-gas", "CO2") not in rules(judged(*carbonates))


def test_hydrogen_chloride_upon_others_is_refused():
    salt = portion("MgO", "NH4Cl", "MgO", name="S0001")
    assert ("co-firing-gas", "HCl") in rules(judged(salt, TITANATE), "refuse")


def test_a_target_that_melts_may_reach_its_neighbours():
    hot = portion("Li2CO3", "Li2CO3", name="S0001", celsius=800)
    assert ("co-firing-melt", "Li2CO3") in rules(judged(hot, TITANATE))
    cold = portion("Li2CO3", "Li2CO3", name="S0001", celsius=700)
    assert ("co-firing-melt", "Li2CO3") not in rules(judged(cold, TITANATE))


def test_lids_make_a_warning_of_vapours_but_not_of_gases():
    def covered(sample):
        (heating,) = sample.heatings
        return replace(sample, heatings=(replace(heating, is_covered=True),))

    found = judged(covered(MOLYBDATE), covered(TITANATE))
    assert ("co-firing-vapour", "Mo") in rules(found, "warn")
    salt = portion("MgO", "NH4Cl", "MgO", name="S0001")
    found = judged(covered(salt), covered(TITANATE))
    assert ("co-firing-gas", "HCl") in rules(found, "refuse")
