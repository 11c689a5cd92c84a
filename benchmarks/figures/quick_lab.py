"""A lab without instruments: recipes go straight to the simulated chemistry.

Doses and furnace are taken as exact; the phase fractions have the errors that analyses
have. A campaign costs seconds, so that many worlds can be met. What instruments add
(drivers, diffraction, identification, faults) is in `closed_loop.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from campaigns.materials.phases import PhaseTable
from campaigns.recipe import (
    DryStep,
    FireStep,
    MixStep,
    Parameters,
    Recipe,
    RegrindStep,
)
from campaigns.results import (
    History,
    Identification,
    PhaseFractions,
    Score,
    Trial,
)
from campaigns.spec import CampaignSpec
from campaigns.synthesis import build_recipe
from loop.analyse.objectives import score
from loop.analyse.powder import RunFacts
from loop.analyse.quantify import AMORPHOUS, UNKNOWN
from simulators.chemistry import Powder, Truth, dry, fire, grind, mix
from simulators.laws import poured_together
from simulators.physics import Reagent

AMOUNT_ERROR = 0.065
"""Relative standard deviation of a phase's amount: what phase identification reports
of itself (`docs/explanation/phase-identification.md`)."""
DETECTION = 0.01
"""Weight share below which a phase is not seen, the middle of 0.5 to 2 wt%."""
KILOWATTS = 1.0
"""Of a furnace at work: only objectives of energy depend on it."""


@dataclass(frozen=True)
class Sample:
    """One sample as it is, and as the lab sees it."""

    true_scores: dict[str, Score]
    """Objectives and bounded figures, from the powder itself."""
    trial: Trial


@dataclass(frozen=True)
class QuickLab:
    """One campaign's lab in one hidden world."""

    spec: CampaignSpec
    table: PhaseTable
    world: int

    def load(self, number: int, points: Sequence[Parameters]) -> list[Sample]:
        """Make and measure the samples of a load."""
        return [self._made(number, place, point) for place, point in enumerate(points)]

    def fired(self, recipe: Recipe, rng: np.random.Generator) -> Powder:
        """Return the powder that a recipe gives in this world."""
        reagents = {
            p.label: Reagent(
                p.label, p.formula, p.assay, p.loss_on_ignition, p.particle_micrometres
            )
            for p in self.spec.precursors
        }
        powder = poured_together({reagents[n]: g for n, g in recipe.grams.items()})
        for step in recipe.steps:
            match step:
                case MixStep(rpm=rpm, minutes=minutes):
                    powder = mix(powder, rpm, 60 * minutes)
                case DryStep(temperature_celsius=celsius, minutes=minutes):
                    powder = dry(powder, celsius, 60 * minutes)
                case RegrindStep(rpm=rpm, minutes=minutes):
                    powder = grind(powder, rpm, 60 * minutes)
                case FireStep():
                    seconds, program = programme(step)
                    powder = fire(
                        powder, seconds, program, step.atmosphere, step.crucible,
                        self._truth, rng,
                    )  # fmt: skip
        return powder

    @cached_property
    def _truth(self) -> Truth:
        return Truth.of_seed(self.world)

    def _made(self, number: int, place: int, point: Parameters) -> Sample:
        rng = np.random.Generator(
            np.random.Philox(key=[self.world, 100 * number + place])
        )
        recipe = build_recipe(self.spec, point)
        powder = self.fired(recipe, rng)
        facts = run_facts(recipe, powder)
        exact = _identified(shares(powder), error=0.0)
        seen = _identified(shares(powder), error=AMOUNT_ERROR, rng=rng)
        true, told = (
            score(self.spec, found, facts=facts, table=self.table)
            for found in (exact, seen)
        )
        trial = Trial(
            sample=f"L{number}-{place + 1}",
            load=number,
            role="search",
            planned=point,
            measured=point,
            status="scored",
            scores=told,
            fractions=seen.fractions,
            slot=f"box-a/{place + 1}",
        )
        return Sample(true, trial)


def programme(step: FireStep) -> tuple[list[float], list[float]]:
    """Return times, s, and temperatures, C, of a firing's ramp, hold and cooling."""
    peak, hold = step.temperature_celsius, 3600 * step.hold_hours
    up = 60 * (peak - 25) / step.ramp_celsius_per_minute
    down = 60 * (peak - 25) / step.cool_celsius_per_minute
    return [0.0, up, up + hold, up + hold + down], [25.0, peak, peak, 25.0]


def run_facts(recipe: Recipe, powder: Powder) -> RunFacts:
    """Return what a lab would have measured of a sample's making, without errors."""
    hours = sum(programme(step)[0][-1] for step in recipe.firings) / 3600
    return RunFacts(
        dosed_grams=recipe.grams,
        energy_kilowatt_hours=KILOWATTS * hours,
        samples_in_load=8,
        furnace_hours=hours,
        peak_celsius=max(step.temperature_celsius for step in recipe.firings),
        powder_grams=powder.grams,
    )


def shares(powder: Powder) -> dict[str, float]:
    """Return the weight shares of crystalline phases and of what is amorphous."""
    found: dict[str, float] = {AMORPHOUS: 0.0}
    for name, share in powder.weights().items():
        dark = powder.grains[name].amorphous_share if name in powder.grains else 1.0
        found[AMORPHOUS] += dark * share
        if share * (1 - dark) > 0:
            found[name] = share * (1 - dark)
    return found


def _identified(
    found: dict[str, float],
    *,
    error: float,
    rng: np.random.Generator | None = None,
) -> Identification:
    """Return shares as identified: amounts off by a factor each, traces not seen."""
    seen = {
        name: share
        for name, share in found.items()
        if not error or share >= DETECTION or name == AMORPHOUS
    }
    names = (*(n for n in seen if n != AMORPHOUS), UNKNOWN, AMORPHOUS)
    w = np.array([0.0 if n == UNKNOWN else seen[n] for n in names])
    if rng is not None:
        w = w * np.exp(error * rng.standard_normal(len(w)))
    w = w / w.sum()
    # Of w = a / sum(a) with independent relative errors of a.
    slope = np.diag(w) - np.outer(w, w)
    covariance = error**2 * slope @ slope.T
    return Identification(
        fractions=PhaseFractions(
            phases=names,
            mean=tuple(w.tolist()),
            covariance=tuple(map(tuple, covariance.tolist())),
        ),
        rwp=0.1,
        gof=1.0,
    )


def history_of(samples: Sequence[Sample]) -> History:
    """Return what a proposer may know."""
    return History(trials=tuple(s.trial for s in samples))
