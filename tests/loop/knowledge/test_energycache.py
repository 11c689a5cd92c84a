"""Each structure is computed once; what is on disk can be lost but never mislead."""

import multiprocessing
import sqlite3

import numpy as np
import pytest

from campaigns.materials.phases import PhaseTable
from loop.knowledge.cachefolder import default_folder
from loop.knowledge.energycache import (
    CachedModel,
    EnergyCache,
    ModelEnergyRow,
    user_cache,
)
from tests.loop.knowledge.structures import CitedModel

TABLE = PhaseTable.load()
CELLS = [TABLE[name].structure() for name in ("MgO", "CaO", "MgO", "Al2O3")]


@pytest.fixture
def cache(tmp_path):
    return EnergyCache(tmp_path / "kept" / "energies.sqlite")


def test_a_structure_is_computed_once(cache):
    model = CitedModel(TABLE)
    first = CachedModel(model, cache).energy(CELLS)
    assert model.asked == 3  # MgO stands there twice
    again = CachedModel(model, cache)
    np.testing.assert_array_equal(again.energy(CELLS), first)
    assert model.asked == 3
    again.relax(CELLS)
    assert model.asked == 6  # another task
    kept = again.relax(CELLS)
    assert model.asked == 6
    assert [each.energy for each in kept] == first.tolist()
    assert kept[0].structure.matches(CELLS[0])
    assert again.features(CELLS).shape == (4, 3)


def test_another_model_is_computed_anew(cache):
    model = CitedModel(TABLE)
    CachedModel(model, cache).energy(CELLS)
    model.identity = "cited 1 exact 1"
    CachedModel(model, cache).energy(CELLS)
    assert model.asked == 6


def test_no_cache_is_no_hindrance():
    model = CitedModel(TABLE)
    cached = CachedModel(model, None)
    cached.energy(CELLS)
    cached.energy(CELLS)
    assert model.asked == 6


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 90, b"SQLite"])
def test_a_torn_or_foreign_file_is_put_aside(cache, content):
    cache.path.parent.mkdir()
    cache.path.write_bytes(content)
    model = CitedModel(TABLE)
    for _ in range(3):
        CachedModel(model, cache).energy(CELLS)
    assert model.asked <= 6


def test_a_torn_page_is_put_aside(cache):
    model = CitedModel(TABLE)
    CachedModel(model, cache).energy(CELLS)
    whole = cache.path.read_bytes()
    cache.path.write_bytes(whole[: len(whole) // 2])
    found = CachedModel(model, cache).energy(CELLS)
    assert np.isfinite(found).all()
    CachedModel(model, cache).energy(CELLS)
    CachedModel(model, cache).energy(CELLS)
    assert model.asked <= 9


def test_a_folder_that_cannot_be_written_costs_time_only(tmp_path):
    (tmp_path / "file").write_text("in the way")
    model = CitedModel(TABLE)
    cached = CachedModel(model, EnergyCache(tmp_path / "file" / "energies.sqlite"))
    cached.energy(CELLS)
    cached.energy(CELLS)
    assert model.asked == 6


def test_a_locked_file_costs_time_only(cache, monkeypatch):
    monkeypatch.setattr("loop.knowledge.energycache._BUSY_SECONDS", 0.05)
    model = CitedModel(TABLE)
    CachedModel(model, cache).energy(CELLS[:1])
    other = sqlite3.connect(cache.path)
    other.execute("BEGIN EXCLUSIVE")
    found = CachedModel(model, cache).energy(CELLS)
    other.rollback()
    other.close()
    assert len(found) == 4
    assert cache.path.exists()


def keep_many(path, start):
    cache = EnergyCache(path)
    for n in range(start, start + 20):
        row = ModelEnergyRow(
            key=str(n % 30),
            structure_sha256="s",
            model="m",
            task="t",
            result=str(n % 30),
        )
        cache.keep([row])


def test_two_processes_may_write_at_once(cache):
    context = multiprocessing.get_context("spawn")
    workers = [
        context.Process(target=keep_many, args=(cache.path, start)) for start in (0, 10)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    found = cache.fetch(map(str, range(30)))
    assert found == {str(n): n for n in range(30)}


def test_the_folder_follows_the_environment(monkeypatch):
    assert default_folder({"ATHANOR_CACHE": "/a", "XDG_CACHE_HOME": "/b"}).name == "a"
    assert str(default_folder({"XDG_CACHE_HOME": "/b"})) == "/b/athanor"
    assert default_folder({}).parts[-2:] == (".cache", "athanor")
    monkeypatch.setenv("ATHANOR_CACHE", "/a")
    assert str(user_cache().path) == "/a/energies.sqlite"
