"""First guesses from a small file, and from the real one where it is."""

import json
from pathlib import Path

import numpy as np
import pytest

from campaigns.errors import MaterialError
from campaigns.materials.formula import Formula
from loop.errors import LiteratureError
from loop.knowledge import literature as door
from loop.knowledge.literature import open_literature
from loop.knowledge.literatureconditions import quantiles
from loop.knowledge.literatureguesses import guesses_for
from loop.knowledge.literatureranking import reaction_of
from loop.knowledge.literaturesimilarity import substitutions
from tests.loop.knowledge.reactions import record, records, write
from tests.loop.propose.oven import make_spec

REAL = (
    Path(__file__).parents[4] / "shared" / "bench" / "literature"
    / "solid-state_dataset_2019-12-03.json.xz"
)  # fmt: skip


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("literature")
    return open_literature(write(folder / "small.json"), folder / "cache")


def test_a_reported_compound_gets_its_reported_sets(small):
    answer = small.answer("BaTiO3")
    assert set(answer.guesses[0].precursors) == {"BaCO3", "TiO2"}
    assert set(answer.guesses[1].precursors) == {"BaO2", "TiO2"}
    chances = [guess.probability for guess in answer.guesses]
    assert chances == sorted(chances, reverse=True)
    assert sum(chances) == pytest.approx(1)
    assert answer.citations[0].target == "BaTiO3"
    assert answer.citations[0].similarity == pytest.approx(1, abs=1e-5)


def test_a_new_compound_is_made_like_its_kin_and_balanced(small):
    answer = small.answer("Ba0.5Sr0.5TiO3")
    best = answer.guesses[0]
    assert set(best.precursors) == {"BaCO3", "SrCO3", "TiO2"}
    assert not best.reaction.imbalance
    assert answer.citations[0].target in {"BaTiO3", "SrTiO3"}


def test_a_shelf_bounds_the_guesses_and_may_hold_what_nobody_used(small):
    answer = small.answer("BaTiO3", shelf=["Ba(OH)2·8H2O", "BaO2", "TiO2"])
    assert [set(guess.precursors) for guess in answer.guesses] == [
        {"BaO2", "TiO2"}, {"Ba(OH)2·8H2O", "TiO2"},
    ]  # fmt: skip
    assert small.answer("BaTiO3", shelf=["TiO2"]).guesses == ()


def test_conditions_are_told_by_kind_of_firing(small):
    answer = small.answer("BaTiO3")
    assert set(answer.firings) == {"calcine", "sinter"}
    assert answer.firings["sinter"].celsius[2] >= 1300
    assert 1000 <= answer.powder.celsius[2] <= 1100
    assert answer.powder.atmospheres == {"air": 1.0}
    assert answer.firings["sinter"].atmospheres == {"O2": 1.0}


def test_an_element_without_reports_is_said_to_be_unknown(small):
    answer = small.answer("BaHfO3")
    assert answer.unknown == ("Hf",)
    assert answer.guesses == ()
    with_source = small.answer("BaHfO3", shelf=["BaCO3", "HfO2"])
    assert set(with_source.guesses[0].precursors) == {"BaCO3", "HfO2"}


def test_no_powder_no_answer(small):
    with pytest.raises(MaterialError, match="of C, H, N and O alone"):
        small.answer("NH4NO3")


def test_elements_that_replace_each_other_are_alike(small):
    index = small.index
    alike = substitutions(index)
    place = {element: i for i, element in enumerate(index.elements)}
    assert alike[place["Ba"], place["Sr"]] > alike[place["Ba"], place["Ti"]]
    assert np.array_equal(alike, alike.T)


def test_an_anion_that_comes_along_with_several_needs_no_report(tmp_path):
    found = [
        record("BaYF5", ["BaF2", "YF3"]),
        record("BaErF5", ["BaF2", "ErF3"]),
        record("YErF6", ["YF3", "ErF3"]),
    ] * 2
    known = open_literature(write(tmp_path / "a.json", found), None)
    answer = known.answer("BaYErF8")
    assert set(answer.guesses[0].precursors) == {"BaF2", "YF3", "ErF3"}


def test_a_carbide_balances_without_gas():
    reaction = reaction_of(["Ti", "Si", "C"], Formula.parse("Ti3SiC2"))
    assert reaction is not None
    assert reaction.gases == {}
    assert reaction_of(["BaCO3", "BaO", "TiO2"], Formula.parse("BaTiO3")) is None


def test_quantiles_weigh_values():
    even = quantiles(np.array([1.0, 2, 3, 4, 5]), np.ones(5))
    assert even[2] == 3
    heavy = quantiles(np.array([1.0, 2, 3, 4, 5]), np.array([1.0, 1, 1, 1, 20]))
    assert heavy[2] > 4
    assert quantiles(np.array([np.nan]), np.ones(1)) == ()


def test_learning_is_done_once_and_loaded_the_same(tmp_path, monkeypatch):
    path, cache = write(tmp_path / "a.json"), tmp_path / "cache"
    first = open_literature(path, cache)
    monkeypatch.setattr(door, "read_records", None)  # not read again
    again = open_literature(path, cache)
    assert again.answer("BaZrO3") == first.answer("BaZrO3")
    assert again.read == first.read
    assert again.sha256 == first.sha256


def test_a_torn_cache_is_made_again(tmp_path):
    path, cache = write(tmp_path / "a.json"), tmp_path / "cache"
    first = open_literature(path, cache)
    (kept,) = cache.rglob("*.npz")
    kept.write_bytes(kept.read_bytes()[:1000])
    assert open_literature(path, cache).answer("CaTiO3") == first.answer("CaTiO3")


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path):
    (tmp_path / "cache").write_text("a file where a folder should be")
    path = write(tmp_path / "a.json")
    assert open_literature(path, tmp_path / "cache").answer("BaTiO3").guesses


def test_a_file_without_usable_reports_says_why(tmp_path):
    path = write(tmp_path / "a.json", [record("BaTiO3", ["TiO2"])])
    with pytest.raises(LiteratureError, match=r"none of 1 records .* without a source"):
        open_literature(path, None)


def test_a_campaign_keeps_the_chances_of_its_own_sets(small):
    spec = make_spec(target={"formula": "BaTiO3"}, precursors=["BaCO3", "BaO2", "TiO2"])
    found = guesses_for(spec, small)
    assert list(found.sets) == ["BaCO3 + TiO2", "BaO2 + TiO2"]
    assert found.sets["BaCO3 + TiO2"] > found.sets["BaO2 + TiO2"]
    assert sum(found.sets.values()) == pytest.approx(1, abs=1e-5)
    assert found.file_sha256 == small.sha256
    assert type(found).model_validate_json(found.model_dump_json()) == found
    assert json.loads(found.model_dump_json())["citations"][0]["doi"]


def test_order_of_records_changes_no_guess(small, tmp_path):
    turned = open_literature(write(tmp_path / "a.json", records()[::-1]), None)
    ours, theirs = (one.answer("SrSnO3").guesses for one in (small, turned))
    assert [set(g.precursors) for g in ours] == [set(g.precursors) for g in theirs]


@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_file(), reason="the benchmark's file is absent")
def test_the_real_file_knows_how_ybco_is_made(tmp_path):
    known = open_literature(REAL, tmp_path)
    answer = known.answer("YBa2Cu3O6.9")
    assert set(answer.guesses[0].precursors) == {"Y2O3", "BaCO3", "CuO"}
    assert 850 < answer.powder.celsius[2] < 970
    assert known.read.reports > 28_000
