"""Formulas are read exactly and written back."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import MaterialError
from campaigns.materials.elements import ATOMIC_WEIGHTS
from campaigns.materials.formula import Formula

AMOUNTS = st.dictionaries(
    st.sampled_from(sorted(ATOMIC_WEIGHTS)),
    st.fractions(min_value=Fraction(1, 50), max_value=40, max_denominator=60),
    min_size=1,
    max_size=6,
)


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("YBa2Cu3O7", {"Y": 1, "Ba": 2, "Cu": 3, "O": 7}),
        ("YBa2Cu3O6.93", {"Y": 1, "Ba": 2, "Cu": 3, "O": Fraction(693, 100)}),
        ("Y2(CO3)3.3H2O", {"Y": 2, "C": 3, "O": 12, "H": 6}),
        ("Y2(CO3)3·3H2O", {"Y": 2, "C": 3, "O": 12, "H": 6}),
        ("CaSO4.0.5H2O", {"Ca": 1, "S": 1, "O": Fraction(9, 2), "H": 1}),
        ("CaSO4.1/2H2O", {"Ca": 1, "S": 1, "O": Fraction(9, 2), "H": 1}),
        ("LiOH.H2O", {"Li": 1, "O": 2, "H": 3}),
        ("CuCO3.Cu(OH)2", {"Cu": 2, "C": 1, "O": 5, "H": 2}),
        ("2CuCO3·Cu(OH)2", {"Cu": 3, "C": 2, "O": 8, "H": 2}),
        ("Ca10[(PO4)6](OH)2", {"Ca": 10, "P": 6, "O": 26, "H": 2}),
        ("Al2{[Si(O)2]2}3", {"Al": 2, "Si": 6, "O": 12}),
        ("Ti1/3Zr2/3O2", {"Ti": Fraction(1, 3), "Zr": Fraction(2, 3), "O": 2}),
        ("(NH4)2HPO4", {"N": 2, "H": 9, "P": 1, "O": 4}),
        ("YBa₂Cu₃O₇", {"Y": 1, "Ba": 2, "Cu": 3, "O": 7}),
        ("LiO0.5H2O", {"Li": 1, "O": Fraction(3, 2), "H": 2}),
        ("Co0.5Ni0.5O", {"Co": Fraction(1, 2), "Ni": Fraction(1, 2), "O": 1}),
    ],
)  # fmt: skip
def test_amounts_are_exact(text, amounts):
    assert dict(Formula.parse(text).amounts) == amounts


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "at least one element"),
        ("   ", "at least one element"),
        ("BaTiXq3", "character 5: 'Xq' is not an element"),
        ("BaTcO3", "character 3: Tc has no standard atomic weight"),
        ("baTiO3", "character 1: expected an element, found 'b'"),
        ("Ba(OH", r"character 3: bracket '\(' is never closed"),
        ("BaOH)2", r"character 5: expected an element, found '\)'"),
        ("Ba(OH]2", r"character 6: expected an element, found ']'"),
        ("Ba()2", "empty brackets"),
        ("2BaO", "character 1: expected an element, found '2'"),
        ("BaO0", "must be above 0, found 0"),
        ("BaO1/0", "must be above 0, found 1/0"),
        ("Ba O", "character 3: expected an element, found ' '"),
        ("BaO·", "end of a part"),
        ("NaO6.93.2H2O", "may be decimal or hydrate"),
    ],
)
def test_nonsense_is_refused_with_its_place(text, problem):
    with pytest.raises(MaterialError, match=problem):
        Formula.parse(text)


@given(AMOUNTS)
def test_a_written_formula_parses_to_itself(amounts):
    formula = Formula.of(amounts)
    again = Formula.parse(str(formula))
    assert again == formula
    assert hash(again) == hash(formula)
    assert dict(formula.amounts) == amounts


@given(AMOUNTS)
def test_reduced_has_smallest_whole_numbers(amounts):
    formula = Formula.of(amounts)
    reduced = formula.reduced
    values = list(reduced.amounts.values())
    assert all(value.denominator == 1 for value in values)
    assert reduced == (formula * Fraction(7, 3)).reduced
    assert reduced.reduced is reduced


@given(AMOUNTS, AMOUNTS)
def test_mass_is_additive(left, right):
    total = Formula.of(left) + Formula.of(right)
    expected = Formula.of(left).molar_mass + Formula.of(right).molar_mass
    assert total.molar_mass == pytest.approx(expected)


def test_decimals_before_water_stay_unambiguous():
    formula = Formula.of({"C": Fraction("3.3"), "H": 2, "O": 1})
    assert str(formula) == "C33/10H2O"
    assert Formula.parse(str(formula)) == formula


def test_equality_is_of_composition_not_of_spelling():
    assert Formula.parse("Cu2CO3(OH)2") == Formula.parse("CuCO3.Cu(OH)2")
    assert str(Formula.parse("Ba2Ti2O6").reduced) == "BaTiO3"


def test_molar_masses_against_handbook_values():
    # CRC Handbook of Chemistry and Physics, 97th ed., section 4.
    for text, grams in [
        ("BaCO3", 197.336),
        ("Y2O3", 225.810),
        ("CuO", 79.545),
        ("CuSO4.5H2O", 249.685),
    ]:
        assert Formula.parse(text).molar_mass == pytest.approx(grams, abs=0.01)


def test_atomic_weights_agree_with_an_independent_table():
    xraydb = pytest.importorskip("xraydb")
    for symbol, weight in ATOMIC_WEIGHTS.items():
        assert weight == pytest.approx(xraydb.atomic_mass(symbol), rel=4e-4), symbol


def test_negative_and_foreign_amounts_are_refused():
    with pytest.raises(MaterialError, match="amount of O is -1, below 0"):
        Formula.of({"O": -1, "H": 2})
    with pytest.raises(MaterialError, match="'Xx' is not an element"):
        Formula.of({"Xx": 1})
    with pytest.raises(MaterialError, match="at least one element"):
        Formula.of({"O": 0})
