"""Reactions balance exactly, or say why they cannot."""

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from campaigns.errors import MaterialError
from campaigns.materials.formula import Formula
from campaigns.materials.reactions import Reaction, balance, complete, solve


def formulas(*texts: str) -> list[Formula]:
    return [Formula.parse(text) for text in texts]


@pytest.mark.parametrize(
    ("reactants", "product", "text"),
    [
        ("BaCO3 TiO2", "BaTiO3", "BaCO3 + TiO2 → BaTiO3 + CO2(g)"),
        (
            "Y2O3 BaCO3 CuO", "YBa2Cu3O7",
            "1/2 Y2O3 + 2 BaCO3 + 3 CuO + 1/4 O2(g) → YBa2Cu3O7 + 2 CO2(g)",
        ),
        (
            "Y2O3 BaO2 CuO", "YBa2Cu3O6.5",
            "1/2 Y2O3 + 2 BaO2 + 3 CuO → YBa2Cu3O6.5 + O2(g)",
        ),
        (
            "Li2CO3 Co3O4", "LiCoO2",
            "1/2 Li2CO3 + 1/3 Co3O4 + 1/12 O2(g) → LiCoO2 + 1/2 CO2(g)",
        ),
        (
            "NH4H2PO4 CaCO3", "Ca2P2O7",
            "2 NH4H2PO4 + 2 CaCO3 → Ca2P2O7 + 2 CO2(g) + 3 H2O(g) + 2 NH3(g)",
        ),
        (
            "Sr(NO3)2 TiO2", "SrTiO3",
            "Sr(NO3)2 + TiO2 → SrTiO3 + 1/2 O2(g) + 2 NO2(g)",
        ),
        (
            "Y2(CO3)3.3H2O Al2O3", "Y3Al5O12",
            "3/2 Y2(CO3)3·3H2O + 5/2 Al2O3 → Y3Al5O12 + 9/2 CO2(g) + 9/2 H2O(g)",
        ),
    ],
)  # fmt: skip
def test_textbook_reactions(reactants, product, text):
    reaction = balance(formulas(*reactants.split()), formulas(product))
    assert str(reaction) == text
    assert reaction.imbalance == {}


@pytest.mark.parametrize(
    ("reactants", "products", "problem"),
    [
        ("BaCO3", "BaTiO3", "no source of Ti"),
        ("Na2TiO3 BaCO3", "BaTiO3", "Na has nowhere to go"),
        ("BaCO3 BaO TiO2", "BaTiO3", "more than one proportion: BaCO3, BaO"),
        ("BaTiO3", "Ba2TiO4", "no proportions"),
        ("Ba2TiO4 BaCO3", "BaTiO3", "BaCO3 stands on the wrong side: -1 "),
        ("BaTiO3 TiO2", "BaTiO3", "TiO2 is not needed"),
        ("CaO", "CaCO3", "1 CO2 per CaCO3 would have to be taken up"),
        ("BaO TiO2 CaCO3", "CaTiO3", "BaO is not needed"),
    ],
)
def test_impossible_reactions_say_why(reactants, products, problem):
    with pytest.raises(MaterialError, match=problem):
        balance(formulas(*reactants.split()), formulas(*products.split()))


def test_only_oxygen_is_taken_up():
    with pytest.raises(MaterialError, match=r"1 CO2 per CaMg.* taken up"):
        balance(formulas("CaCO3", "MgO"), formulas("CaMg(CO3)2"))


def test_gases_are_signed():
    reaction = balance(formulas("Y2O3", "BaCO3", "CuO"), formulas("YBa2Cu3O7"))
    assert reaction.gases == {"CO2": 2, "O2": Fraction(-1, 4)}


def test_second_solid_product():
    reaction = balance(formulas("YBa2Cu3O6.5"), formulas("Y2BaCuO5", "BaCuO2", "CuO"))
    assert str(reaction) == "2 YBa2Cu3O6.5 → Y2BaCuO5 + 3 BaCuO2 + 2 CuO"


def test_solids_that_leave_a_rest_are_refused():
    with pytest.raises(MaterialError, match="more or less"):
        complete([(Formula.parse("BaO"), Fraction(2))], Formula.parse("BaO"))


OXIDES = "Li2CO3 Na2CO3 BaCO3 SrCO3 CaO MgO Al2O3 Y(NO3)3.6H2O TiO2 Nb2O5 MnO2 CuO"


@given(
    st.lists(st.sampled_from(OXIDES.split()), min_size=1, max_size=5, unique=True),
    st.data(),
)
def test_any_mixture_of_oxides_balances(chosen, data):
    reactants = formulas(*chosen)
    moles = [data.draw(st.integers(1, 12)) for _ in reactants]
    total: dict[str, Fraction] = {}
    for formula, n in zip(reactants, moles, strict=True):
        for element, amount in formula.amounts.items():
            if element not in "CHN":
                total[element] = total.get(element, Fraction(0)) + n * amount
    reaction = balance(reactants, [Formula.of(total)])
    assert reaction.imbalance == {}
    found = [term.moles for term in reaction.reactants if not term.is_gas]
    assert found == moles


ROWS = st.lists(st.integers(-4, 4), min_size=3, max_size=3)


@given(st.lists(ROWS, min_size=1, max_size=4), ROWS)
def test_linear_equations_are_solved_exactly(rows, truth):
    matrix = [[Fraction(value) for value in row] for row in rows]
    right = [sum(a * x for a, x in zip(row, truth, strict=True)) for row in matrix]
    solution = solve(matrix, right)
    assert solution.values is not None
    for row, value in zip(matrix, right, strict=True):
        assert sum(a * x for a, x in zip(row, solution.values, strict=True)) == value
    assume(not solution.free)
    assert list(solution.values) == truth


def test_contradicting_equations_have_no_solution():
    one = Fraction(1)
    assert solve([[one], [one]], [one, 2 * one]).values is None


def test_imbalance_of_a_wrong_reaction_shows():
    right = balance(formulas("BaCO3", "TiO2"), formulas("BaTiO3"))
    wrong = Reaction(right.reactants[:1], right.products)
    assert wrong.imbalance == {"Ti": 1, "O": 2}
