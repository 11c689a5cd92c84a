"""The world: conservation of mass, folding the journal, kills in the middle."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.journal import Journal
from simulators.lab import SimulatedLab
from simulators.state import State
from tests.simulators.stand_in import Dust, Terminal, in_lab, load, simulated_lab


def pour(lab: SimulatedLab, grams: float = 1.0, vial: str = "vial-01") -> None:
    """Let reagent appear in a vial without the doser's noise."""
    lab.world.do(
        "dosed", device="doser-1", head="Y2O3", substance="Y2O3", container=vial,
        grams=grams,
    )  # fmt: skip


async def ask_person(lab: SimulatedLab, kind: str, source: str, to: str = "") -> dict:
    person = Terminal(lab, "bench-1")
    key = f"{kind}-{source}-{to}-{lab.world.now()}"
    request = {"id": key, "kind": kind, "source": source, "destination": to,
               "text": "about 0.3 g please"}  # fmt: skip
    answer = json.loads(await person.ask(json.dumps(request), "\n"))
    await person.port.close()
    return answer


def run_program(lab: SimulatedLab, furnace: str, peak: float, logic: int = 0) -> None:
    """Start ramp, one hour of hold, ramp down, end."""
    rate = 10 / 60
    segments = [
        ("ramp-rate", peak, rate, 0.0, logic, 0, True),
        ("dwell", peak, 0.0, 3600.0, logic, 0, True),
        ("ramp-rate", 20.0, rate, 0.0, logic, 0, True),
        ("end", 0.0, 0.0, 0.0, 0, 0, True),
    ]
    program = {"segments": segments, "holdback_celsius": 0.0, "cycles": 1}
    lab.world.do("heater", device=furnace, command="run", program=program)


def test_the_inventory_fills_the_racks():
    lab = simulated_lab()
    assert lab.world.state.slots["vials/2"] == "vial-02"
    assert lab.world.state.slots["heads/3"] == "CuO"
    assert "heads/4" not in lab.world.state.slots
    assert lab.world.state.total_grams() == pytest.approx(40.05)


async def whole_sample(lab: SimulatedLab) -> None:
    """Dose, mix, dry, pour, fire, fill, scan, recover."""
    world = lab.world
    pour(lab)
    world.do("moved", container="vial-01", destination="dac-1/1")
    world.begin("dac-1", "mix", 60.0, rpm=1000)
    await asyncio.sleep(61)
    assert (await ask_person(lab, "place", "vial-01", "oven-1/1"))["is_done"]
    run_program(lab, "oven-1", 80.0)
    await asyncio.sleep(4 * 3600)
    assert (await ask_person(lab, "place", "vial-01", "vials/1"))["is_done"]
    assert (await ask_person(lab, "transfer", "vial-01", "crucible-01"))["is_done"]
    assert (await ask_person(lab, "place", "crucible-01", "box-a/2"))["is_done"]
    run_program(lab, "box-a", 900.0, logic=1)
    await asyncio.sleep(2 * 3600)
    refused = await ask_person(lab, "place", "crucible-01", "crucibles/1")
    assert "locked" in refused["note"]
    await asyncio.sleep(18 * 3600)
    assert (await ask_person(lab, "place", "crucible-01", "crucibles/1"))["is_done"]
    assert (await ask_person(lab, "fill-holder", "crucible-01", "holder-01"))["is_done"]
    world.do("moved", container="holder-01", destination="aeris-1/1")
    world.begin(
        "aeris-1", "scan", 480.0, sample_id="s1", program="10-80_8min", slot="aeris-1/1"
    )
    await asyncio.sleep(500)
    world.do("moved", container="holder-01", destination="holders/1")
    assert (await ask_person(lab, "recover", "holder-01", "crucible-01"))["is_done"]


def test_mass_is_conserved_through_a_whole_sample():
    async def story(lab: SimulatedLab) -> SimulatedLab:
        await whole_sample(lab)
        return lab

    lab = in_lab(story)
    state = lab.world.state
    assert state.total_grams() == pytest.approx(40.05, abs=1e-9)
    fired = load(state.containers["crucible-01"].powder)
    assert fired.n_mixed == 1
    # The valve closes with the program; the furnace is still above 150 degrees.
    assert fired.gases == ("O2", "air")
    assert fired.peak_celsius == pytest.approx(900, abs=20)
    assert state.gas_grams == pytest.approx(0.11, abs=0.02)
    assert state.containers["holder-01"].content_grams == 0.0
    assert len(state.memory["aeris-1"]["result:s1"]["counts"]) == 71


def snapshot(lab: SimulatedLab) -> tuple[dict, dict]:
    """Return state and furnaces as plain data."""
    furnaces = {}
    for name, thermal in lab.world.furnaces.items():
        thermal.advance(lab.world.last_seconds)
        furnaces[name] = asdict(thermal)
    return asdict(lab.world.state), furnaces


def test_folding_the_journal_gives_the_live_state(tmp_path: Path):
    async def story(lab: SimulatedLab) -> tuple:
        await whole_sample(lab)
        return snapshot(lab)

    path = tmp_path / "run.world.jsonl"
    live = in_lab(story, simulated_lab(path))
    again = simulated_lab(path)
    assert json.dumps(snapshot(again)) == json.dumps(live)


def test_every_prefix_of_a_journal_folds_and_conserves_mass(tmp_path: Path):
    path = tmp_path / "run.world.jsonl"
    in_lab(whole_sample, simulated_lab(path))
    lines = path.read_bytes().splitlines(keepends=True)
    cut = tmp_path / "cut.world.jsonl"
    for n in range(1, len(lines) + 1):
        # The next line is torn in the middle, as a kill may leave it.
        torn = lines[n][: len(lines[n]) // 2] if n < len(lines) else b""
        cut.write_bytes(b"".join(lines[:n]) + torn)
        world = simulated_lab(cut).world
        assert world.state.total_grams() == pytest.approx(40.05, abs=1e-9)
        assert cut.read_bytes() == b"".join(lines[:n])


def final(path: Path) -> State:
    """Return the state in a journal, without the times."""
    return simulated_lab(path).world.state


@pytest.mark.parametrize("kill_at", [10.0, 3000.0, 30000.0, 86400.0])
def test_a_killed_lab_goes_on_as_if_nothing_had_happened(tmp_path: Path, kill_at):
    async def begin(lab: SimulatedLab) -> None:
        pour(lab, vial="vial-02")
        pour(lab)
        lab.world.do("moved", container="vial-01", destination="box-a/1")
        run_program(lab, "box-a", 900.0)
        lab.world.begin("ur-1", "move", 40.0, source="vials/2",
                        destination="scale-1/1", planned_seconds=40.0)  # fmt: skip

    async def killed(lab: SimulatedLab) -> None:
        await begin(lab)
        await asyncio.sleep(kill_at)

    async def end(lab: SimulatedLab) -> Dust:
        await asyncio.sleep(100000 - lab.world.now())
        assert (await ask_person(lab, "place", "vial-01", "vials/1"))["is_done"]
        return load(lab.world.state.containers["vial-01"].powder)

    async def straight(lab: SimulatedLab) -> Dust:
        await begin(lab)
        return await end(lab)

    expected = in_lab(straight)
    path = tmp_path / "run.world.jsonl"
    in_lab(killed, simulated_lab(path))
    found = in_lab(end, simulated_lab(path), start_seconds=kill_at)
    assert found == expected
    moves = [
        part
        for effect in simulated_lab(path).world.effects
        if effect["kind"] == "batch"
        for part in effect["effects"]
        if part.get("destination") == "scale-1/1"
    ]
    assert len(moves) == 1


def test_a_dose_caught_in_the_middle_falls_once(tmp_path: Path):
    async def begin(lab: SimulatedLab) -> None:
        lab.world.do("moved", container="Y2O3", destination="doser-1.head/1")
        lab.world.do("moved", container="vial-01", destination="doser-1/1")
        doser = Terminal(lab, "doser-1")
        for text in ("QRA 60 8 1", "QRD 1 1 5 300.00", "QRD 1 1 8 a1"):
            answer = await doser.ask(text)
            while not answer.endswith(" A"):
                answer = await doser.line()
        assert await doser.ask("QRA 61 1") == "QRA 61 1 B"
        await asyncio.sleep(5)

    async def wait(lab: SimulatedLab) -> float:
        await asyncio.sleep(600)
        assert lab.world.memory("doser-1")["last"]["label"] == "a1"
        return lab.world.state.containers["vial-01"].content_grams

    async def straight(lab: SimulatedLab) -> float:
        await begin(lab)
        return await wait(lab)

    path = tmp_path / "run.world.jsonl"
    in_lab(begin, simulated_lab(path))
    grams = in_lab(wait, simulated_lab(path), start_seconds=30.0)
    assert grams == in_lab(straight) == pytest.approx(0.3, rel=0.1)


def test_a_journal_of_another_seed_or_damaged_is_refused(tmp_path: Path):
    path = tmp_path / "run.world.jsonl"
    simulated_lab(path)
    with pytest.raises(ValueError, match="seed: found 1; allowed: 2 as given now"):
        simulated_lab(path, seed=2)
    path.write_bytes(b"nonsense\n" + path.read_bytes())
    with pytest.raises(ValueError, match="line 1: found b'nonsense'"):
        simulated_lab(path)


def test_time_cannot_go_back(tmp_path: Path):
    journal = Journal()
    journal.append({"t": 5.0, "kind": "memory"})
    with pytest.raises(ValueError, match=r"t: found 4.000 s; allowed: at or after"):
        journal.append({"t": 4.0, "kind": "memory"})


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["transfer", "fill-holder", "recover", "place", "check"]),
            st.sampled_from(["vial-01", "vial-02", "crucible-01", "holder-01"]),
            st.sampled_from(
                ["crucible-01", "holder-01", "vial-02", "vials/1", "box-a/1", "x/1", ""]
            ),
        ),
        max_size=8,
    )
)
def test_whatever_people_are_asked_mass_stays(requests):
    async def story(lab: SimulatedLab) -> None:
        pour(lab, 0.8)
        pour(lab, 0.5, "vial-02")
        for kind, source, to in requests:
            answer = await ask_person(lab, kind, source, to)
            assert answer["is_done"] or answer["note"]
            assert lab.world.state.total_grams() == pytest.approx(40.05, abs=1e-9)
        slots = [item.slot for item in lab.world.state.containers.values()]
        assert len(slots) == len(set(slots))

    in_lab(story)


def test_a_failure_of_the_laws_reaches_whoever_waits():
    lab = simulated_lab()

    async def broken(*_: object) -> None:
        raise ArithmeticError("no such law")

    lab.world._work = {**lab.world._work, "task": broken}

    async def story(lab: SimulatedLab) -> None:
        with pytest.raises(RuntimeError, match="the simulated world failed"):
            await ask_person(lab, "check", "vial-01")

    in_lab(story, lab)


def test_a_stopped_arm_keeps_what_it_grips_and_a_person_takes_it():
    async def story(lab: SimulatedLab) -> None:
        arm = Terminal(lab, "ur-1")
        await arm.line()
        await arm.ask("load vials_1-to-scale-1_1.urp", "\n")
        await arm.ask("play", "\n")
        await asyncio.sleep(20)
        assert await arm.ask("stop", "\n") == "Stopped"
        assert lab.world.state.slots["ur-1.gripper/1"] == "vial-01"
        found = await ask_person(lab, "check", "vial-01")
        assert found["location"] == "ur-1.gripper/1"
        assert (await ask_person(lab, "place", "vial-01", "vials/1"))["is_done"]
        assert lab.world.state.slots["vials/1"] == "vial-01"

    in_lab(story)


def test_a_person_counts_firings_and_fetches_clean_containers():
    async def story(lab: SimulatedLab) -> None:
        pour(lab)
        assert (await ask_person(lab, "place", "vial-01", "box-a/1"))["is_done"]
        run_program(lab, "box-a", 800.0)
        await asyncio.sleep(20 * 3600)
        run_program(lab, "box-a", 600.0)
        await asyncio.sleep(20 * 3600)
        assert "fired 2" in (await ask_person(lab, "check", "vial-01"))["note"]
        assert (await ask_person(lab, "place", "vial-01", "vials/1"))["is_done"]
        assert "fired 2" in (await ask_person(lab, "check", "vial-01"))["note"]
        assert "fired 0" in (await ask_person(lab, "check", "vial-02"))["note"]
        fresh = await ask_person(lab, "place", "vial-05", "vials/1")
        assert fresh["is_done"]
        assert fresh["location"] == "vials/1"
        state = lab.world.state
        assert state.containers["vial-01"].slot == "cupboard/1"
        assert state.containers["vial-05"].content_grams == 0.0
        assert state.total_grams() == pytest.approx(40.05, abs=1e-9)

    in_lab(story)
