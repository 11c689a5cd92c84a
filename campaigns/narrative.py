"""A campaign told in lines of text, one an event."""

from collections.abc import Iterable, Iterator
from functools import singledispatchmethod

from campaigns import labels
from campaigns import lifecycle as facts
from campaigns.results import Limits, Score
from instruments.clock import iso


class Narrator:
    """Words events; remembers which task concerns which samples and since when.

    Give it every event in order, also when only one sample is asked for: the outcome
    of a task names the task alone.
    """

    def __init__(self, *, sample: str | None = None) -> None:
        """Tell of one sample, or of all."""
        self._sample = sample
        self._started: dict[str, tuple[facts.TaskStarted, float]] = {}

    def lines(self, events: Iterable[facts.Event]) -> Iterator[str]:
        """Yield one line for each event that concerns the sample."""
        for event in events:
            if isinstance(event.payload, facts.TaskStarted):
                started = event.payload
                self._started[started.task] = (started, event.lab_time)
            if self._sample is None or self._sample in self._concerned(event.payload):
                # Errors may come with line breaks; one event stays one line.
                what = " ".join(self._word(event.payload, event.lab_time).split())
                yield f"{event.sequence:>6} {iso(event.lab_time)} {event.actor}: {what}"

    def _concerned(self, payload: facts.Payload) -> tuple[str, ...]:
        match payload:
            case facts.TaskFinished() | facts.TaskFailed():
                known = self._started.get(payload.task)
                return known[0].samples if known else ()
            case facts.TaskStarted() | facts.LoadPlanned() | facts.Fired():
                return payload.samples
            case facts.HazardsJudged():
                return payload.samples
            case (
                facts.CampaignOpened() | facts.Resumed() | facts.CampaignEnded()
                | facts.Pinned() | facts.Vetoed() | facts.OrderWithdrawn()
                | facts.Amended()
            ):  # fmt: skip
                return ()
            case _:
                return (payload.sample,)

    @singledispatchmethod
    def _word(self, payload: facts.Frozen, now: float) -> str:
        raise TypeError(f"no words for a {type(payload)}")

    @_word.register
    def _(self, payload: facts.CampaignOpened, now: float) -> str:
        return (
            f"campaign {payload.spec.get('name', '')!r} opened on lab "
            f"{payload.lab.get('name', '')!r} ({payload.mode}), proposer "
            f"{payload.proposer}, seed {payload.seed}, spec {payload.spec_sha256[:12]}"
            f"{_guessed_from(payload)}{_remembers(payload)}{_learned_from(payload)}"
        )

    @_word.register
    def _(self, payload: facts.Proposed, now: float) -> str:
        proposal = payload.proposal
        reason = labels.prose(
            proposal.decision.reason, names=(), keys=tuple(proposal.parameters)
        )
        return (
            f"{payload.sample} proposed for load {proposal.load} as {proposal.role}: "
            f"{labels.parameters(proposal.parameters)}. {reason}"
        )

    @_word.register
    def _(self, payload: facts.LoadPlanned, now: float) -> str:
        return (
            f"load {payload.load} planned in {payload.furnace}: "
            f"{labels.listed(payload.samples)}; {duration(payload.seconds)} planned"
        )

    @_word.register
    def _(self, payload: facts.HazardsJudged, now: float) -> str:
        rules = labels.listed(sorted({h.rule for h in payload.hazards}))
        refused = "; ".join(f"{s} {why}" for s, why in payload.refused.items())
        return (
            f"safety before {payload.before}: {len(payload.hazards)} hazards"
            f"{f' ({rules})' if rules else ''}; {refused or 'nothing refused'}"
        )

    @_word.register
    def _(self, payload: facts.TaskStarted, now: float) -> str:
        again = f" (attempt {payload.attempt})" if payload.attempt > 1 else ""
        settings = f": {values(payload.commanded)}" if payload.commanded else ""
        return f"{payload.task} starts on {payload.instrument}{again}{settings}"

    @_word.register
    def _(self, payload: facts.TaskFinished, now: float) -> str:
        measured = f": {values(payload.measured)}" if payload.measured else ""
        return f"{payload.task} done{self._took(payload.task, now)}{measured}"

    @_word.register
    def _(self, payload: facts.TaskFailed, now: float) -> str:
        return (
            f"{payload.task} failed{self._took(payload.task, now)} "
            f"({payload.outcome}): {payload.error}"
        )

    @_word.register
    def _(self, payload: facts.Dosed, now: float) -> str:
        error = payload.measured_grams - payload.planned_grams
        return (
            f"{payload.sample} got {payload.measured_grams:.4f} g {payload.precursor} "
            f"({error * 1000:+.1f} mg) from {payload.instrument}"
        )

    @_word.register
    def _(self, payload: facts.PortionMoved, now: float) -> str:
        what = f"{payload.container} with" if payload.container else "powder of"
        weighed = ", ".join(
            f"{grams:.4f} g {word}"
            for word, grams in (
                ("taken", payload.mass_out_grams),
                ("arrived", payload.mass_in_grams),
            )
            if grams is not None
        )
        return (
            f"{what} {payload.sample} moved from {payload.source} to "
            f"{payload.destination} by {payload.moved_by}"
            f"{': ' if weighed else ''}{weighed}"
        )

    @_word.register
    def _(self, payload: facts.Fired, now: float) -> str:
        return (
            f"load {payload.load} fired ({payload.step}) in {payload.furnace}: "
            f"{values(payload.measured)}"
        )

    @_word.register
    def _(self, payload: facts.PatternMeasured, now: float) -> str:
        return (
            f"{payload.sample} scanned on {payload.instrument} ({payload.program}): "
            f"{payload.scan}"
        )

    @_word.register
    def _(self, payload: facts.Identified, now: float) -> str:
        found = payload.identification
        shares = sorted(
            zip(found.fractions.mean, found.fractions.phases, strict=True), reverse=True
        )
        listed = ", ".join(f"{phase} {mean:.1%}" for mean, phase in shares if mean)
        doubts = f"; doubtful: {'; '.join(found.quality)}" if found.quality else ""
        usable = "" if found.is_usable else " (not used)"
        return f"{payload.sample} is {listed}; Rwp {found.rwp:.1%}{usable}{doubts}"

    @_word.register
    def _(self, payload: facts.LongerScanAsked, now: float) -> str:
        return (
            f"{payload.sample} to be scanned again ({payload.program}): "
            f"{payload.reason}"
        )

    @_word.register
    def _(self, payload: facts.Scored, now: float) -> str:
        listed = ", ".join(
            f"{scored(label, score)}" for label, score in payload.scores.items()
        )
        verdict = f"; target {payload.verdict.says}" if payload.verdict else ""
        return f"{payload.sample} scored: {listed}{verdict}"

    @_word.register
    def _(self, payload: facts.SampleEnded, now: float) -> str:
        return f"{payload.sample} {payload.status}: {payload.reason}"

    @_word.register
    def _(self, payload: facts.Pinned, now: float) -> str:
        pin = payload.pin
        recipe = labels.parameters(pin.parameters)
        return f"{pin.order}: to be made: {recipe}. {pin.reason}"

    @_word.register
    def _(self, payload: facts.Vetoed, now: float) -> str:
        veto = payload.veto
        return f"{veto.order}: not to be made: {matching(veto.matching)}. {veto.reason}"

    @_word.register
    def _(self, payload: facts.OrderWithdrawn, now: float) -> str:
        return f"order {payload.order} withdrawn: {payload.reason}"

    @_word.register
    def _(self, payload: facts.Amended, now: float) -> str:
        return (
            f"campaign changed in {', '.join(payload.changed)}, spec "
            f"{payload.spec_sha256[:12]}: {payload.reason}"
        )

    @_word.register
    def _(self, payload: facts.Resumed, now: float) -> str:
        found = ", ".join(f"{task} {what}" for task, what in payload.reconciled.items())
        return f"resumed ({payload.reason}); open tasks: {found or 'none'}"

    @_word.register
    def _(self, payload: facts.CampaignEnded, now: float) -> str:
        return f"campaign ended: {payload.reason}"

    def _took(self, task: str, now: float) -> str:
        if task not in self._started:
            return ""
        return f" after {duration(now - self._started[task][1])}"


def matching(given: dict[str, str | Limits]) -> str:
    """Write what a veto matches, with names and units."""
    parts = []
    for key, wanted in given.items():
        what = labels.parameter(key)
        shown = (
            wanted if isinstance(wanted, str)
            else " to ".join(f"{one:g}" for one in dict.fromkeys(wanted))
        )  # fmt: skip
        parts.append(f"{what.name.lower()} {shown} {what.unit}".rstrip())
    return ", ".join(parts)


def values(given: facts.Values) -> str:
    """Write commanded or measured values with names and units, comma-separated."""
    return ", ".join(labels.setting(name, value) for name, value in given.items())


def scored(label: str, score: Score) -> str:
    """Write a score as mean ± standard deviation with its unit and its flags."""
    shown = labels.with_sd(score.mean, score.variance**0.5)
    unit = f" {labels.symbol(label)}".rstrip()
    flags = f" ({', '.join(score.flags)})" if score.flags else ""
    return f"{label} {shown}{unit}{flags}"


def duration(seconds: float) -> str:
    """Write a length of time in the largest unit that suits it."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    if seconds < 259200:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86400:.1f} days"


def _guessed_from(opened: facts.CampaignOpened) -> str:
    found = opened.literature
    if found is None:
        return ""
    return f", first guesses from {found.file} ({found.file_sha256[:12]})"


def _remembers(opened: facts.CampaignOpened) -> str:
    if not opened.earlier:
        return ""
    told = [f"{one.name} ({len(one.results)} samples)" for one in opened.earlier]
    return f", with results of earlier campaigns: {', '.join(told)}"


def _learned_from(opened: facts.CampaignOpened) -> str:
    found = opened.learned
    if found is None:
        return ""
    return (
        f", pathways learned from {found.powders} powders of {found.file}"
        f" ({found.file_sha256[:12]})"
    )
