"""The rules of safety at dispatch: asked before powder is dosed, poured or heated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from campaigns.lifecycle import HazardsJudged
from campaigns.materials.phases import PhaseTable
from campaigns.recipe import DryStep, FireStep
from campaigns.results import Hazard
from campaigns.safety import Finding, Heating, Judgement, Portion, judge
from campaigns.safety.facts import acceptances_of, portion_of, setting_of
from campaigns.spec import CampaignSpec
from instruments.labspec import LabSpec
from instruments.quantities import HeatingProfile
from loop.plan.tasks import Sample, Task

Doses = Mapping[str, Mapping[str, float]]
"""Sample to its reagents and their masses, g."""


@dataclass(frozen=True)
class SafetyGuard:
    """Judges what is about to happen by the rules that the campaign was checked by."""

    spec: CampaignSpec
    table: PhaseTable

    def of_plan(
        self, samples: Sequence[Sample], furnace: str, lab: LabSpec
    ) -> Judgement:
        """Judge a load as it is planned, before anything moves."""
        setting = setting_of(lab, furnace, self.table)
        doses = {sample.name: sample.recipe.grams for sample in samples}
        portions, given = self._portions(samples, doses), acceptances_of(self.spec)
        return judge(portions, setting, given, apart=self.spec.loads.apart)

    def of_doses(
        self, samples: Sequence[Sample], doses: Doses, furnace: str, lab: LabSpec
    ) -> Judgement:
        """Judge samples by themselves, by what was weighed."""
        setting = setting_of(lab, furnace, self.table)
        portions = self._portions(samples, doses)
        return judge(portions, setting, acceptances_of(self.spec), heating=NONE)

    def of_heating(
        self,
        task: Task,
        doses: Doses,
        profile: HeatingProfile,
        furnace: str,
        lab: LabSpec,
    ) -> Judgement:
        """Judge one heating by what was weighed and the program that will run.

        Args:
            task: The firing or drying, with the samples that take part.
            doses: What was weighed.
            profile: What the controller will be sent.
            furnace: Where.
            lab: The lab.
        """
        is_drying = isinstance(task.step, DryStep)
        setting = setting_of(lab, furnace, self.table)
        if is_drying:
            setting = replace(setting, oven=setting.furnace)
        index = heating_index(task)
        portions = [
            replace(p, heatings=_with_program(p.heatings, index, profile))
            for p in self._portions(task.samples, doses)
        ]
        given = acceptances_of(self.spec)
        together = judge(
            portions, setting, given,
            heating=index, alone=not is_drying, apart=self.spec.loads.apart,
        )  # fmt: skip
        step = portions[0].heatings[index].step
        return replace(
            together,
            findings=tuple(
                f for f in together.findings if f.step == step or f.severity == "refuse"
            ),
        )

    def _portions(self, samples: Sequence[Sample], doses: Doses) -> list[Portion]:
        return [
            portion_of(self.spec, s.name, s.recipe, doses[s.name], self.table)
            for s in samples
        ]


NONE = -1
"""No heating: samples are judged by themselves alone."""


def heating_index(task: Task) -> int:
    """Return which of its samples' heatings a task is, from 0."""
    steps = task.samples[0].recipe.steps[: task.index]
    return sum(isinstance(step, FireStep | DryStep) for step in steps)


def _with_program(
    heatings: tuple[Heating, ...], index: int, profile: HeatingProfile
) -> tuple[Heating, ...]:
    """Return the heatings of a sample, one of them as the controller will run it."""
    rates = [s.celsius_per_minute for s in profile.segments if s.kind == "ramp"]
    actual = replace(
        heatings[index],
        celsius=profile.peak_celsius,
        ramp_celsius_per_minute=rates[0],
        atmosphere=profile.atmosphere,
    )
    return (*heatings[:index], actual, *heatings[index + 1 :])


def event(
    judgement: Judgement, *, load: int, before: str, samples: Sequence[Sample]
) -> HazardsJudged:
    """Return the record of a judgement."""
    return HazardsJudged(
        load=load,
        before=before,
        samples=tuple(sample.name for sample in samples),
        hazards=tuple(_hazard(finding) for finding in judgement.findings),
        refused={name: reason_of(f) for name, f in judgement.refused.items()},
    )


def _hazard(finding: Finding) -> Hazard:
    return Hazard(
        rule=finding.rule,
        severity=finding.severity,
        about=finding.about,
        step=finding.step,
        found=finding.found,
        limit=finding.limit,
        accepted=finding.accepted,
        samples=finding.samples,
    )


def reason_of(finding: Finding) -> str:
    """Return why a sample is held, in one sentence."""
    return f"refused as unsafe by rule {finding}"
