"""What the engine records after a scan, and which of two scans counts."""

import pytest

from campaigns.ledger import Ledger
from campaigns.lifecycle import (
    Identified,
    LongerScanAsked,
    PatternMeasured,
    SampleEnded,
    Scored,
)
from campaigns.materials.phases import PhaseTable
from campaigns.store import Store
from loop.analyse import samples
from loop.analyse.samples import analyse_sample, settle
from loop.cli.setup import lab_of
from tests.end_to_end.runs import athanor

TABLE = PhaseTable.load()


@pytest.fixture
def store(rescanned):
    with Store.open(rescanned / "campaign.db") as store:
        yield store


def ledger_until(store, kind, *, sample="S0001", number=1):
    """Return the records up to the n-th event of a kind about a sample."""
    ledger = Ledger()
    for event in store.events():
        ledger.take([event])
        if isinstance(event.payload, kind) and event.payload.sample == sample:
            number -= 1
            if number == 0:
                return ledger
    raise AssertionError(kind)


def analyse(store, ledger, *, raw=None):
    scan = ledger.scans["S0001"]
    return analyse_sample(
        store.spec, TABLE, ledger, "S0001",
        store.blob(scan.raw) if raw is None else raw, lab=lab_of(store),
    ).payloads  # fmt: skip


def test_the_first_scan_asks_and_the_second_is_scored(store):
    first, asked = analyse(store, ledger_until(store, PatternMeasured))
    assert isinstance(first, Identified)
    assert isinstance(asked, LongerScanAsked)
    assert (asked.scan, asked.program) == (first.scan, "8min")
    ledger = ledger_until(store, PatternMeasured, number=2)
    second, scored = analyse(store, ledger)
    assert isinstance(scored, Scored)
    assert scored.scan == second.scan == "S0001-longer-1"
    assert first.references == second.references != ""


def test_a_recipe_without_a_longer_program_asks_nothing(store):
    ledger = without_longer(ledger_until(store, PatternMeasured))
    _, scored = analyse(store, ledger)
    assert isinstance(scored, Scored)


def without_longer(ledger):
    proposed = ledger.proposed["S0001"]
    *steps, last = proposed.recipe.steps
    bare = [*steps, last.model_copy(update={"longer": ""})]
    recipe = proposed.recipe.model_copy(update={"steps": tuple(bare)})
    ledger.proposed["S0001"] = proposed.model_copy(update={"recipe": recipe})
    return ledger


def test_where_nothing_comes_of_the_second_scan_the_first_counts(store):
    ledger = ledger_until(store, LongerScanAsked)
    (scored,) = settle(store.spec, TABLE, ledger, "S0001", reason="aeris-1 refused")
    assert isinstance(scored, Scored)
    assert scored.scan == "S0001-1"


def test_a_torn_second_file_leaves_the_first_to_count(store):
    ledger = ledger_until(store, PatternMeasured, number=2)
    (scored,) = analyse(store, ledger, raw=b"<xrdMeasurements")
    assert isinstance(scored, Scored)
    assert scored.scan == "S0001-1"


def test_a_torn_first_file_is_measured_again_and_the_second_counts(store):
    ledger = ledger_until(store, PatternMeasured)
    (asked,) = analyse(store, ledger, raw=b"<xrdMeasurements")
    assert isinstance(asked, LongerScanAsked)
    assert asked.program == "8min"
    assert asked.reason.startswith("cannot be analysed: ")
    torn_twice = ledger_until(store, PatternMeasured, number=2)
    torn_twice.asked["S0001"] = asked
    del torn_twice.identified["S0001-1"]
    (ended,) = analyse(store, torn_twice, raw=b"<xrdMeasurements")
    assert (ended.kind, ended.status) == ("sample-ended", "unusable")
    assert "longer scan: " in ended.reason


def test_a_torn_file_without_a_longer_program_teaches_nothing(store):
    ledger = without_longer(ledger_until(store, PatternMeasured))
    (ended,) = analyse(store, ledger, raw=b"<xrdMeasurements")
    assert (ended.kind, ended.status) == ("sample-ended", "unusable")


def test_an_unusable_second_result_is_recorded_and_the_first_counts(store, monkeypatch):
    ledger = ledger_until(store, PatternMeasured, number=2)
    monkeypatch.setattr(samples, "identify", unusable)
    found, scored = analyse(store, ledger)
    assert not found.identification.is_usable
    assert (scored.kind, scored.scan) == ("scored", "S0001-1")


def unusable(*args, **kwargs):
    found, fit = REAL(*args, **kwargs)
    return found.model_copy(update={"is_usable": False, "quality": ("no",)}), fit


REAL = samples.identify


def test_if_neither_can_be_used_the_sample_ends_as_unusable(store):
    ledger = ledger_until(store, LongerScanAsked)
    first = ledger.identified["S0001-1"]
    poor = first.identification.model_copy(
        update={"is_usable": False, "quality": ("too few counts",)}
    )
    ledger.identified["S0001-1"] = first.model_copy(update={"identification": poor})
    (ended,) = settle(store.spec, TABLE, ledger, "S0001", reason="torn")
    assert isinstance(ended, SampleEnded)
    assert (ended.status, ended.reason) == (
        "unusable", "too few counts; longer scan: torn",
    )  # fmt: skip


def test_both_scans_are_shown_and_the_one_that_counts(rescanned, tmp_path):
    athanor("report", rescanned / "campaign.db", "-o", tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text("utf-8")
    assert page.count("The score rests on another scan") == 2
    assert page.count("Scanned again: could not be seen: BaO2 below") == 2
    log = athanor("log", rescanned / "campaign.db").out
    assert log.count("to be scanned again (8min)") == 2
