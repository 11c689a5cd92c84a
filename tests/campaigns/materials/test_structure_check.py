"""The checker passes the table and catches each kind of planted fault."""

from dataclasses import replace

import pytest

from campaigns.materials.formula import Formula
from campaigns.materials.phases import Phase, PhaseTable
from campaigns.materials.structure_check import check, check_phase

TABLE = PhaseTable.load()


def with_site(phase: Phase, label: str, **changes) -> Phase:
    sites = tuple(
        replace(site, **changes) if site.label == label else site
        for site in phase.sites
    )
    return replace(phase, sites=sites)


def test_the_table_is_free_of_faults() -> None:
    assert [str(problem) for problem in check(TABLE)] == []


FAULTS = {
    "origin of the other choice": (replace(TABLE["Co3O4"], hall=525), "valence sum"),
    "origin, cuprite": (replace(TABLE["Cu2O"], hall=521), "formula"),
    "axes of another setting": (replace(TABLE["BaCO3"], hall=294), "bond"),
    "subgroup stated": (replace(TABLE["NiO"], hall=227), "symmetry"),
    "cell edge mistyped": (
        replace(TABLE["NiO"], cell=(4.2771, 4.2771, 4.2771, 90.0, 90.0, 90.0)),
        "density",
    ),
    "no density cited": (replace(TABLE["NiO"], xray_density=None), "density"),
    "formula of another oxide": (
        replace(TABLE["CuO"], formula=Formula.parse("Cu2O")),
        "formula",
    ),
    "charge off": (
        replace(TABLE["NiO"], formula=Formula.parse("Ni3O8")),
        "charge",
    ),
    "peroxide called an oxide": (replace(TABLE["BaO2"], valence="plain"), "charge"),
    "element without a charge": (
        replace(TABLE["NiO"], formula=Formula.parse("XeO")),
        "charge",
    ),
    "digit lost in a coordinate": (
        with_site(TABLE["CaCO3"], "O1", xyz=(0.2068, 0.0, 0.25)),
        "contact",
    ),
    "carbonate too large": (
        with_site(TABLE["CaCO3"], "O1", xyz=(0.2768, 0.0, 0.25)),
        "bond",
    ),
    "one cation for another": (with_site(TABLE["MgO"], "Mg1", element="Ba"), "bond"),
    "no such Hall number": (replace(TABLE["NiO"], hall=999), "structure"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_caught(fault: str) -> None:
    phase, kind = FAULTS[fault]
    assert kind in {problem.kind for problem in check_phase(phase)}


def test_a_problem_reads_as_one_line() -> None:
    problem = check_phase(replace(TABLE["NiO"], xray_density=5.0))[0]
    assert str(problem).startswith("NiO: density: the cell gives 6.8")


def test_mixed_valence_has_limits() -> None:
    phase = replace(TABLE["YBa2Cu3O7"], formula=Formula.parse("YBa2Cu3O9"))
    assert "charge" in {problem.kind for problem in check_phase(phase)}
