"""`athanor reaction` as a stranger would use it."""

import json

from campaigns.materials.atmospheres import PRESSURES
from loop.cli.reaction import Atmosphere
from tests.end_to_end.runs import athanor


def test_the_choice_of_gases_is_that_of_the_tables():
    assert tuple(Atmosphere) == tuple(PRESSURES)


def test_a_reaction_in_words():
    done = athanor("reaction", "BaCO3 + TiO2", "--temperature", "900")
    assert done.code == 0, done.err
    assert "BaCO3 + TiO2 → BaTiO3 + CO2(g)" in done.out
    assert "gives off 1 mol CO2" in done.out
    assert "driven above" in done.out


def test_a_reaction_as_json():
    done = athanor(
        "reaction", "CaCO3", "--target", "CaO", "--temperature", "900",
        "--atmosphere", "CO2", "--json",
    )  # fmt: skip
    answer = json.loads(done.out)
    (row,) = answer["reactions"]
    assert answer["pressures_bar"] == {"CO2": 1.0}
    assert row["gases_mol"] == {"CO2": 1.0}
    assert 890 < row["sign_changes"][0]["celsius"] < 900


def test_missing_energies_say_what_can_be_done(tmp_path):
    done = athanor("reaction", "La(OH)3 + CaCO3", "--temperature", "900")
    assert done.code == 0
    assert "no free energy of La(OH)3, La2O3" in done.out
    assert "give it with --energies" in done.out
    assert "CaCO3 → CaO + CO2(g)\n  dG" in done.out
    rows = tmp_path / "rows.toml"
    row = (
        'status = "tabulated"\nsource = "a test"\nsigma = 1\nS298 = 80\n'
        "cp = [80, 0, 0, 0]\n"
    )
    rows.write_text(
        f'[La2O3]\n{row}dHf298 = -1794\n["La(OH)3"]\n{row}dHf298 = -1411\n', "utf-8"
    )
    done = athanor(
        "reaction", "La(OH)3", "--temperature", "900", "--energies", str(rows)
    )
    assert "no free energy" not in done.out


def test_a_bad_question_is_bad_input(tmp_path):
    done = athanor("reaction", "BaCO3", "--temperature", "3000")
    assert done.code == 2
    assert "--temperature: found 3000 °C; allowed: 25 to 1700 °C" in done.err
    bad = tmp_path / "bad.toml"
    bad.write_text("[SrO]\nsigma = 1\n", "utf-8")
    done = athanor("reaction", "SrO", "--temperature", "900", "--energies", str(bad))
    assert done.code == 2
    assert "thermochemistry row SrO: no status" in done.err
