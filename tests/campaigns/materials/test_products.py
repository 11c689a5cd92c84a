"""What reactants can make, ranked, and questions that cannot be answered."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.errors import MaterialError
from campaigns.materials.phases import PhaseTable
from campaigns.materials.products import Question, assess, read_reactants
from campaigns.materials.thermo import table

TABLE = PhaseTable.load()


def asked(text: str, **changes):
    wanted = {"celsius": 900.0, "atmosphere": "air", **changes}
    return assess(Question(read_reactants(text), **wanted), TABLE, table())


def test_a_target_gives_one_reaction():
    (found,) = asked("BaCO3 + TiO2", target="BaTiO3")
    assert str(found.reaction) == "BaCO3 + TiO2 → BaTiO3 + CO2(g)"
    assert found.energy is not None
    assert -160e3 < found.energy.joules_per_mole < -140e3


def test_every_known_product_is_ranked_by_energy_per_atom():
    found = asked("BaCO3 + TiO2")
    names = [str(each.reaction.products[0].formula) for each in found]
    known = ["BaTiO3", "Ba2TiO4", "BaO", "BaO2"]
    assert [name for name in names if name in known] == known
    assert {"BaTi2O5", "BaTi4O9"} <= set(names)
    energies = [each.energy.mev_per_atom for each in found if each.energy]
    assert energies == sorted(energies)


def test_reactions_without_an_energy_come_last_and_say_of_what():
    found = asked("Y2O3 + BaCO3 + CuO")
    lacking = [bool(each.missing) for each in found]
    assert lacking == sorted(lacking)
    assert ("Ba2Cu3O5",) in [each.missing for each in found]


PRECURSORS = ("BaCO3", "BaO2", "CuO", "Y2O3", "TiO2", "CaCO3", "Ba(NO3)2", "Li2CO3")


@settings(deadline=None, max_examples=25)
@given(st.lists(st.sampled_from(PRECURSORS), min_size=1, max_size=3, unique=True))
def test_every_reaction_is_balanced(names):
    try:
        found = asked(" + ".join(names))
    except MaterialError:
        return
    assert all(each.reaction.imbalance == {} for each in found)


def test_a_melted_substance_is_noted():
    (found,) = asked("BaO2", target="BaO")
    assert found.notes == (
        "BaO2 melts at 450 °C; its energy here is that of the solid",
    )


def test_a_named_form_is_taken():
    (found,) = asked("BaCO3 + TiO2-anatase", target="BaTiO3-cubic")
    assert {"TiO2-anatase", "BaTiO3-cubic"} <= set(found.forms)


@pytest.mark.parametrize(
    ("text", "changes", "message"),
    [
        ("BaCO3 +", {}, "nothing beside a plus sign"),
        ("CuO + CuO", {}, "CuO stands there twice"),
        ("A + B + C + D + E + F + G", {}, "found 7; allowed: up to 6"),
        ("BaCO3 + TiO2-foo", {}, "of that formula: TiO2-rutile"),
        ("BaCO3 + Xx2", {}, "'Xx' is not an element"),
        ("BaCO3 + TiO2", {"target": "SrTiO3"}, "no source of Sr"),
        ("MgO", {}, "no phase of the table"),
    ],
)
def test_questions_without_an_answer_say_why(text, changes, message):
    with pytest.raises(MaterialError, match=message):
        asked(text, **changes)
