"""Files of reactions, whole and otherwise."""

import gzip
import json
import lzma

import pytest

from loop.errors import LiteratureError
from loop.knowledge import literaturefile
from loop.knowledge.literaturefile import read_records
from tests.loop.knowledge.reactions import record, records, write


def test_packed_or_not_and_whatever_the_name_the_records_are_the_same(tmp_path):
    plain = write(tmp_path / "a.json")
    content = plain.read_bytes()
    (tmp_path / "b.bin").write_bytes(lzma.compress(content))
    (tmp_path / "c.json.gz").write_bytes(gzip.compress(content))
    (tmp_path / "d.json").write_text(json.dumps(records()))
    expected = list(enumerate(records(), start=1))
    for path in tmp_path.iterdir():
        assert list(read_records(path)) == expected


def test_records_and_letters_may_lie_across_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr(literaturefile, "CHUNK_BYTES", 61)
    found = [record("BaTiO3", ["BaCO3", "TiO2"], doi="10.1/é–µ")]
    path = write(tmp_path / "a.json", found)
    assert [one["doi"] for _, one in read_records(path)] == ["10.1/é–µ"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "found an empty file"),
        (b"not json", "found .*not json.*; allowed: JSON with a list `reactions`"),
        (b'{"reactions": {}}', "reactions: found no list"),
        (b'{"reactions": []}', "found no reaction"),
        (b'{"reactions": [{"doi"', "before the first record: no readable record"),
        (b'{"reactions": [1]}', "record 1: found 1 where a record should be"),
        (b'{"reactions": [{"doi": 3}]}', "record 1: doi: found 3; allowed: a str"),
        (b'[{"doi": "\xff"}]', r"not UTF-8"),
    ],
)
def test_other_files_are_refused_with_what_was_found(tmp_path, content, message):
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(LiteratureError, match=message):
        list(read_records(path))


@pytest.mark.parametrize("pack", [lzma.compress, gzip.compress, bytes])
def test_a_torn_file_names_the_last_whole_record(tmp_path, pack, monkeypatch):
    monkeypatch.setattr(literaturefile, "CHUNK_BYTES", 1024)
    content = pack(write(tmp_path / "a.json").read_bytes())
    torn = tmp_path / "torn"
    torn.write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(LiteratureError, match=r"torn, (after record \d+|before the)"):
        list(read_records(torn))


def test_an_edited_record_is_named(tmp_path):
    found = records()
    del found[3]["precursors"]
    path = write(tmp_path / "a.json", found)
    with pytest.raises(LiteratureError, match="record 4: precursors: found nothing"):
        list(read_records(path))
