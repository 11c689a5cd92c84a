"""Kept references are those that were drawn; anything else on disk is drawn again."""

import dataclasses
import os
import threading

import numpy as np
import pytest

from loop.analyse import referencecache
from loop.analyse.referencecache import (
    ReferenceCache,
    Refusal,
    code_version,
    key_of,
    user_cache,
)
from tests.loop.analyse.synthetic import references

KEY = key_of("0" * 64, 1.540598)
(ZINCITE,) = references("ZnO")


def same(one, other):
    return all(
        np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b
        for a, b in (
            (getattr(one, field.name), getattr(other, field.name))
            for field in dataclasses.fields(one)
        )
    )


def file_of(folder):
    (path,) = (folder / "references" / code_version()).glob("*.npz")
    return path


def test_a_reference_comes_back_as_it_was(tmp_path):
    cache = ReferenceCache(tmp_path)
    assert cache.fetch(KEY, "ZnO") is None
    cache.keep(KEY, ZINCITE)
    again = cache.fetch(KEY, "ZnO")
    assert same(again, ZINCITE)
    assert again.member_line.dtype == np.int64
    assert cache.fetch(KEY, "other").name == "other"
    assert cache.fetch(key_of("0" * 64, 1.7889), "ZnO") is None
    assert [path.suffix for path in file_of(tmp_path).parent.iterdir()] == [".npz"]


def test_a_refusal_is_kept_too(tmp_path):
    cache = ReferenceCache(tmp_path)
    cache.keep(KEY, Refusal("no atoms"))
    assert cache.fetch(KEY, "x") == Refusal("no atoms")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_torn_file_is_no_reference(tmp_path, share):
    cache = ReferenceCache(tmp_path)
    cache.keep(KEY, ZINCITE)
    path = file_of(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    assert cache.fetch(KEY, "ZnO") is None
    cache.keep(KEY, ZINCITE)
    assert same(cache.fetch(KEY, "ZnO"), ZINCITE)


def test_a_flipped_bit_is_seen(tmp_path):
    cache = ReferenceCache(tmp_path)
    cache.keep(KEY, ZINCITE)
    path = file_of(tmp_path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 8
    path.write_bytes(bytes(content))
    assert cache.fetch(KEY, "ZnO") is None


@pytest.mark.parametrize(
    "arrays",
    [
        {"header": np.arange(3)},
        {"header": np.frombuffer(b"[1]", dtype=np.uint8), "data": np.zeros(4)},
        {"header": np.frombuffer(b'{"plain":{},"arrays":{}}', np.uint8), "data": [1]},
        {"header": np.array([{}], dtype=object), "data": np.zeros(1)},
    ],
)
def test_somebody_elses_file_is_no_reference(tmp_path, arrays):
    cache = ReferenceCache(tmp_path)
    cache.keep(KEY, ZINCITE)
    np.savez(file_of(tmp_path), **arrays)
    assert cache.fetch(KEY, "ZnO") is None


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    cache = ReferenceCache(blocked)
    cache.keep(KEY, ZINCITE)
    assert cache.fetch(KEY, "ZnO") is None


def test_many_writers_and_readers_see_whole_files(tmp_path):
    cache = ReferenceCache(tmp_path)
    seen = []

    def work():
        for _ in range(10):
            cache.keep(KEY, ZINCITE)
            seen.append(same(cache.fetch(KEY, "ZnO"), ZINCITE))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [True] * 40


def test_another_version_starts_anew_and_clears_what_is_old(tmp_path, monkeypatch):
    ReferenceCache(tmp_path).keep(KEY, ZINCITE)
    old = file_of(tmp_path).parent
    monkeypatch.setattr(referencecache, "code_version", lambda: "next")
    cache = ReferenceCache(tmp_path)
    assert cache.fetch(KEY, "ZnO") is None
    cache.keep(KEY, ZINCITE)
    assert old.is_dir()
    past = old.stat().st_mtime - 40 * 86400
    os.utime(old, (past, past))
    monkeypatch.setattr(referencecache, "code_version", lambda: "third")
    cache.keep(KEY, ZINCITE)
    left = {path.name for path in (tmp_path / "references").iterdir()}
    assert left == {"next", "third"}


def test_a_user_without_home_goes_without(monkeypatch):
    def homeless():
        raise RuntimeError

    monkeypatch.delenv("ATHANOR_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("pathlib.Path.home", homeless)
    assert user_cache() is None
