"""Where a campaign stands, folded from its events: what is made, fired, measured."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from campaigns import lifecycle as facts
from campaigns.recipe import Recipe


@dataclass
class Ledger:
    """A running fold over events; feed it every event once, oldest first."""

    opened: facts.CampaignOpened | None = None
    opened_at: float = 0.0
    """Lab time of the first event, s since 1970."""
    sequence: int = 0
    """Number of the latest event."""
    lab_time: float = 0.0
    """Lab time of the latest event, s since 1970."""
    proposed: dict[str, facts.Proposed] = field(default_factory=dict)
    loads: dict[int, facts.LoadPlanned] = field(default_factory=dict)
    planned_at: dict[int, float] = field(default_factory=dict)
    """Load to the lab time at which it was planned, s since 1970."""
    doses: dict[str, list[facts.Dosed]] = field(default_factory=dict)
    firings: list[facts.Fired] = field(default_factory=list)
    scans: dict[str, facts.PatternMeasured] = field(default_factory=dict)
    """Sample to its latest scan."""
    patterns: dict[str, list[facts.PatternMeasured]] = field(default_factory=dict)
    """Sample to its scans, oldest first."""
    identified: dict[str, facts.Identified] = field(default_factory=dict)
    """Scan to its latest identification."""
    asked: dict[str, facts.LongerScanAsked] = field(default_factory=dict)
    """Samples that a longer scan was asked for."""
    scored: dict[str, facts.Scored] = field(default_factory=dict)
    held: dict[str, facts.SampleEnded] = field(default_factory=dict)
    """Samples that ended without a score."""
    tasks: list[facts.Payload] = field(default_factory=list)
    """Judgements of safety, intents, outcomes and what was found at each resumption,
    in order: what `loop.plan.effects` starts from."""
    measured: dict[str, facts.Values] = field(default_factory=dict)
    """Finished task to what it measured."""
    ended: str = ""
    """Why the campaign ended; empty while it goes on."""

    def take(self, events: Iterable[facts.Event]) -> None:
        """Fold events in, in order."""
        for event in events:
            self.sequence, self.lab_time = event.sequence, event.lab_time
            self._take(event.payload)

    def _take(self, payload: facts.Payload) -> None:  # noqa: C901, PLR0912 - a flat dispatch
        match payload:
            case facts.CampaignOpened():
                self.opened, self.opened_at = payload, self.lab_time
            case facts.Proposed():
                self.proposed[payload.sample] = payload
            case facts.LoadPlanned():
                self.loads[payload.load] = payload
                self.planned_at[payload.load] = self.lab_time
            case (
                facts.TaskStarted()
                | facts.TaskFailed()
                | facts.Resumed()
                | facts.HazardsJudged()
            ):
                self.tasks.append(payload)
            case facts.TaskFinished():
                self.tasks.append(payload)
                self.measured[payload.task] = payload.measured
            case facts.Dosed():
                self.doses.setdefault(payload.sample, []).append(payload)
            case facts.Fired():
                self.firings.append(payload)
            case facts.PatternMeasured():
                self.scans[payload.sample] = payload
                self.patterns.setdefault(payload.sample, []).append(payload)
            case facts.Identified():
                self.identified[payload.scan] = payload
            case facts.LongerScanAsked():
                self.asked[payload.sample] = payload
            case facts.Scored():
                self.scored[payload.sample] = payload
                self.held.pop(payload.sample, None)
            case facts.SampleEnded():
                self.held[payload.sample] = payload
                self.scored.pop(payload.sample, None)
            case facts.CampaignEnded():
                self.ended = payload.reason
            case _:
                pass

    def recipe(self, sample: str) -> Recipe:
        """Return the recipe of a sample."""
        return self.proposed[sample].recipe

    def dosed_grams(self, sample: str) -> dict[str, float]:
        """Return precursor name to weighed mass, g; empty if nothing was dosed."""
        return {d.precursor: d.measured_grams for d in self.doses.get(sample, ())}

    def grams_dosed(self) -> float:
        """Return the mass of all precursors dosed in the campaign, g."""
        return sum(d.measured_grams for doses in self.doses.values() for d in doses)

    def firings_of(self, sample: str) -> tuple[facts.Fired, ...]:
        """Return the firings of a sample in its furnace; drying is not one."""
        names = {firing.name for firing in self.recipe(sample).firings}
        return tuple(f for f in self.firings if sample in f.samples and f.step in names)

    def is_settled(self, sample: str) -> bool:
        """Tell whether nothing more will happen to a sample."""
        return sample in self.scored or sample in self.held

    def open_loads(self) -> tuple[facts.LoadPlanned, ...]:
        """Return the loads that are not finished, oldest first."""
        return tuple(
            load
            for load in self.loads.values()
            if not all(map(self.is_settled, load.samples))
        )

    def powder_grams(self, sample: str) -> float | None:
        """Return the fired powder's mass by difference, g; None if not weighed."""
        empty = self.measured.get(f"{sample}/crucible-empty", {}).get("grams")
        fired = [
            values["grams"]
            for task, values in self.measured.items()
            if task.startswith(f"{sample}/") and task.endswith("/crucible-fired")
        ]
        if empty is None or not fired:
            return None
        return float(fired[-1]) - float(empty)
