import random
from collections import Counter
from dataclasses import replace

import pytest

from campaigns.lifecycle import Dosed, PatternMeasured, SampleEnded
from campaigns.recipe import FireStep, ScanStep
from campaigns.store import Store
from instruments.errors import FaultError
from tests.campaigns.synthetic import campaign_spec
from tests.loop.plan.journal import Journal, execute, plan_of
from tests.loop.plan.physical import LAB, Matter, bare_furnaces, samples


def held(journal):
    return {p.sample: p.reason for p in journal.payloads if isinstance(p, SampleEnded)}


def is_tidy(matter):
    return all(str(slot).split("/")[0] in LAB.racks for slot in matter.at.values())


def assert_made_once(matter, journal, *, n=1, firings=1):
    assert not held(journal)
    assert set(Counter(d.substance for d in matter.doses).values()) == {n}
    assert len([p for p in journal.payloads if isinstance(p, Dosed)]) == 3 * n
    assert set(matter.heated.values()) <= {1, firings}
    measured = [p for p in journal.payloads if isinstance(p, PatternMeasured)]
    assert len(measured) == n
    assert not journal.progress.open_tasks
    assert is_tidy(matter)


def test_a_load_is_made_measured_and_put_back():
    matter, journal = Matter(), Journal()
    execute(matter, bare_furnaces(matter), journal)
    kinds = Counter(p.kind for p in journal.payloads)
    assert kinds["task-started"] == kinds["task-finished"]
    assert kinds["fired"] == 2
    assert_made_once(matter, journal, n=2)


def test_whoever_fills_a_crucible_is_asked_to_cover_it_where_it_is_fired_so():
    matter = Matter()
    (bare,) = samples(1)
    steps = [
        step.model_copy(update={"covered": True})
        if isinstance(step, FireStep)
        else step
        for step in bare.recipe.steps
    ]
    lidded = replace(
        bare, recipe=bare.recipe.model_copy(update={"steps": tuple(steps)})
    )
    execute(matter, bare_furnaces(matter), Journal(), made=[lidded])
    poured = [text for text in matter.told if text.startswith("Transfer")]
    assert [text.endswith("Put its lid back on.") for text in poured] == [True, False]


def test_a_refused_dose_holds_its_sample_and_the_others_go_on():
    matter, journal = Matter(refuse_substance="CuO"), Journal()
    execute(matter, bare_furnaces(matter), journal)
    assert list(held(journal)) == ["S0001", "S0002"]
    assert "powder flow" in held(journal)["S0001"]
    assert len(matter.firings) == 0
    assert is_tidy(matter)


def test_what_a_person_cannot_do_holds_the_sample_and_leaves_no_task_open():
    matter, journal = Matter(decline={"transfer"}), Journal()
    execute(matter, bare_furnaces(matter), journal)
    assert "Ada could not: not now" in held(journal)["S0002"]
    assert not journal.progress.open_tasks
    assert is_tidy(matter)


def test_powder_that_does_not_come_out_after_the_firing_is_lost():
    matter, journal = Matter(decline={"fill-holder"}), Journal()
    execute(matter, bare_furnaces(matter), journal)
    ends = [p for p in journal.payloads if isinstance(p, SampleEnded)]
    assert [end.status for end in ends] == ["lost", "lost"]
    assert "Ada could not: not now" in ends[0].reason
    assert is_tidy(matter)


def test_powder_that_does_not_go_in_before_the_firing_is_held():
    matter, journal = Matter(decline={"transfer"}), Journal()
    execute(matter, bare_furnaces(matter), journal)
    ends = [p for p in journal.payloads if isinstance(p, SampleEnded)]
    assert {end.status for end in ends} == {"held"}


def test_a_loss_is_a_loss_also_if_the_process_dies_before_it_is_recorded():
    whole = Journal()
    execute(Matter(decline={"fill-holder"}), bare_furnaces(Matter()), whole)
    failed = [p.kind for p in whole.payloads].index("task-failed")
    matter, journal = Matter(decline={"fill-holder"}), Journal(dies_after=failed + 1)
    furnaces = bare_furnaces(matter)
    execute(matter, furnaces, journal)
    assert not held(journal)
    journal.dies_after = None
    journal.resumed()
    execute(matter, furnaces, journal, start=1e5)
    ends = [p for p in journal.payloads if isinstance(p, SampleEnded)]
    assert [end.status for end in ends] == ["lost", "lost"]


def test_a_container_in_the_way_stops_the_lab_until_a_person_took_it():
    matter, journal = Matter(decline={"transfer", "place"}), Journal()
    furnaces = bare_furnaces(matter)
    with pytest.raises(FaultError, match="crucible-01 is not back at crucibles/1"):
        execute(matter, furnaces, journal)
    assert not held(journal)
    matter.decline.clear()
    journal.resumed()
    execute(matter, furnaces, journal, start=1e5)
    assert "could not" in held(journal)["S0001"]
    assert is_tidy(matter)


def count_events(regrinds):
    matter, journal = Matter(), Journal()
    execute(matter, bare_furnaces(matter), journal, n=1, regrinds=regrinds)
    return len(journal.payloads)


@pytest.mark.parametrize(("regrinds", "stride"), [(0, 1), (1, 5)])
def test_killed_anywhere_nothing_is_dosed_or_fired_twice(regrinds, stride):
    total = count_events(regrinds)
    for dies_after in range(1, total, stride):
        matter, journal = Matter(), Journal(dies_after)
        furnaces = bare_furnaces(matter)
        died = execute(matter, furnaces, journal, n=1, regrinds=regrinds)
        journal.dies_after = None
        journal.resumed()
        execute(matter, furnaces, journal, n=1, start=died + 5.0, regrinds=regrinds)
        assert matter.heated == {"vial-01": 1, "crucible-01": 1 + regrinds}
        assert_made_once(matter, journal, firings=1 + regrinds)


def test_cancelled_at_any_time_nothing_is_lost_or_done_twice():
    whole, journal = Matter(), Journal()
    length = execute(whole, bare_furnaces(whole), journal)
    for at in random.Random(7).sample(range(1, int(length)), 25):
        matter, journal = Matter(), Journal()
        furnaces = bare_furnaces(matter)
        ended = execute(matter, furnaces, journal, cancel_after=float(at))
        assert ended - at < 900.0
        assert not matter.stopped
        journal.resumed()
        execute(matter, furnaces, journal, start=ended + 5.0)
        assert_made_once(matter, journal, n=2)


def test_cancelled_while_dosing_the_dose_ends_and_is_recorded():
    matter, journal = Matter(), Journal()
    execute(matter, bare_furnaces(matter), journal, cancel_after=110.0)
    assert len(matter.doses) == 1
    assert len(journal.of("dosed")) == 1
    assert not journal.progress.open_tasks


def test_an_arm_that_is_not_ready_stops_the_lab_and_loses_no_sample():
    matter, journal = Matter(is_arm_ready=False), Journal()
    furnaces = bare_furnaces(matter)
    with pytest.raises(FaultError, match="make it ready, then resume") as caught:
        execute(matter, furnaces, journal)
    assert caught.value.__notes__ == ["ur5e-1: stopped"]
    (failed,) = journal.of("task-failed")
    assert failed.outcome == "fault"
    for _ in range(4):
        journal.resumed()
        with pytest.raises(FaultError):
            execute(matter, furnaces, journal)
    matter.is_arm_ready = True
    journal.resumed()
    execute(matter, furnaces, journal)
    assert_made_once(matter, journal, n=2)


def test_a_fault_before_the_firing_is_repaired_and_the_load_goes_on():
    matter, journal = Matter(faults={"box-a": ("alarm 1",)}), Journal()
    furnaces = bare_furnaces(matter)
    with pytest.raises(FaultError, match="box-a"):
        execute(matter, furnaces, journal)
    assert matter.stopped == ["box-a"]
    matter.faults.clear()
    journal.resumed()
    execute(matter, furnaces, journal, start=1e6)
    assert_made_once(matter, journal, n=2)


def fault_during(matter, furnaces, journal, *, celsius):
    """Let the furnace report a fault once it has come to a temperature."""
    furnace = furnaces["box-a"]
    state = furnace.state

    async def faulty():
        now = await state()
        if now.measured_celsius > celsius:
            matter.faults["box-a"] = ("sensor break",)
        return await state()

    furnace.state = faulty
    with pytest.raises(FaultError, match="sensor break; until then at most") as caught:
        execute(matter, furnaces, journal)
    furnace.state = state
    return caught.value


def test_a_furnace_with_a_fault_is_switched_off_and_its_powder_is_not_trusted():
    matter, journal = Matter(), Journal()
    furnaces = bare_furnaces(matter)
    error = fault_during(matter, furnaces, journal, celsius=600.0)
    assert error.__notes__ == ["box-a: heaters off"]
    assert matter.stopped == ["box-a"]
    assert not held(journal)
    matter.faults.clear()
    journal.resumed()
    execute(matter, furnaces, journal, start=1e6)
    assert set(held(journal)) == {"S0001", "S0002"}
    assert "a fault of box-a cut the firing short" in held(journal)["S0001"]
    assert is_tidy(matter)
    assert {f.furnace for f in journal.of("fired")} == {"oven-1"}


def test_a_fault_elsewhere_leaves_the_firing_to_the_furnace():
    matter, journal = Matter(faults={"oven-1": ("heater fail",)}), Journal()
    furnaces = bare_furnaces(matter)
    with pytest.raises(FaultError, match="oven-1"):
        execute(matter, furnaces, journal)
    assert matter.stopped == ["oven-1"]


def test_a_dose_whose_answer_was_lost_is_found_and_not_repeated():
    matter, journal = Matter(lose_answers={"quantos-1"}), Journal()
    execute(matter, bare_furnaces(matter), journal)
    assert_made_once(matter, journal, n=2)


def test_a_dose_that_the_doser_reports_as_another_is_not_repeated():
    matter, journal = Matter(), Journal()
    furnaces = bare_furnaces(matter)
    lab_dose = type(matter).answer_lost

    def garbled(self, instrument):
        if len(self.doses) == 2 and instrument == "quantos-1":
            last = self.doses.pop()
            self.doses.append(type(last)("?", last.substance, 1.0, last.measured_grams))
            self.lose_answers.add(instrument)
        lab_dose(self, instrument)

    matter.answer_lost = garbled.__get__(matter)
    execute(matter, furnaces, journal, n=1)
    assert "neither this dose nor the one before" in held(journal)["S0001"]
    assert len(matter.doses) == 2
    assert is_tidy(matter)


def test_a_container_left_in_the_gripper_is_put_back_and_the_move_made_again():
    matter, journal = Matter(is_next_move_stopped=True), Journal()
    execute(matter, bare_furnaces(matter), journal)
    assert_made_once(matter, journal, n=2)


def test_a_head_left_in_the_gripper_is_put_back_before_another_is_taken():
    matter, journal = Matter(), Journal()
    furnaces = bare_furnaces(matter)
    ended = execute(matter, furnaces, journal, n=1, cancel_after=50.0)
    matter.is_next_move_stopped = True
    journal.resumed()
    execute(matter, furnaces, journal, n=1, start=ended)
    assert_made_once(matter, journal)


def test_a_foreign_head_stops_the_lab():
    matter, journal = Matter(), Journal()
    matter.heads = {"Fe2O3": matter.heads["CuO"].__class__("quantos-1.head")}
    with pytest.raises(FaultError, match="Fe2O3, which this campaign does not use"):
        execute(matter, bare_furnaces(matter), journal)


def test_later_doses_keep_the_ratios_of_the_recipe():
    matter, journal = Matter(dose_error={"Y2O3": 1.02}), Journal()
    execute(matter, bare_furnaces(matter), journal, n=1)
    first, second, third = journal.of("dosed")
    assert first.commanded_grams == 0.2
    assert second.planned_grams == 0.6
    assert second.commanded_grams == pytest.approx(0.6 * 1.02)
    assert third.commanded_grams == pytest.approx(0.4 * 1.02, rel=0.001)


def test_a_dose_that_came_out_wrong_holds_the_sample():
    matter, journal = Matter(dose_error={"BaCO3": 0.6}), Journal()
    execute(matter, bare_furnaces(matter), journal, n=1)
    assert "0.36036 g fell where 0.60060 g were asked" in held(journal)["S0001"]
    assert len(journal.of("dosed")) == 2
    assert is_tidy(matter)


def test_samples_beyond_the_racks_get_clean_containers():
    numbers = range(45, 53)
    matter, journal = Matter(), Journal(numbers=numbers)
    execute(matter, bare_furnaces(matter), journal, n=8, first=45)
    assert_made_once(matter, journal, n=8)
    assert str(matter.at["vial-49"]) == "vials/1"
    assert str(matter.at["holder-52"]) == "holders/4"
    assert str(matter.at["crucible-01"]).startswith("archive")


def test_an_oven_smaller_than_the_load_runs_several_times():
    oven = LAB.furnaces["oven-1"].model_copy(update={"slots": 3})
    lab = LAB.model_copy(update={"furnaces": {**LAB.furnaces, "oven-1": oven}})
    matter, journal = Matter(), Journal()
    execute(matter, bare_furnaces(matter), journal, n=8, lab=lab)
    ovens = [f for f in journal.of("fired") if f.furnace == "oven-1"]
    assert sorted(len(f.samples) for f in ovens) == [2, 3, 3]
    assert_made_once(matter, journal, n=8)


class StoreJournal:
    """A real campaign database."""

    def __init__(self, store):
        self.store, self.append, self.put_blob = store, store.append, store.put_blob

    @property
    def payloads(self):
        return [event.payload for event in self.store.events()]


def test_a_real_store_takes_faults_and_resumptions(tmp_path):
    path = tmp_path / "campaign.db"
    with Store.create(
        path, campaign_spec(), lab=LAB, mode="virtual", proposer="random", lab_time=0.0
    ) as store:
        store.append(*plan_of(["S0001", "S0002"]), actor="engine", lab_time=0.0)
        matter = Matter(faults={"box-a": ("alarm 1",)}, lose_answers={"quantos-1"})
        furnaces = bare_furnaces(matter)
        with pytest.raises(FaultError):
            execute(matter, furnaces, StoreJournal(store))
        matter.faults.clear()
        at = execute(
            matter, furnaces, StoreJournal(store), start=1e6, cancel_after=9000.0
        )
        execute(matter, furnaces, StoreJournal(store), start=at)
        kinds = Counter(event.payload.kind for event in store.events())
        assert kinds["pattern-measured"] == 2
        assert kinds["sample-ended"] == 0
        assert kinds["dosed"] == 6
        assert kinds["fired"] == 2
        store.verify()


TWICE = ScanStep(program="2min", longer="8min")


def test_a_sample_is_scanned_again_before_its_holder_is_emptied():
    matter, journal, analysed = Matter(), Journal(), []
    execute(matter, bare_furnaces(matter), journal, scan=TWICE, analysed=analysed)
    assert Counter(matter.programs) == {"2min": 2, "8min": 2}
    of_first = [again for sample, again, _ in analysed if sample == "S0001"]
    assert of_first == [False, True]
    done = [p.task for p in journal.of("task-finished")]
    steps = ("4-scan/scan", "4-rescan/scan", "4-archive/recover")
    order = [f"S0001/{name}" for name in steps]
    assert [task for task in done if task in order] == order
    assert is_tidy(matter)


def test_killed_anywhere_around_a_second_scan_it_is_made_once():
    matter, journal = Matter(), Journal()
    execute(matter, bare_furnaces(matter), journal, n=1, scan=TWICE)
    tasks = [getattr(p, "task", "") for p in journal.payloads]
    begins = tasks.index("S0001/4-scan/scan")
    for dies_after in range(begins, len(tasks)):
        matter, journal = Matter(), Journal(dies_after)
        furnaces = bare_furnaces(matter)
        died = execute(matter, furnaces, journal, n=1, scan=TWICE)
        journal.dies_after = None
        journal.resumed()
        execute(matter, furnaces, journal, n=1, start=died + 5.0, scan=TWICE)
        assert matter.programs == ["2min", "8min"]
        assert len(journal.of("pattern-measured")) == 2
        assert not journal.progress.open_tasks
        assert is_tidy(matter)


def test_a_second_scan_that_is_refused_leaves_the_first_to_count():
    matter, journal, analysed = Matter(refuse_program="8min"), Journal(), []
    execute(matter, bare_furnaces(matter), journal, n=1, scan=TWICE, analysed=analysed)
    assert [(again, bool(lost)) for _, again, lost in analysed] == [
        (False, False), (True, True),
    ]  # fmt: skip
    assert "aeris-1" in analysed[-1][2]
    assert not held(journal)
    assert is_tidy(matter)


def test_a_holder_that_nobody_empties_does_not_undo_the_result():
    matter, journal, analysed = Matter(decline={"recover"}), Journal(), []
    execute(matter, bare_furnaces(matter), journal, n=1, analysed=analysed)
    assert [(again, bool(lost)) for _, again, lost in analysed] == [
        (False, False), (True, True),
    ]  # fmt: skip
    assert not held(journal)
