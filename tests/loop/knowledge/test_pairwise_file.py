"""Files of learned reactions: merged, shared, torn."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loop.errors import LearnedFileError
from loop.knowledge.pairwise_file import (
    Hold,
    Observation,
    add_learned,
    merged,
    read_learned,
    text_of,
)


def observation(sample="S0001", event=5, share=0.4, **changes):
    values = {
        "campaign": "c1", "name": "ybco", "mode": "virtual", "sample": sample,
        "event": event, "target": "YBa2Cu3O7", "precursors": {"BaCO3": 2.0},
        "holds": (Hold(celsius=900.0, hours=4.0, atmosphere="air"),),
        "phases": ("YBa2Cu3O7", "CuO"), "mean": (share, 1 - share),
        "covariance": ((0.01, 0.0), (0.0, 0.01)),
    }  # fmt: skip
    return Observation(**(values | changes))


@given(
    st.lists(
        st.builds(
            lambda sample, event: observation(f"S{sample}", event, event / 9),
            st.integers(0, 4),
            st.integers(0, 9),
        )
    ),
    st.integers(0, 20),
)
def test_merging_is_one_whatever_the_order(rows, cut):
    whole = merged([rows])
    assert merged([rows[cut:], rows[:cut]]) == whole
    assert merged([whole, rows, whole]) == whole
    assert len({o.key for o in whole}) == len(whole)


def test_the_same_powder_counts_once_and_the_later_analysis_counts(tmp_path):
    file = tmp_path / "learned.json"
    assert len(add_learned(file, [observation(), observation("S0002")])) == 2
    assert len(add_learned(file, [observation()])) == 2
    again = observation(event=9, share=0.6)
    assert again in add_learned(file, [again])
    assert add_learned(file, [observation()]) == read_learned(file)
    assert read_learned(file)[0].mean == (0.6, 0.4)
    other = observation(campaign="c2", name="another")
    assert len(add_learned(file, [other])) == 3


def test_one_event_with_two_results_is_refused(tmp_path):
    file = tmp_path / "learned.json"
    add_learned(file, [observation()])
    before = file.read_bytes()
    with pytest.raises(LearnedFileError, match=r"S0001 .* stands twice"):
        add_learned(file, [observation(share=0.5)])
    assert file.read_bytes() == before


def test_simulated_and_real_powders_do_not_mix():
    with pytest.raises(LearnedFileError, match="simulated and real powders"):
        merged([[observation(), observation("S0002", mode="real")]])


def test_every_cut_of_a_file_is_seen(tmp_path):
    text = text_of([observation(), observation("S0002")])
    file = tmp_path / "learned.json"
    for length in range(0, len(text) - 2, 7):
        file.write_text(text[:length], "utf-8")
        with pytest.raises(LearnedFileError, match=r"learned\.json: (cut|damaged)"):
            read_learned(file)
    file.write_text(text, "utf-8")
    assert len(read_learned(file)) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "version: found 2; allowed: 1"),
        ({"format": "else"}, "no file of learned reactions"),
        ({"observations": 3}, "observations: no list"),
        ({"observations": [{"campaign": "c"}]}, r"observations\[0\]\.name: Field req"),
    ],
)
def test_other_files_are_refused(tmp_path, change, message):
    file = tmp_path / "learned.json"
    file.write_text(json.dumps(json.loads(text_of([observation()])) | change), "utf-8")
    with pytest.raises(LearnedFileError, match=message):
        read_learned(file)


def test_shares_and_phases_must_agree():
    with pytest.raises(ValueError, match="mean with one number for each of 2"):
        observation(mean=(1.0,))


WRITER = """
import sys
from pathlib import Path
from tests.loop.knowledge.test_pairwise_file import observation
from loop.knowledge.pairwise_file import add_learned
for i in range(8):
    add_learned(Path(sys.argv[1]), [observation(f"{sys.argv[2]}{i}")])
"""


def test_two_processes_lose_nothing(tmp_path):
    file = tmp_path / "learned.json"
    running = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(file), name])
        for name in ("A", "B")
    ]
    assert [process.wait(timeout=120) for process in running] == [0, 0]
    assert len(read_learned(file)) == 16
    assert not list(tmp_path.glob(".learned*"))
