"""What a campaign database tells of reactions, and observations as samples."""

from collections.abc import Iterable, Mapping

import numpy as np

from campaigns import lifecycle as facts
from campaigns.errors import MaterialError
from campaigns.ledger import Ledger
from campaigns.materials.atmospheres import PRESSURES
from campaigns.materials.formula import Formula
from campaigns.spec import CampaignSpec
from campaigns.store import Store
from campaigns.synthesis import moles_per_gram
from loop.knowledge.pairwise import Chemistry
from loop.knowledge.pairwise_file import Hold, Observation
from loop.knowledge.pairwise_firing import Firing, fire, together
from loop.knowledge.pairwise_learning import Sample

MOST_AMORPHOUS = 0.05
"""Weight share above which phases that are not listed may hide as amorphous."""
SHORTEST_HOURS = 0.01
"""What a hold that was cut off counts as, h."""
NO_PHASE = ("unknown", "amorphous")


def observations(store: Store) -> tuple[Observation, ...]:
    """Return one observation for each sample whose analysis can be trusted.

    Doses and holds are those measured, those planned where nothing was.
    """
    events = store.events()
    ledger, spec = Ledger(), store.spec
    ledger.take(events)
    sequences = {
        event.payload.scan: event.sequence
        for event in events
        if isinstance(event.payload, facts.Identified)
    }
    found = []
    for sample, scored in sorted(ledger.scored.items()):
        identification = ledger.identified[scored.scan].identification
        if not identification.is_usable:
            continue
        recipe = ledger.recipe(sample)
        grams = ledger.dosed_grams(sample) or recipe.grams
        target = recipe.target or spec.target.formula
        fractions = identification.fractions
        found.append(
            Observation(
                campaign=events[0].sha256,
                name=spec.name,
                mode=store.opened.mode,
                sample=sample,
                event=sequences[scored.scan],
                target=target,
                precursors=moles_of(spec, grams, target),
                holds=holds_of(ledger, sample),
                phases=fractions.phases,
                mean=fractions.mean,
                covariance=fractions.covariance,
            )
        )
    return tuple(found)


def holds_of(ledger: Ledger, sample: str) -> tuple[Hold, ...]:
    """Return the holds of a sample in order, as measured where they were."""
    measured = [firing.measured for firing in ledger.firings_of(sample)]
    found = []
    for i, step in enumerate(ledger.recipe(sample).firings):
        values = measured[i] if i < len(measured) else {}
        hold = Hold(
            celsius=float(values.get("hold_celsius", step.temperature_celsius)),
            hours=max(float(values.get("hold_hours", step.hold_hours)), SHORTEST_HOURS),
            atmosphere=step.atmosphere,
        )
        found.append(hold)
    return tuple(found)


def moles_of(
    spec: CampaignSpec, grams: Mapping[str, float], formula: str
) -> dict[str, float]:
    """Return precursor formula to moles per mole of target."""
    target = spec.sample_grams / Formula.parse(formula).molar_mass
    by_label = {precursor.label: precursor for precursor in spec.precursors}
    moles: dict[str, float] = {}
    for label, mass in grams.items():
        if mass <= 0:
            continue
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
        together(
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
