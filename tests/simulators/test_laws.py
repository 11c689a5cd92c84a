"""The real chemistry and diffraction behind the world's callables."""

import asyncio
import json

import numpy as np
import pytest

from instruments.labspec import LabSpec
from instruments.xrdml import parse
from simulators.lab import SimulatedLab
from simulators.laws import laws, poured_together
from simulators.physics import Reagent, ScanProgram
from tests.simulators.stand_in import in_lab, lab_spec
from tests.simulators.test_world import ask_person, run_program

REAGENTS = {
    "heads/1": Reagent("BaCO3", "BaCO3", assay=0.99, stock_grams=20.0),
    "heads/2": Reagent("TiO2", "TiO2", loss_on_ignition=0.01, stock_grams=20.0),
}


def test_reagents_keep_their_mass_and_their_purity():
    barium, titania = REAGENTS["heads/1"], REAGENTS["heads/2"]
    powder = poured_together({barium: 2.0, titania: 1.0})
    assert powder.grams == pytest.approx(3.0)
    assert powder.weights()["BaCO3"] * 3.0 == pytest.approx(1.98)


def test_an_empty_holder_gives_background_only():
    program = ScanProgram("8min", 480.0, 10.0, 80.0)
    physics = laws(1)
    scan = physics.diffract(None, program, np.random.default_rng(0))
    assert len(scan.counts) == 3501
    rate = np.array(scan.counts) / scan.seconds_per_point
    # Air and dark counts alone: no line stands above the low-angle end.
    assert 0 < rate[-500:].mean() < 20 < rate[:50].mean() < 200
    assert rate.max() < 1.2 * rate[:50].mean()
    # A strip detector counts each point far longer than 480 s / 3501.
    assert scan.seconds_per_point == pytest.approx(25.9, rel=0.01)


def spec() -> LabSpec:
    return lab_spec(cooling=[(800.0, 15.0), (400.0, 6.0), (100.0, 3.0)])


async def barium_titanate(lab: SimulatedLab) -> bytes:
    """Pour, mix, fire at 1100 degrees, scan; return the file."""
    world = lab.world
    for name, grams in (("BaCO3", 0.712), ("TiO2", 0.288)):
        world.do(
            "dosed", device="doser-1", head=name, substance=name,
            container="vial-01", grams=grams,
        )  # fmt: skip
    world.do("moved", container="vial-01", destination="dac-1/1")
    world.begin("dac-1", "mix", 600.0, rpm=1500)
    await asyncio.sleep(601)
    world.do("moved", container="vial-01", destination="vials/1")
    assert (await ask_person(lab, "transfer", "vial-01", "crucible-01"))["is_done"]
    assert (await ask_person(lab, "place", "crucible-01", "box-a/1"))["is_done"]
    run_program(lab, "box-a", 1100.0)
    await asyncio.sleep(86400)
    assert (await ask_person(lab, "fill-holder", "crucible-01", "holder-01"))[
        "note"
    ] == "crucible-01 is still in box-a"
    assert (await ask_person(lab, "place", "crucible-01", "crucibles/1"))["is_done"]
    assert (await ask_person(lab, "fill-holder", "crucible-01", "holder-01"))["is_done"]
    world.do("moved", container="holder-01", destination="aeris-1/1")
    world.begin(
        "aeris-1", "scan", 480.0, sample_id="s1", program="10-80_8min", slot="aeris-1/1"
    )
    await asyncio.sleep(500)
    raw = await lab.fetchers["sim"]("sim://aeris-1", "s1.xrdml")
    assert raw is not None
    return raw


def test_a_fired_sample_gives_a_pattern_and_mass_is_conserved():
    def lab() -> SimulatedLab:
        return SimulatedLab(spec(), REAGENTS, seed=3, perturbed=False)

    first = lab()
    raw = in_lab(barium_titanate, first)
    pattern = parse(raw)
    # BaTiO3 110 of the tetragonal or cubic cell, 31.4 degrees for Cu K-alpha.
    strongest = pattern.two_theta[int(np.argmax(pattern.counts))]
    assert strongest == pytest.approx(31.5, abs=0.3)
    state = first.world.state
    assert state.total_grams() == pytest.approx(40.0, abs=1e-6)
    powder = first.world.matter(state.containers["crucible-01"])
    assert powder is not None
    assert "BaTiO3" in json.dumps(powder.to_json())
    # One mole of CO2 per mole of BaCO3, and a little water.
    assert state.gas_grams == pytest.approx(0.157, abs=0.03)
    assert in_lab(barium_titanate, lab()) == raw
