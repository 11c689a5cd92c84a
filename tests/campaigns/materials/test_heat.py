"""What heat does to the phases: phrases, look-ups, and rows that agree."""

import pytest

from campaigns.materials.atmospheres import PRESSURES
from campaigns.materials.heat import Change, first
from campaigns.materials.phases import PhaseTable

TABLE = PhaseTable.load()


def test_a_change_reads_as_a_phrase() -> None:
    assert str(Change("decomposes", 895, "CO2", "CaO")) == (
        "decomposes at 895 °C in CO2 to CaO"
    )
    assert str(Change("turns", 120, "any", "BaTiO3-cubic")) == (
        "turns at 120 °C into BaTiO3-cubic"
    )
    assert str(Change("melts", 1326, "closed", "")) == "melts at 1326 °C in its own gas"


@pytest.mark.parametrize(
    ("gas", "celsius"), [("air", 1028), ("O2", 1115), ("N2", None), (None, 1028)]
)
def test_the_first_decomposition_depends_on_the_gas(gas, celsius) -> None:
    assert first(TABLE["CuO"].heat, "decomposes", gas) == celsius


def test_what_any_gas_does_counts_in_every_gas() -> None:
    assert first(TABLE["MoO3"].heat, "evaporates", "air") == 650


@pytest.mark.parametrize("name", ["BaCO3", "SrCO3", "CaCO3"])
def test_carbonates_hold_out_longer_in_carbon_dioxide(name) -> None:
    changes = TABLE[name].heat
    in_air, in_gas = (first(changes, "decomposes", gas) for gas in ("air", "CO2"))
    assert in_air is not None
    assert in_gas is not None
    assert in_air < in_gas


@pytest.mark.parametrize("name", ["CuO", "Co3O4", "Fe2O3", "BaO2"])
def test_oxides_hold_out_longer_in_oxygen(name) -> None:
    changes = TABLE[name].heat
    in_air, in_gas = (first(changes, "decomposes", gas) for gas in ("air", "O2"))
    assert in_air is not None
    assert in_gas is not None
    assert in_air < in_gas


def test_a_form_that_turns_names_the_other() -> None:
    pairs = {
        (name, change.into)
        for name, phase in TABLE.items()
        for change in phase.heat
        if change.event == "turns" and change.into
    }
    assert {
        ("TiO2-anatase", "TiO2-rutile"),
        ("CaSiO3", "CaSiO3-pseudowollastonite"),
        ("Ca3(PO4)2", "Ca3(PO4)2-alpha"),
        ("ZrO2", "ZrO2-tetragonal"),
    } <= pairs
    assert not {(b, a) for a, b in pairs} & pairs


def test_every_row_says_where_it_is_fired_and_in_what() -> None:
    for name, phase in TABLE.items():
        assert phase.crucibles, name
        assert phase.atmospheres, name
        assert set(phase.atmospheres) <= set(PRESSURES)
