"""The class of a reagent follows from its composition, however it is written."""

import pytest

from campaigns.materials.formula import Formula
from campaigns.safety.oxidation import nature, reducing_equivalents


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("BaCO3", {"carbonate"}),
        ("Ba(NO3)2", {"nitrate"}),
        ("N2BaO6", {"nitrate"}),
        ("Y(NO3)3.6H2O", {"nitrate", "water"}),
        ("NaNO2", {"nitrite"}),
        ("NH4NO3", {"ammonium nitrate", "water"}),
        ("(NH4)2Ce(NO3)6", {"ammonium nitrate", "water"}),
        ("NH4H2PO4", {"ammonium", "water"}),
        ("CO(NH2)2", {"ammonium", "carbonate", "water"}),
        ("Cu(CH3COO)2.H2O", {"organic"}),
        ("Fe(C2O4).2H2O", {"organic"}),
        ("C6H8O7", {"organic"}),
        ("NaClO4", {"halate"}),
        ("NaCl", {"halide"}),
        ("KMnO4", {"high-valent metal"}),
        ("(NH4)2Cr2O7", {"ammonium", "high-valent metal", "water"}),
        ("BaO2", {"peroxide"}),
        ("KO2", {"peroxide"}),
        ("NaN3", {"azide"}),
        ("Al", {"element"}),
        ("C", {"carbon"}),
        ("TiH2", {"hydride"}),
        ("CaC2", {"reduced anion"}),
        ("Na2S2O3", {"reduced anion"}),
        ("CuSO4.5H2O", {"sulphate", "water"}),
        *((oxide, set()) for oxide in ("MnO2", "Co3O4", "Fe3O4", "Cu2O", "La2O3")),
        ("YBa2Cu3O6.93", set()),
    ],
)
def test_composition_names_the_class(text, classes):
    assert nature(Formula.parse(text)).classes == classes


@pytest.mark.parametrize(
    ("text", "electrons"),
    [
        # C +4, H +1, O -2, N 0: urea 4 + 4 - 2, nitrate 2 - 12, citric acid 18.
        ("CO(NH2)2", 6),
        ("Ba(NO3)2", -10),
        ("C6H8O7", 18),
        ("BaO2", -2),
        ("KMnO4", -5),
        ("Al", 3),
        ("BaCO3", 0),
        ("Cu2O", 0),
    ],
)
def test_equivalents_follow_the_valencies(text, electrons):
    assert reducing_equivalents(Formula.parse(text)) == pytest.approx(electrons)
