"""`athanor pathway` and `athanor learn` as a stranger would use them."""

import json
import shutil
import subprocess
import sys

import pytest

from campaigns.store import Store
from loop.knowledge.pairwise_file import read_learned
from tests.end_to_end.runs import ROOT, athanor

TITANATE = ("pathway", "BaCO3 + TiO2", "--target", "BaTiO3", "--temperature")


@pytest.fixture(scope="module")
def learned(finished, tmp_path_factory):
    file = tmp_path_factory.mktemp("learned") / "titanates.json"
    done = athanor("learn", finished / "campaign.db", "-o", file)
    assert done.code == 0, done.err
    assert f"{file}: 4 powders, 4 of them new, of 1 campaigns" in done.out
    return file


def test_a_pathway_in_words():
    done = athanor(*TITANATE, 1000, "--pairs")
    assert done.code == 0, done.err
    assert "1 BaCO3 + 1 TiO2, in mol per mol of BaTiO3" in done.out
    assert "10 h at 1000 °C in air; nothing learned" in done.out
    assert "  1. BaCO3 + TiO2 → BaTiO3 + CO2(g)\n     dG -2" in done.out
    assert "left for the target -" in done.out
    assert "BaCO3 + TiO2\n  BaCO3 + TiO2 → BaTiO3 + CO2(g)" in done.out


def test_a_pathway_as_json():
    done = athanor(
        "pathway", "BaO2 + CuCO3 + Y2O3", "--target", "YBa2Cu3O7", "--temperature",
        900, "--hold", 4, "--atmosphere", "O2", "--json",
    )  # fmt: skip
    answer = json.loads(done.out)
    assert answer["atmosphere"] == "O2"
    assert answer["counted_as"] == {"CuCO3": ["CuO"]}
    assert ["BaCuO2"] in [step["products"] for step in answer["steps"]]
    assert 0 < answer["target_share"] < 1
    assert answer["force_mev_per_atom"] < answer["left_mev_per_atom"] < 0


def test_a_campaign_teaches(finished, learned):
    with Store.open(finished / "campaign.db") as store:
        trials = {t.sample: t for t in store.history().trials}
    rows = read_learned(learned)
    assert {row.sample for row in rows} == set(trials)
    for row in rows:
        assert row.mode == "virtual"
        assert row.holds[0].celsius == pytest.approx(
            trials[row.sample].planned["fire.temperature_celsius"], abs=15
        )
        assert row.mean == trials[row.sample].fractions.mean
        barium = sum(n for name, n in row.precursors.items() if "Ba" in name)
        assert barium == pytest.approx(1.0, abs=0.02)
    done = athanor(*TITANATE, 1000, "--learned", learned)
    assert "learned from 4 powders" in done.out


def test_learning_twice_counts_once(finished, learned, tmp_path):
    before = read_learned(learned)
    database = shutil.copy(finished / "campaign.db", tmp_path / "copy.db")
    done = athanor("learn", database, learned, "-o", learned)
    assert "4 powders, 0 of them new" in done.out
    assert read_learned(learned) == before


def test_a_learned_file_is_shown(learned):
    done = athanor("learn", "--show", learned)
    assert done.code == 0, done.err
    assert "4 powders of the campaigns tiny (virtual)" in done.out
    assert "BaCO3 + TiO2 " in done.out
    answer = json.loads(athanor("learn", "--show", learned, "--json").out)
    row = next(r for r in answer["pairs"] if r["reactants"] == ["BaCO3", "TiO2"])
    assert row["sigma_celsius"] < row["prior_sigma_celsius"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((*TITANATE, 3000), "--temperature: found 3000 °C; allowed: 25 to 1700 °C"),
        (
            (*TITANATE, 900, "--hold", 0),
            "--hold: found 0 h; allowed: above 0 to 1000 h",
        ),
        (
            ("pathway", "BaCO3 + CuO", "--target", "BaTiO3", "--temperature", 900),
            "Cu, Ti stands on one side only",
        ),
        ((*TITANATE, 900, "--learned", "none.json"), "none.json: no such file"),
        (("learn",), "learn: found sources without -o FILE"),
        (("learn", "none.db", "-o", "x.json"), "none.db: no such file"),
    ],
)
def test_bad_questions_are_bad_input(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = athanor(*arguments)
    assert done.code == 2
    assert message in done.err


def test_a_torn_file_is_bad_input(learned, tmp_path):
    torn = tmp_path / "torn.json"
    torn.write_text(learned.read_text("utf-8")[:-40], "utf-8")
    for arguments in (
        (*TITANATE, 900, "--learned", torn),
        ("learn", "--show", torn),
        ("learn", torn, "-o", tmp_path / "new.json"),
    ):
        done = athanor(*arguments)
        assert done.code == 2
        assert "torn.json: cut short" in done.err
    assert not (tmp_path / "new.json").exists()


def test_what_cannot_be_learned_from_is_said(learned, tmp_path):
    odd = tmp_path / "odd.json"
    text = learned.read_text("utf-8").replace(
        '"atmosphere": "air"', '"atmosphere": "Xe"'
    )
    odd.write_text(text, "utf-8")
    done = athanor("learn", "--show", odd)
    assert done.code == 0
    assert "teaches nothing here: furnace gas Xe has no pressures" in done.out


def test_a_pathway_needs_no_heavy_library():
    code = (
        "import sys\nfrom loop.cli.main import main\n"
        f"sys.argv = {['athanor', *map(str, (*TITANATE, 900))]!r}\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('torch', 'pymatgen', 'ax') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]"
