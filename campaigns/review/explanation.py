"""Why a sample was proposed: a decision record in words, with what came of it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from campaigns import labels
from campaigns.errors import StoreError
from campaigns.lifecycle import Proposed, SampleEnded, Scored
from campaigns.results import DecisionRecord, History, Slice, Trial
from campaigns.review.views import LoadView, ObjectiveView
from campaigns.review.wording import Words
from campaigns.store import Store
from instruments.clock import iso

OFFSET, OFFSET_SD = ".offset_kelvin[", ".offset_sd_kelvin["
"""Within the names of constants that hold what a spot of a furnace adds, K."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything recorded about one decision."""

    sample: str
    proposed: Proposed
    lab_time: float
    """When it was proposed, s since 1970."""
    before: History
    """What was known then."""
    trial: Trial
    """What became of it."""
    objectives: tuple[ObjectiveView, ...]
    words: Words
    ending: SampleEnded | None = None
    """How it ended without a score."""

    @property
    def decision(self) -> DecisionRecord:
        """Return the decision record."""
        return self.proposed.proposal.decision

    def load_view(self) -> LoadView:
        """Return the decision as figures of the posterior show it."""
        scored = self.trial.scores
        return LoadView(
            load=self.trial.load,
            furnace="",
            samples=(self.sample,),
            shown=self.sample,
            why=self.words(self.decision.reason),
            decision=self.decision,
            parameters=self.proposed.proposal.parameters,
            results=((self.sample, self.trial.measured, scored),),
        )

    def lines(self) -> Iterator[str]:
        """Write the explanation, a line at a time."""
        yield from self._head()
        yield ""
        yield self.words(self.decision.reason)
        for title, lines in (
            ("Expected and found", self._expectations()),
            ("Chemistry that the model saw", self._chemistry()),
            ("Earlier results most like it", self._nearest()),
            ("Along each parameter, all else as proposed", self._slices()),
            ("Loads compared, the one taken first", self._loads()),
            ("Kept out of this load", self._kept_out()),
            (
                "Best candidates not taken, valued alone; what differs",
                self._alternatives(),
            ),
            ("Spots hotter (+) or colder than their furnace says", self._spots()),
            ("Learned constants", self._constants()),
        ):
            told = list(lines)
            if told:
                yield ""
                yield title
                yield from (f"  {line}" for line in told)
        yield ""
        yield from self._basis()

    def _head(self) -> Iterator[str]:
        proposal = self.proposed.proposal
        when = f"{iso(self.lab_time)[:16].replace('T', ' ')} UTC"
        yield f"{self.sample}, {proposal.role} of load {proposal.load}, proposed {when}"
        yield f"  {_recipe(proposal.parameters)}"

    def _expectations(self) -> Iterator[str]:
        for one in self.objectives:
            told = [*self._expected(one), *self._found(one)]
            if told:
                yield f"{_lower(one)}: {'; '.join(told)}"
        if not self.trial.scores:
            if self.ending is None:
                yield f"result: {self.trial.status}"
            else:
                reason = self.words(self.ending.reason)
                yield f"result: {self.ending.status}: {reason}"

    def _expected(self, one: ObjectiveView) -> Iterator[str]:
        if one.label not in self.decision.mean:
            return
        mean, sd = self._belief(one)
        yield f"expected {_with_unit(one, mean, sd)}"
        best = self._best(one)
        if best is not None:
            top = best.scores[one.label].mean
            yield f"best then {labels.number(top, digits=3)} ({best.sample})"
            yield f"{_chance(one, (mean, sd), top):.0%} chance to beat it"

    def _found(self, one: ObjectiveView) -> Iterator[str]:
        found = self.trial.scores.get(one.label)
        if found is None:
            return
        text = f"found {_with_unit(one, found.mean, math.sqrt(found.variance))}"
        if one.label in self.decision.mean:
            mean, sd = self._belief(one)
            spread = math.hypot(sd, math.sqrt(found.variance))
            text += f" ({(found.mean - mean) / spread:+.1f} sd)" if spread else ""
        yield text

    def _belief(self, one: ObjectiveView) -> tuple[float, float]:
        return self.decision.mean[one.label], self.decision.sd.get(one.label, 0.0)

    def _best(self, one: ObjectiveView) -> Trial | None:
        """Return the best sample known when the decision was made."""
        sign = 1.0 if one.goal == "maximize" else -1.0
        known = [t for t in self.before.trials if one.label in t.scores]
        return max(known, key=lambda t: sign * t.scores[one.label].mean, default=None)

    def _chemistry(self) -> Iterator[str]:
        for name, value in self.decision.descriptors.items():
            what, _, unit = name.partition(" / ")
            yield " ".join(part for part in (what, labels.number(value), unit) if part)

    def _nearest(self) -> Iterator[str]:
        by_sample = {trial.sample: trial for trial in self.before.trials}
        for near in self.decision.nearest:
            trial = by_sample[near.sample]
            found = ", ".join(
                f"{_lower(one)} {labels.number(trial.scores[one.label].mean, digits=3)}"
                for one in self.objectives
                if one.label in trial.scores
            )
            yield (
                f"{near.sample}: similarity {near.similarity:.2f}; "
                f"{found or 'no figure'}; {_recipe(trial.measured)}"
            )

    def _slices(self) -> Iterator[str]:
        parameters = self.proposed.proposal.parameters
        for one in self.decision.slices:
            goal = next(o for o in self.objectives if o.label == one.objective)
            pick = max if goal.goal == "maximize" else min
            best = pick(range(len(one.grid)), key=lambda i: one.mean[i])
            quantity = labels.parameter(one.parameter)
            here = parameters[one.parameter]
            yield (
                f"{_lower(goal)} over {quantity.name.lower()}: "
                f"{_extremes(one, quantity.unit)}; best "
                f"{_at(one.grid[best], quantity.unit)}, taken "
                f"{_at(here, quantity.unit)}"
            )

    def _alternatives(self) -> Iterator[str]:
        shared = self.proposed.proposal.parameters
        for other in self.decision.alternatives:
            changed = {k: v for k, v in other.parameters.items() if shared.get(k) != v}
            expected = ", ".join(
                f"{_lower(one)} {labels.number(other.mean[one.label], digits=3)}"
                for one in self.objectives
                if one.label in other.mean
            )
            worth = labels.number(other.acquisition, digits=3)
            yield f"acquisition {worth}; {expected}; {_recipe(changed)}"

    def _loads(self) -> Iterator[str]:
        for load in self.decision.compared:
            gain = labels.number(load.gain, digits=3)
            hours = labels.number(load.hours, digits=3)
            yield f"{_recipe(load.parameters)}: adds {gain} in {hours} h"
        if self.decision.compared:
            yield f"by {self.decision.value}"

    def _kept_out(self) -> Iterator[str]:
        for precursors, reason in self.decision.apart.items():
            yield f"{labels.chemical(precursors)}: {reason}"

    def _spots(self) -> Iterator[str]:
        """Tell the offsets that are larger than their doubt."""
        model = self.decision.model
        for name, value in model.items():
            if OFFSET not in name:
                continue
            slot = name.partition(OFFSET)[2].removesuffix("]")
            kelvin = float(value)
            sd = float(model.get(name.replace(OFFSET, OFFSET_SD), 0.0))
            if abs(kelvin) > sd:
                yield f"{slot}: {kelvin:+.0f} ± {sd:.0f} K"

    def _constants(self) -> Iterator[str]:
        for name, value in self.decision.model.items():
            if OFFSET not in name and OFFSET_SD not in name:
                yield f"{name} = {labels.number(value)}"

    def _basis(self) -> Iterator[str]:
        decision = self.decision
        statuses = [trial.status for trial in self.before.trials]
        counts = [
            f"{statuses.count(status)} {status}"
            for status in ("scored", "failed", "lost", "unusable", "pending")
            if status in statuses
        ]
        known = ", ".join(counts) if counts else "no sample"
        yield f"Decided from {known}, by {decision.method}"
        if decision.furnace:
            n = decision.places
            asked = "" if n is None else f", {n} place{'s' if n > 1 else ''}"
            yield f"Asked for {decision.furnace}{asked}"
        if decision.acquisition is not None:
            worth = labels.number(decision.acquisition, digits=3)
            yield f"Acquisition value {worth} beside the load's earlier samples"
            yield f"Seed {decision.seed}"
        if decision.load_gain is not None and decision.furnace_hours:
            gain = labels.number(decision.load_gain, digits=2)
            hours = labels.number(decision.furnace_hours, digits=3)
            yield (
                f"The load was expected to better the best {_lower(self.objectives[0])}"
                f" by {gain} in {hours} h of firing"
            )
        if decision.history_sha256:
            yield f"History sha256 {decision.history_sha256}"
        if decision.versions:
            named = ", ".join(f"{k} {v}" for k, v in decision.versions.items())
            yield f"Versions {named}"

    def to_json(self) -> dict[str, object]:
        """Return the decision, what was known, and what was found, as plain JSON."""
        return {
            "sample": self.sample,
            "load": self.trial.load,
            "role": self.trial.role,
            "lab_time": self.lab_time,
            "parameters": self.proposed.proposal.parameters,
            "decision": self.decision.model_dump(mode="json"),
            "known": [trial.sample for trial in self.before.trials],
            "status": self.trial.status,
            "reason": self.ending.reason if self.ending else "",
            "measured": self.trial.measured,
            "scores": {k: v.model_dump() for k, v in self.trial.scores.items()},
        }


def _ending(store: Store, sample: str) -> SampleEnded | None:
    """Return how a sample ended without a score, None if it is scored or under way."""
    found = None
    for event in store.events(kinds=("sample-ended", "scored")):
        match event.payload:
            case SampleEnded(sample=name) as ended if name == sample:
                found = ended
            case Scored(sample=name) if name == sample:
                found = None
            case _:
                pass
    return found


def explain(
    store: Store, sample: str, objectives: Sequence[ObjectiveView]
) -> Explanation:
    """Return why a sample was proposed.

    Args:
        store: The campaign.
        sample: Its name, such as `S0003`.
        objectives: The campaign's, as views.

    Raises:
        StoreError: If the campaign has no such sample.
    """
    trials = store.history().trials
    by_sample = {trial.sample: trial for trial in trials}
    if sample not in by_sample:
        names = labels.listed([trial.sample for trial in trials]) or "none yet"
        raise StoreError(f"SAMPLE: found {sample!r}; allowed: {names}")
    first = 0
    for event in store.events(kinds=("proposed",)):
        payload = event.payload
        if not isinstance(payload, Proposed):
            continue
        if payload.proposal.load == by_sample[sample].load:
            first = first or event.sequence
        if payload.sample == sample:
            return Explanation(
                sample,
                payload,
                event.lab_time,
                store.history(until=payload.seen or first - 1),
                by_sample[sample],
                tuple(objectives),
                Words.of(store, trials),
                _ending(store, sample),
            )
    raise StoreError(f"{store.path}: {sample} was never proposed")


def _recipe(parameters: dict[str, float | str]) -> str:
    shown = {
        key: labels.chemical(value) if isinstance(value, str) else value
        for key, value in parameters.items()
    }
    return labels.parameters(shown).removeprefix("precursors ")


def _lower(one: ObjectiveView) -> str:
    name = one.quantity.name
    return name[0].lower() + name[1:]


def _with_unit(one: ObjectiveView, mean: float, sd: float) -> str:
    return f"{labels.with_sd(mean, sd)} {one.quantity.unit}".rstrip()


def _chance(one: ObjectiveView, expected: tuple[float, float], best: float) -> float:
    """Return the probability of a better value than the best, for a normal."""
    mean, sd = expected
    ahead = mean - best if one.goal == "maximize" else best - mean
    if sd <= 0:
        return float(ahead > 0)
    return 0.5 * math.erfc(-ahead / sd / math.sqrt(2.0))


def _at(value: float | str, unit: str) -> str:
    shown = labels.chemical(value) if isinstance(value, str) else labels.number(value)
    return f"{shown} {unit}".rstrip()


def _extremes(one: Slice, unit: str) -> str:
    """Return a slice's ends, or its least and greatest where it runs over names."""
    if all(isinstance(point, str) for point in one.grid):
        order = sorted(range(len(one.grid)), key=lambda i: one.mean[i])
        ends = (order[0], order[-1])
    else:
        ends = (0, len(one.grid) - 1)
    return " to ".join(
        f"{labels.with_sd(one.mean[i], one.sd[i])} at {_at(one.grid[i], unit)}"
        for i in ends
    )
