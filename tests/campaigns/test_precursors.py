"""Precursor sets are enumerated exactly."""

from fractions import Fraction

import pytest

from campaigns.errors import MaterialError
from campaigns.materials.formula import Formula
from campaigns.materials.reactions import balance
from campaigns.precursors import find_set, precursor_sets
from campaigns.reagents import cations
from tests.campaigns.examples import ybco


def test_all_sets_one_source_of_each_element():
    labels = [found.label for found in precursor_sets(ybco())]
    assert len(labels) == 8
    assert labels[0] == "Y2O3 + BaCO3 + CuO"
    assert len(set(labels)) == 8


def test_every_set_balances_with_cations_conserved():
    spec = ybco(
        precursors=["Y2O3", "BaCO3", "BaO2", "CuO", "Cu2O", "BaCuO2", "Y2Cu2O5"]
    )
    target = Formula.parse("YBa2Cu3O7")
    found = precursor_sets(spec)
    labels = [candidate.label for candidate in found]
    assert "Y2O3 + CuO + BaCuO2" in labels
    assert "BaCuO2 + Y2Cu2O5" in labels
    assert "CuO + BaCuO2 + Y2Cu2O5" not in labels  # the pair balances without CuO
    for candidate in found:
        assert candidate.reaction.imbalance == {}
        for element in cations(target):
            supplied = sum(
                moles * Formula.parse(p.formula).amount(element)
                for p, moles in zip(
                    candidate.precursors, candidate.moles({}), strict=True
                )
            )
            assert supplied == target.amount(element)


def test_listed_sets_come_in_the_order_listed_with_labels_in_file_order():
    space = ybco().space.model_dump() | {
        "sets": [["CuO", "BaO2", "Y2O3"], ["BaCO3", "Y2O3", "CuO"]]
    }
    labels = [found.label for found in precursor_sets(ybco(space=space))]
    assert labels == ["Y2O3 + BaO2 + CuO", "Y2O3 + BaCO3 + CuO"]


def test_two_sources_of_one_cation_share_it_equally():
    space = {"sets": [["Y2O3", "BaCO3", "BaO2", "CuO"]], "steps": {}}
    (found,) = precursor_sets(ybco(space=space))
    assert found.moles({}) == (Fraction(1, 2), 1, 1, 3)
    assert found.moles({"Ba": Fraction(1, 10)}) == (
        Fraction(1, 2), Fraction(11, 10), Fraction(11, 10), 3,
    )  # fmt: skip
    assert str(found.reaction) == (
        "1/2 Y2O3 + BaCO3 + BaO2 + 3 CuO → YBa2Cu3O7 + 1/4 O2(g) + CO2(g)"
    )


def test_two_grades_of_one_reagent_are_two_sets():
    coarse = {"formula": "BaCO3", "name": "BaCO3 coarse", "particle_micrometres": 20}
    spec = ybco(precursors=["Y2O3", "BaCO3", coarse, "CuO"])
    labels = [found.label for found in precursor_sets(spec)]
    assert labels == ["Y2O3 + BaCO3 + CuO", "Y2O3 + BaCO3 coarse + CuO"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"precursors": ["Y2O3", "CuO"]}, "no precursor supplies Ba of YBa2Cu3O7"),
        (
            {"space": {"max_precursors": 2, "steps": {}}},
            r"no set of up to 2 precursors .* raise space.max_precursors",
        ),
        ({"space": {"sets": [["Y2O3", "BaO"]]}}, "BaO: no precursor of that name"),
        ({"space": {"sets": [["Y2O3", "CuO"]]}}, "no source of Ba"),
    ],
)
def test_impossible_sets_say_why(changes, problem):
    with pytest.raises(MaterialError, match=problem):
        precursor_sets(ybco(**changes))


def test_excess_that_fixed_ratios_forbid_is_refused():
    oxalate = "BaTiO(C2O4)2.4H2O"
    spec = ybco(target={"formula": "BaTiO3"}, precursors=[oxalate])
    (found,) = precursor_sets(spec)
    assert found.moles({}) == (1,)
    with pytest.raises(MaterialError, match=r"cannot supply excess.Ba = 0.05"):
        found.moles({"Ba": Fraction(1, 20)})


def test_excess_of_a_shared_cation_is_solved_not_scaled():
    spec = ybco(precursors=["Y2O3", "BaCuO2", "CuO"])
    found = find_set(spec, "Y2O3 + BaCuO2 + CuO")
    moles = found.moles({"Ba": Fraction(1, 20)})
    # 2.1 Ba brings 2.1 Cu, so only 0.9 mol of Cu is left for CuO.
    assert moles == (Fraction(1, 2), Fraction(21, 10), Fraction(9, 10))


def test_unknown_label_is_refused():
    with pytest.raises(MaterialError, match="not a precursor set of campaign ybco"):
        find_set(ybco(), "Y2O3 + CuO")


RATIOS = ["Y2O3", "BaCO3", "BaO2", "CuO", "Cu2O", "BaCuO2", "Y2Cu2O5", "Y2BaCuO5"]


@pytest.mark.parametrize("target", ["YBa2Cu3O7", "Y2BaCuO5", "BaCuO2", "YBa4Cu3O9"])
def test_the_list_is_that_of_trying_every_combination(target):
    from itertools import combinations

    spec = ybco(target={"formula": target}, precursors=RATIOS)
    tried = []
    for size in range(1, 5):
        for members in combinations(spec.precursors, size):
            try:
                found = balance(
                    [Formula.parse(p.formula) for p in members], [Formula.parse(target)]
                )
            except MaterialError:
                continue
            tried.append((" + ".join(p.label for p in members), str(found)))
    listed = [(found.label, str(found.reaction)) for found in precursor_sets(spec)]
    assert listed == tried


def test_a_large_shelf_is_enumerated_quickly():
    shelf = (
        "Li2CO3 LiOH.H2O Li2O Na2CO3 NaOH NaHCO3 NiO Ni(OH)2 NiCO3 MnO2 Mn2O3 MnCO3"
        " Mn3O4 TeO2 H6TeO6 Na2TeO3"
    )
    spec = ybco(
        target={"formula": "Li2NaNiMnTeO8"},
        precursors=shelf.split(),
        space={"max_precursors": 6},
    )
    labels = [found.label for found in precursor_sets(spec)]
    # 3 Li x 3 Ni x 4 Mn x (3 Na x 2 Te, or Na2TeO3 with 2 Te for the rest of Te).
    assert len(labels) == len(set(labels)) == 3 * 3 * 4 * (3 * 2 + 2)
