"""`athanor identify` on files that were renamed, torn, or told too little about."""

import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

from tests.end_to_end.runs import MAIN, ROOT, athanor
from tests.loop.analyse.standardpatterns import measured
from tests.loop.analyse.synthetic import TABLE, make

BENCH = ROOT.parent / "shared" / "bench" / "phase_id"
HEAVY = ("pymatgen", "xraydb", "torch", "matplotlib", "pandas")
KEYS = {
    "weights", "sigma", "alternatives", "hypotheses", "unknown", "amorphous", "rwp",
    "gof", "quality", "cpu_seconds",
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("ATHANOR_CACHE", str(folder))
        yield folder


def columns(path, pattern):
    np.savetxt(path, np.column_stack([pattern.two_theta, pattern.counts]), fmt="%.6g")
    return path


@pytest.fixture(scope="module")
def powder(tmp_path_factory):
    """Half ZnO, half NiO, as columns of angle and counts."""
    path = tmp_path_factory.mktemp("powder") / "powder.xy"
    return columns(path, make({"ZnO": 0.5, "NiO": 0.5}))


def answers(*arguments):
    done = athanor("identify", *arguments, "--json")
    assert done.code == 0, done.err
    return json.loads(done.out)


def timeless(answer):
    return {key: value for key, value in answer.items() if key != "cpu_seconds"}


def test_json_holds_what_was_promised(powder):
    (answer,) = answers(powder, "--elements", "Zn Ni O").values()
    assert answer.keys() >= KEYS
    assert answer["weights"].keys() == {"ZnO", "NiO"}
    assert sum(answer["weights"].values()) == pytest.approx(1.0)
    assert 0.0 < answer["sigma"]["ZnO"] < 0.2
    assert answer["hypotheses"][0]["weights"] == answer["weights"]
    assert answer["hypotheses"][0]["rwp"] == answer["rwp"]
    assert answer["amorphous"] is None
    assert 0.0 <= answer["unknown"] < 0.03


def test_names_of_files_are_no_evidence(powder, tmp_path):
    other = tmp_path / "TiO2_1p0--8min.xy"
    shutil.copy(powder, other)
    both = answers(powder, other, "--elements", "Zn,Ni,Ti")
    assert list(both) == ["powder", "TiO2_1p0--8min"]
    one, two = both.values()
    assert timeless(one) == timeless(two)


@pytest.mark.skipif(not BENCH.is_dir(), reason="no measured patterns here")
def test_sample_ids_of_measured_files_are_no_evidence(tmp_path):
    source = next((BENCH / "patterns").glob("V2O5*ZnO*2min.xrdml"))
    text = source.read_text()
    label = text.split("<id>")[1].split("</id>")[0]
    assert "ZnO" in label
    scrambled = tmp_path / "a.xrdml"
    scrambled.write_text(text.replace(label, "MnCO3_1p0"))
    common = ("--references", BENCH / "references", "--elements", "V Zn O")
    (one,), (two,) = (answers(path, *common).values() for path in (source, scrambled))
    assert timeless(one) == timeless(two)


def test_a_bad_file_does_not_cost_the_others_their_answer(powder, tmp_path):
    torn = tmp_path / "torn.xy"
    torn.write_text("10 5\n10.1 6\n")
    missing = tmp_path / "missing.xy"
    done = athanor("identify", torn, powder, missing, "--elements", "Zn Ni", "--json")
    assert done.code == 1
    assert list(json.loads(done.out)) == ["powder"]
    lines = done.err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("athanor: torn.xy: found 2 points")
    assert lines[1].startswith("athanor: missing.xy: cannot be read")


def test_the_table_for_people(powder):
    done = athanor("identify", powder, "--elements", "Zn Ni")
    assert done.code == 0, done.err
    assert done.out.startswith("powder\n")
    assert " ± " in done.out
    assert "Rwp" in done.out
    assert "\x1b" not in done.out


def test_pictures_of_several_patterns(powder, tmp_path):
    other = tmp_path / "other.xy"
    shutil.copy(powder, other)
    done = athanor(
        "identify", powder, other, "--elements", "Zn Ni", "--plot", tmp_path / "p.png"
    )
    assert done.code == 0, done.err
    assert {path.name for path in tmp_path.glob("*.png")} == {
        "p-powder.png", "p-other.png",
    }  # fmt: skip
    alone = athanor(
        "identify",
        powder,
        "--elements",
        "Zn Ni",
        "--sqrt",
        "--plot",
        tmp_path / "r.svg",
    )
    assert alone.code == 0, alone.err
    assert "counts" in (tmp_path / "r.svg").read_text()


def test_an_instrument_file_gives_sizes(tmp_path):
    file = tmp_path / "mine.toml"
    standard = columns(tmp_path / "lab6.xy", measured({"LaB6": 1.0}, zero_degrees=0.03))
    assert athanor("calibrate", "xrd", standard, "-o", file).code == 0
    fine = measured({"ZnO": 0.5, "NiO": 0.5}, nanometres=30.0, zero_degrees=0.03)
    path = columns(tmp_path / "fine.xy", fine)
    common = (path, "--elements", "Zn Ni")
    (answer,) = answers(*common, "--instrument", file).values()
    assert answer["crystallites"].keys() == {"ZnO", "NiO"}
    for one in answer["crystallites"].values():
        assert one["size_nanometres"] == pytest.approx(30.0, rel=0.3)
    assert "size / nm" in athanor("identify", *common, "--instrument", file).out
    (answer,) = answers(*common).values()
    assert answer["crystallites"] == {}
    file.write_text("version = 2\n")
    done = athanor("identify", *common, "--instrument", file)
    assert done.code == 2
    assert "mine.toml" in done.err


def test_candidates_of_a_campaign_and_of_its_samples(powder, finished):
    campaign = ROOT / "examples" / "batio3.toml"
    (answer,) = answers(powder, "--campaign", campaign).values()
    assert not set(answer["weights"]) & {"ZnO", "NiO"}
    assert answer["quality"]
    database = finished / "campaign.db"
    (answer,) = answers(powder, "--campaign", database, "--sample", "S0001").values()
    assert not set(answer["weights"]) & {"ZnO", "NiO"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--elements", "Zn Xx"), "--elements: found 'Xx'; allowed: symbols"),
        (("--elements", " "), "--elements: found nothing"),
        (("--elements", "Pu"), "none of .* made of C, H, O, Pu alone"),
        (("--references", "none"), "none, which does not exist"),
        (("--references", "{powder}"), "no phase table"),
        (("--references", "empty"), "no .cif file"),
        (("--references", "empty", "--campaign", "x.toml"), "leave one option out"),
        (("--campaign", "none.toml"), "none.toml"),
        (("--sample", "S1"), "give --campaign DB"),
        (("--sqrt",), "say what file to draw"),
        (("--computed",), "together with --references DIR"),
        (("--grain", "ZnO=x"), "NAME=MICROMETRES"),
        (("--grain", "Nope=2"), "of a candidate phase"),
        (("--plot", "none/p.png"), "a folder that exists"),
        (("--plot", "p.pdf"), "files ending in .png, .svg, .html"),
        (("--campaign", "{campaign}", "--sample", "S1"), "a sample of a database"),
        (("--campaign", "{database}", "--sample", "S99"), "with doses: S0001, "),
        (("{powder}",), "one file of each name"),
    ],
)
def test_options_that_cannot_be_used(
    powder, finished, tmp_path, monkeypatch, arguments, words
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    names = {
        "powder": powder,
        "campaign": ROOT / "examples" / "ybco.toml",
        "database": finished / "campaign.db",
    }
    filled = [argument.format_map(names) for argument in arguments]
    done = athanor("identify", powder, *filled, "--json")
    assert done.code == 2
    assert done.out == ""
    assert re.search(words, done.err), done.err


def test_a_warm_cache_needs_no_crystallography(powder, cache):
    answers(powder, "--elements", "Zn Ni")
    code = (
        "import atexit, sys\n"
        f"say = lambda: sys.stderr.write(repr(set({HEAVY}) & set(sys.modules)))\n"
        f"atexit.register(say)\n{MAIN}"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "identify", powder, "--elements", "Zn Ni"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == "set()"
    assert TABLE["ZnO"].name in done.stdout
