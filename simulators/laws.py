"""The laws of a simulated world: its chemistry and its diffractometer, by seed."""

from collections.abc import Mapping

import numpy as np

from simulators.chemistry import (
    Powder,
    Truth,
    dry,
    fire,
    fresh,
    grind,
    join,
    mix,
    stuck,
)
from simulators.chemistry.substances import WATER
from simulators.diffraction import Instrument, Structures, measure
from simulators.physics import Firing, Measurement, Physics, Reagent, ScanProgram

STEP_DEGREES = 0.02
"""Step of the scans, degrees two-theta."""


def laws(seed: int, *, is_perturbed: bool = True) -> Physics[Powder]:
    """Return chemistry and diffraction with the hidden truth of a seed.

    Args:
        seed: Seed of the world.
        is_perturbed: Whether energies, rates, cell edges and the diffractometer's
            alignment depart from their tabulated values.
    """
    truth = Truth.of_seed(seed) if is_perturbed else Truth.unperturbed()
    structures = Structures.of_seed(seed) if is_perturbed else Structures.cited()
    instrument = Instrument.of_seed(seed) if is_perturbed else Instrument()

    def fired(powder: Powder, firing: Firing, rng: np.random.Generator) -> Powder:
        return fire(
            powder, firing.seconds, firing.celsius, firing.gas, firing.crucible,
            truth, rng,
        )  # fmt: skip

    def scanned(
        powder: Powder | None, program: ScanProgram, rng: np.random.Generator
    ) -> Measurement:
        span = program.end_degrees - program.start_degrees
        angles = np.linspace(
            program.start_degrees, program.end_degrees, round(span / STEP_DEGREES) + 1
        )
        seconds = instrument.counting_seconds(
            program.seconds, span_degrees=span, step_degrees=STEP_DEGREES
        )
        counts = measure(
            {} if powder is None else powder.weights(),
            {} if powder is None else powder.grains,
            instrument=instrument,
            two_theta=angles,
            seconds_per_point=seconds,
            rng=rng,
            structures=structures,
            particle_micrometres=(
                1.0 if powder is None else powder.particle_micrometres
            ),
        )
        return Measurement(
            start_degrees=program.start_degrees,
            end_degrees=program.end_degrees,
            counts=tuple(int(count) for count in counts),
            seconds_per_point=seconds,
            radius_millimetres=instrument.radius_millimetres,
            divergence_degrees=instrument.divergence_degrees,
        )

    return Physics(
        fresh=poured_together,
        join=join,
        mix=mix,
        grind=grind,
        dry=dry,
        fire=fired,
        diffract=scanned,
        load=Powder.from_json,
        stuck=stuck,
    )


def poured_together(portions: Mapping[Reagent, float]) -> Powder:
    """Return powder from grams of each reagent as it stands on the shelf.

    The assay holds for the dried reagent. Whatever is not the formula is taken for
    adsorbed water, so that dosing as recipes correct for it gives the exact amounts.
    """
    grams: dict[str, float] = {}
    sizes: dict[str, float] = {}
    for reagent, mass in portions.items():
        pure = reagent.assay * (1.0 - reagent.loss_on_ignition)
        grams[reagent.formula] = grams.get(reagent.formula, 0.0) + mass * pure
        grams[WATER] = grams.get(WATER, 0.0) + mass * (1.0 - pure)
        sizes[reagent.formula] = reagent.particle_micrometres
    present = {name: mass for name, mass in grams.items() if mass > 0}
    return fresh(present, particle_micrometres=sizes)
