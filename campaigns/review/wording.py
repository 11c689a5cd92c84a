"""Recorded sentences and steps as a reader of a page wants them."""

from collections.abc import Sequence
from dataclasses import dataclass

from campaigns import labels
from campaigns.recipe import (
    DoseStep,
    DryStep,
    FireStep,
    MixStep,
    RegrindStep,
    ScanStep,
    Step,
)
from campaigns.results import Trial
from campaigns.store import Store

GASES = ("O2", "CO2", "N2", "H2O")


@dataclass(frozen=True, slots=True)
class Words:
    """Rewrites sentences of one campaign."""

    names: tuple[str, ...]
    """Substances that may stand in a sentence."""
    keys: tuple[str, ...]
    """Parameters that may stand in a sentence."""

    @classmethod
    def of(cls, store: Store, trials: Sequence[Trial]) -> "Words":
        """Return the words of a campaign."""
        spec, opened = store.spec, store.opened
        names = (
            spec.target.formula,
            *spec.target.phases,
            *(precursor.label for precursor in spec.precursors),
            *opened.phases,
            *GASES,
        )
        keys = dict.fromkeys(key for trial in trials for key in trial.planned)
        return cls(tuple(dict.fromkeys(names)), tuple(keys))

    def __call__(self, text: str) -> str:
        """Return a sentence with subscripts, and with names and units for keys."""
        return labels.prose(text, names=self.names, keys=self.keys)


def in_words(step: Step) -> str:
    """Return a step of a recipe as a sentence."""
    number = labels.number
    match step:
        case DoseStep():
            doses = (
                f"{g:.4f} g {labels.chemical(name)}" for name, g in step.grams.items()
            )
            return f"Dose {', '.join(doses)}."
        case MixStep():
            return f"Mix at {number(step.rpm)} rpm for {number(step.minutes)} min."
        case DryStep():
            return (
                f"Dry at {number(step.temperature_celsius)} °C for "
                f"{number(step.minutes)} min."
            )
        case FireStep():
            return (
                f"{step.name.capitalize()} at {number(step.temperature_celsius)} °C "
                f"for {number(step.hold_hours)} h in "
                f"{labels.chemical(step.atmosphere)} "
                f"({labels.chemical(step.crucible)} crucible), "
                f"up at {number(step.ramp_celsius_per_minute)} °C/min, "
                f"down at {number(step.cool_celsius_per_minute)} °C/min."
            )
        case RegrindStep():
            return f"Regrind at {number(step.rpm)} rpm for {number(step.minutes)} min."
        case ScanStep():
            words = f"Grind, fill a holder with {number(step.holder_grams)} g and scan"
            words += f" ({step.program})" if step.program else ""
            longer = f"; {step.longer} where that leaves something open"
            return f"{words}{longer if step.longer else ''}."
