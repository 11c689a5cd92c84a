"""The powder of one sample: shares, moles and price as functions of what was found."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from campaigns.errors import MaterialError
from campaigns.materials.formula import Formula
from campaigns.materials.phases import PhaseTable
from campaigns.reagents import cations, formula_of
from campaigns.results import PhaseFractions, Score
from campaigns.spec import CampaignSpec
from campaigns.synthesis import cost, moles_per_gram
from instruments.quantities import Floats
from loop.analyse.candidates import target_phases
from loop.analyse.quantify import AMORPHOUS, UNKNOWN
from loop.errors import AnalysisError

FLAGGED_SHARE = 0.05
"""Unknown or amorphous parts above this are flagged on every share."""
LEAST_TARGET_SHARE = 0.01
"""Cost per gram is not counted below this share of target, where it would diverge."""
_DETECTION_SIGMA = 0.01
"""Standard deviation of the share of a phase that was not found."""
Share = Callable[[Floats], float]


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What was measured of one sample's making."""

    dosed_grams: dict[str, float]
    """Precursor name to mass as weighed by the doser, g."""
    energy_kilowatt_hours: float
    """Of all firings of the load or loads that the sample was in."""
    samples_in_load: int
    """How many samples shared that energy, at least 1."""
    furnace_hours: float
    peak_celsius: float
    """Highest measured temperature."""
    powder_grams: float | None = None
    """Powder taken out; none where nobody weighed it."""

    def check(self) -> None:
        """Refuse impossible facts.

        Raises:
            AnalysisError: Names the field, what was found and what is needed.
        """
        powder, dosed = self.powder_grams, self.dosed_grams
        rows = (
            ("samples_in_load", self.samples_in_load, self.samples_in_load >= 1),
            ("dosed_grams", dosed, dosed and all(g > 0.0 for g in dosed.values())),
            (
                "energy_kilowatt_hours",
                self.energy_kilowatt_hours,
                self.energy_kilowatt_hours >= 0.0,
            ),
            ("furnace_hours", self.furnace_hours, self.furnace_hours >= 0.0),
            ("powder_grams", powder, powder is None or powder > 0.0),
        )
        for name, found, is_possible in rows:
            if not is_possible:
                raise AnalysisError(
                    f"run facts: {name} is {found!r}; a measured value above zero is "
                    "needed"
                )


@dataclass(frozen=True, slots=True)
class Powder:
    """The powder of one sample, as functions of its weight fractions."""

    spec: CampaignSpec
    fractions: PhaseFractions
    facts: RunFacts
    table: PhaseTable

    @property
    def target(self) -> tuple[str, ...]:
        """Return the phases that count as target."""
        return target_phases(self.spec, self.table)

    def flags(self) -> tuple[str, ...]:
        """Return what makes every share doubtful."""
        return tuple(
            f"{name} {self.fractions.of(name):.0%}"
            for name in (UNKNOWN, AMORPHOUS)
            if self.fractions.of(name) > FLAGGED_SHARE
        )

    def index(self, names: tuple[str, ...]) -> list[int]:
        """Return where these phases stand among the components."""
        return [i for i, name in enumerate(self.fractions.phases) if name in names]

    def whole(self, names: tuple[str, ...]) -> Share:
        """Return the share of the whole powder."""
        at = self.index(names)
        return lambda w: float(w[at].sum())

    def crystalline(self, names: tuple[str, ...]) -> Share:
        """Return the share of the identified crystalline part."""
        at, out = self.index(names), self.index((UNKNOWN, AMORPHOUS))
        return lambda w: float(w[at].sum() / max(1e-9, w.sum() - w[out].sum()))

    def share(
        self, function: Share, names: tuple[str, ...], flags: tuple[str, ...]
    ) -> Score:
        """Return a share with the variance that the fractions give it."""
        mean, variance = self.propagate(function)
        if not self.index(names):
            flags = (*flags, "not found")
        variance = max(variance, _DETECTION_SIGMA**2)
        return Score(mean=min(1.0, max(0.0, mean)), variance=variance, flags=flags)

    def propagate(self, function: Share) -> tuple[float, float]:
        """Return a function of the fractions and its variance, by the delta method."""
        w = np.array(self.fractions.mean)
        covariance = np.array(self.fractions.covariance)
        step = 1e-5
        gradient = np.array(
            [
                (function(w + step * one) - function(w - step * one)) / (2.0 * step)
                for one in np.eye(len(w))
            ]
        )
        return function(w), max(0.0, float(gradient @ covariance @ gradient))

    def cations_per_gram(self) -> Floats:
        """Return moles of target cations in one gram of each component.

        The unknown and the amorphous part are taken to have the mean composition of
        what was dosed; 0 marks them here.
        """
        elements = cations(Formula.parse(self.spec.target.formula))
        found = np.zeros(len(self.fractions.phases))
        for i, name in enumerate(self.fractions.phases):
            if name in (UNKNOWN, AMORPHOUS):
                continue
            formula = self._formula(name)
            amount = sum(float(formula.amount(element)) for element in elements)
            found[i] = amount / formula.molar_mass
        return found

    def _formula(self, name: str) -> Formula:
        try:
            return self.table[name].formula
        except MaterialError as error:
            raise AnalysisError(f"identified phase has no formula: {error}") from error

    def dosed_cations(self) -> dict[str, float]:
        """Return moles of each target cation dosed."""
        known = {p.label: p for p in self.spec.precursors}
        found = dict.fromkeys(
            sorted(cations(Formula.parse(self.spec.target.formula))), 0.0
        )
        for label, grams in self.facts.dosed_grams.items():
            if label not in known:
                raise AnalysisError(f"dosed {label!r} is no precursor of the campaign")
            moles = grams * moles_per_gram(known[label])
            for element in found:
                found[element] += moles * float(
                    formula_of(known[label]).amount(element)
                )
        return found

    def grams(self, w: Floats) -> float:
        """Return the mass of the powder that the dosed cations make, g.

        No cation is lost: what stays in a crucible or jar is not counted against the
        synthesis.
        """
        known = w * (self.cations_per_gram() > 0.0)
        per_gram = float(self.cations_per_gram() @ w) / max(1e-9, float(known.sum()))
        if per_gram <= 0.0:
            raise AnalysisError("no identified phase holds a cation of the target")
        return sum(self.dosed_cations().values()) / per_gram

    def cation_yield(self, w: Floats) -> float:
        """Return moles of target per mole that the limiting cation allows."""
        at = self.index(self.target)
        if not at:
            return 0.0
        formula = Formula.parse(self.spec.target.formula)
        allowed = min(
            moles / float(formula.amount(element))
            for element, moles in self.dosed_cations().items()
        )
        made = sum(
            w[i] / self._formula(self.fractions.phases[i]).molar_mass for i in at
        )
        return float(made * self.grams(w) / allowed)

    def cost(self, flags: tuple[str, ...]) -> Score:
        """Return price per gram of target obtained; bounded as the target vanishes."""
        price = cost(self.spec, self.facts.dosed_grams)
        mean_share, variance = self.propagate(self.whole(self.target))
        grams = self.facts.powder_grams
        if grams is None:
            grams = self.expected_grams()
            flags = (*flags, "powder not weighed: mass from the doses")
        share = max(mean_share, LEAST_TARGET_SHARE)
        if mean_share < LEAST_TARGET_SHARE:
            flags = (
                *flags,
                f"target below {LEAST_TARGET_SHARE:.0%}: cost at that share",
            )
        variance = max(variance, _DETECTION_SIGMA**2)
        mean = price / (share * grams)
        # Beyond the first order the ratio has no variance; its own size bounds it.
        spread = mean**2 * min(1.0, variance / share**2)
        return Score(mean=mean, variance=spread, flags=flags)

    def expected_grams(self) -> float:
        """Return the powder's mass if all dosed cations became target, g."""
        formula = Formula.parse(self.spec.target.formula)
        total = sum(float(formula.amount(e)) for e in cations(formula))
        return sum(self.dosed_cations().values()) / total * formula.molar_mass
