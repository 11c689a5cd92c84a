"""The gate of safety before a load, a pour and a heating, through the executor."""

from dataclasses import replace

from campaigns.lifecycle import HazardsJudged, SampleEnded
from campaigns.materials.phases import PhaseTable
from campaigns.recipe import DoseStep, DryStep, FireStep, MixStep, Recipe, ScanStep
from loop.plan.safety import SafetyGuard
from loop.plan.tasks import Sample
from tests.campaigns.examples import ybco
from tests.loop.plan.journal import Journal, execute
from tests.loop.plan.physical import LAB, Matter, bare_furnaces

REAGENTS = ["Y2O3", "BaCO3", "CuO", "Ba(NO3)2", "C6H8O7", "PbO", "MoO3"]
GUARD = SafetyGuard(ybco(precursors=REAGENTS), PhaseTable.load())
USUAL = {"Y2O3": 0.2, "BaCO3": 0.6, "CuO": 0.4}


def sample(number, grams, *, slot=None, celsius=900.0, dry=True):
    firing = FireStep(name="fire", temperature_celsius=celsius, hold_hours=4.0)
    steps = [DoseStep(grams=grams), MixStep(), *([DryStep()] if dry else []), firing]
    made = Recipe(steps=(*steps, ScanStep()), reaction="", expected_grams=1.0)
    return Sample(f"S{number:04d}", number, slot or number, made)


def lab_with(**changes):
    furnace = LAB.furnaces["box-a"].model_copy(update=changes)
    return LAB.model_copy(update={"furnaces": {**LAB.furnaces, "box-a": furnace}})


def run(load, *, matter=None, journal=None, guard=GUARD, lab=LAB, **kwargs):
    matter, journal = matter or Matter(), journal or Journal()
    execute(matter, bare_furnaces(matter), journal, made=load, guard=guard, lab=lab,
            **kwargs)  # fmt: skip
    return matter, journal


def held(journal):
    return {p.sample: p.reason for p in journal.payloads if isinstance(p, SampleEnded)}


def judged(journal):
    return {p.before: p for p in journal.payloads if isinstance(p, HazardsJudged)}


def test_a_safe_load_is_judged_before_it_begins_and_before_each_heating():
    _, journal = run([sample(1, USUAL), sample(2, USUAL)])
    assert not held(journal)
    assert list(judged(journal)) == ["L001", "L001/2-dry-1", "L001/3-fire"]
    assert journal.payloads[0].kind == "hazards-judged"
    first = judged(journal)["L001"]
    assert first.samples == ("S0001", "S0002")
    assert {"eutectic", "melts"} <= {hazard.rule for hazard in first.hazards}
    assert all(hazard.severity == "warn" for hazard in first.hazards)


def test_a_mixture_that_burns_is_held_before_anything_moves():
    hot = {"Ba(NO3)2": 1.0, "C6H8O7": 0.4, "CuO": 0.4}
    matter, journal = run([sample(1, USUAL), sample(2, hot)])
    assert set(held(journal)) == {"S0002"}
    assert "oxidiser-with-fuel" in held(journal)["S0002"]
    assert {d.label.split("-")[0] for d in matter.doses} == {"S0001"}
    assert len(journal.of("pattern-measured")) == 1
    refused = judged(journal)["L001"].refused
    assert set(refused) == {"S0002"}
    kinds = [payload.kind for payload in journal.payloads]
    assert kinds.index("sample-ended") < kinds.index("task-started")


def test_a_volatile_sample_is_taken_out_of_a_load_of_others():
    lead = {"PbO": 0.5, "CuO": 0.4}
    _, journal = run([sample(1, USUAL), sample(2, USUAL), sample(3, lead)])
    assert set(held(journal)) == {"S0003"}
    assert "co-firing-vapour, Pb" in held(journal)["S0003"]
    assert len(journal.of("pattern-measured")) == 2


def test_a_load_of_nothing_but_refused_samples_ends_with_all_held():
    hot = {"Ba(NO3)2": 1.0, "C6H8O7": 0.4}
    matter, journal = run([sample(1, hot), sample(2, hot)])
    assert set(held(journal)) == {"S0001", "S0002"}
    assert not matter.doses
    assert not matter.firings


def test_gas_of_the_load_is_counted_together():
    nitrate = {"Ba(NO3)2": 0.4, "CuO": 0.4, "Y2O3": 0.2}
    load = [sample(n, nitrate) for n in (1, 2, 3)]
    _, journal = run(load, lab=lab_with(extract=False))
    assert set(held(journal)) == {"S0003"}
    assert "gas-toxic, NO2" in held(journal)["S0003"]
    _, journal = run(load)
    assert not held(journal)


def test_what_fell_counts_before_it_is_poured():
    """The plan is safe; twice as much nitrate falls as was asked for."""
    nitrate = {"Ba(NO3)2": 0.4, "CuO": 0.4, "Y2O3": 0.2}
    lab = lab_with(extract=False)
    _, journal = run([sample(1, nitrate, dry=False)], lab=lab)
    assert not held(journal)

    class Heavy(SafetyGuard):
        """Stands for a balance that says what a doser does not."""

        def of_doses(self, samples, doses, furnace, lab):
            more = {n: {r: 3 * g for r, g in d.items()} for n, d in doses.items()}
            return super().of_doses(samples, more, furnace, lab)

        def of_heating(self, task, doses, profile, furnace, lab):
            more = {n: {r: 3 * g for r, g in d.items()} for n, d in doses.items()}
            return super().of_heating(task, more, profile, furnace, lab)

    heavy = Heavy(GUARD.spec, GUARD.table)
    matter, journal = run([sample(1, nitrate, dry=False)], lab=lab, guard=heavy)
    assert "gas-toxic, NO2" in held(journal)["S0001"]
    assert not matter.firings
    assert set(judged(journal)) == {"L001", "L001/2-fire"}


def test_a_resumed_load_is_not_judged_twice():
    journal = Journal(dies_after=40)
    matter = Matter()
    load = [sample(1, USUAL), sample(2, {"Ba(NO3)2": 1.0, "C6H8O7": 0.4})]
    run(load, matter=matter, journal=journal)
    journal.dies_after = None
    journal.resumed()
    run(load, matter=matter, journal=journal, start=4000.0)
    assert list(held(journal)) == ["S0002"]
    befores = [p.before for p in journal.payloads if p.kind == "hazards-judged"]
    assert len(befores) == len(set(befores)) == 3


def test_accepted_refusals_go_ahead_and_are_on_record():
    reason = "shared furnace, cleaned after, A. Person"
    spec = ybco(
        precursors=REAGENTS,
        safety={"accept": [{"rule": "co-firing-vapour", "reason": reason}]},
    )
    guard = replace(GUARD, spec=spec)
    load = [sample(1, USUAL), sample(2, {"PbO": 0.5, "CuO": 0.4})]
    _, journal = run(load, guard=guard)
    assert not held(journal)
    (hazard,) = (h for h in judged(journal)["L001"].hazards if h.accepted)
    assert (hazard.severity, hazard.accepted) == ("warn", reason)
