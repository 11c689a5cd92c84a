"""What a campaign database tells of reactions, and observations as samples."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from campaigns import lifecycle as facts
from campaigns.errors import MaterialError
from campaigns.materials.atmospheres import PRESSURES
from campaigns.materials.formula import Formula
from campaigns.recipe import Recipe
from campaigns.results import Identification
from campaigns.spec import CampaignSpec
from campaigns.store import Store
from campaigns.synthesis import moles_per_gram
from loop.knowledge.pairwise import Chemistry
from loop.knowledge.pairwise_file import Hold, Observation
from loop.knowledge.pairwise_firing import Firing, fire
from loop.knowledge.pairwise_learning import Sample

MOST_AMORPHOUS = 0.05
"""Weight share above which phases that are not listed may hide as amorphous."""
NO_PHASE = ("unknown", "amorphous")


def observations(store: Store) -> tuple[Observation, ...]:
    """Return one observation for each sample whose analysis can be trusted.

    Doses and holds are those measured, those planned where nothing was.
    """
    events = store.events()
    spec, opened = store.spec, events[0]
    made = {t.sample for t in store.history().trials if t.status == "scored"}
    log = _Log.of(events)
    found = []
    for sample in sorted(made & log.recipes.keys()):
        sequence, identification = log.identified[log.scan[sample]]
        fractions = identification.fractions
        found.append(
            Observation(
                campaign=opened.sha256,
                name=spec.name,
                mode=store.opened.mode,
                sample=sample,
                event=sequence,
                target=spec.target.formula,
                precursors=_moles(spec, log.grams(sample)),
                holds=log.holds(sample),
                phases=fractions.phases,
                mean=fractions.mean,
                covariance=fractions.covariance,
            )
        )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Log:
    """The events that matter here, by sample or scan."""

    recipes: Mapping[str, Recipe]
    doses: Mapping[str, Mapping[str, float]]
    fired: Mapping[str, Sequence[facts.Fired]]
    identified: Mapping[str, tuple[int, Identification]]
    scan: Mapping[str, str]
    """The scan that a sample was scored by."""

    @classmethod
    def of(cls, events: Iterable[facts.Event]) -> "_Log":
        recipes: dict[str, Recipe] = {}
        doses: dict[str, dict[str, float]] = {}
        fired: dict[str, list[facts.Fired]] = {}
        identified: dict[str, tuple[int, Identification]] = {}
        scan: dict[str, str] = {}
        for event in events:
            match event.payload:
                case facts.Proposed(sample=sample, recipe=recipe):
                    recipes[sample] = recipe
                case facts.Dosed(sample=sample, label=label, measured_grams=grams):
                    own = doses.setdefault(sample, {})
                    own[label] = own.get(label, 0.0) + grams
                case facts.Fired() as firing:
                    for sample in firing.samples:
                        fired.setdefault(sample, []).append(firing)
                case facts.Identified() as result:
                    identified[result.scan] = event.sequence, result.identification
                case facts.Scored() as scored:
                    scan[scored.sample] = scored.scan
        return cls(recipes, doses, fired, identified, scan)

    def grams(self, sample: str) -> Mapping[str, float]:
        """Return precursor to mass weighed, g; the recipe's if it was not."""
        return self.doses.get(sample) or self.recipes[sample].grams

    def holds(self, sample: str) -> tuple[Hold, ...]:
        """Return the holds in order."""
        planned = self.recipes[sample].firings
        measured = self.fired.get(sample, [])
        found = []
        for i, step in enumerate(planned):
            values = measured[i].measured if i < len(measured) else {}
            found.append(
                Hold(
                    celsius=float(values.get("hold_celsius", step.temperature_celsius)),
                    hours=float(values.get("hold_hours", step.hold_hours)),
                    atmosphere=step.atmosphere,
                )
            )
        return tuple(found)


def _moles(spec: CampaignSpec, grams: Mapping[str, float]) -> dict[str, float]:
    """Return precursor formula to moles per mole of target."""
    target = spec.sample_grams / Formula.parse(spec.target.formula).molar_mass
    by_label = {precursor.label: precursor for precursor in spec.precursors}
    moles: dict[str, float] = {}
    for label, mass in grams.items():
        precursor = by_label[label]
        n = mass * moles_per_gram(precursor) / target
        moles[precursor.formula] = moles.get(precursor.formula, 0.0) + n
    return moles


def samples(
    chemistry: Chemistry, found: Iterable[Observation]
) -> tuple[tuple[Sample, ...], dict[str, str]]:
    """Return what can be learned from, and why the rest cannot.

    Args:
        chemistry: What is known of matter.
        found: Each powder once.

    Returns:
        Samples, and the name of each other powder to the reason.
    """
    usable: list[Sample] = []
    left_out: dict[str, str] = {}
    for observation in found:
        try:
            sample = _sample(chemistry, observation)
            fire(chemistry, sample.batch, sample.firings)
        except MaterialError as error:
            left_out[f"{observation.name} {observation.sample}"] = str(error)
        else:
            usable.append(sample)
    return tuple(usable), left_out


def _sample(chemistry: Chemistry, observation: Observation) -> Sample:
    """Return weight shares of the crystalline part, with their covariance."""
    for hold in observation.holds:
        if hold.atmosphere not in PRESSURES:
            raise MaterialError(f"furnace gas {hold.atmosphere} has no pressures")
    kept = [i for i, name in enumerate(observation.phases) if name not in NO_PHASE]
    known = dict(zip(observation.phases, observation.mean, strict=True))
    amorphous = known.get("amorphous", 0.0)
    crystalline = 1.0 - amorphous
    if crystalline <= 0:
        raise MaterialError("nothing crystalline was found")
    covariance = np.array(observation.covariance)[np.ix_(kept, kept)] / crystalline**2
    return Sample(
        tuple(
            (chemistry.name(formula), round(n, 6))
            for formula, n in observation.precursors.items()
        ),
        tuple(
            # A thermocouple is no better; and each temperature costs time.
            Firing(float(round(h.celsius)), round(h.hours, 2), h.atmosphere)
            for h in observation.holds
        ),
        tuple(
            (chemistry.name(observation.phases[i]), observation.mean[i] / crystalline)
            for i in kept
        ),
        tuple(tuple(map(float, row)) for row in covariance),
        observation.is_complete and amorphous < MOST_AMORPHOUS,
    )
