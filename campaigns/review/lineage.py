"""View models of a sample's powder: what was weighed, poured and carried."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from campaigns import labels
from campaigns import lifecycle as facts
from campaigns.review.views import PortionView
from instruments.clock import iso


@dataclass
class Lineage:
    """The powder of one sample, told event by event."""

    rows: list[PortionView] = field(default_factory=list)
    carried: int = 0
    """How often its containers were carried."""
    dosed_grams: float = 0.0

    def dose(self, dosed: facts.Dosed, now: str) -> None:
        """Add a dose."""
        self.dosed_grams += dosed.measured_grams
        self.rows.append(
            PortionView(
                now,
                f"{labels.chemical(dosed.precursor)} dosed",
                dosed.instrument,
                dosed.measured_grams,
                f"{self.dosed_grams:.4f} g together",
            )
        )

    def move(self, moved: facts.PortionMoved, now: str) -> None:
        """Add a transfer of powder, or count a container carried."""
        if moved.container:
            self.carried += 1
            return
        taken = moved.mass_out_grams
        self.rows.append(
            PortionView(
                now,
                f"poured from {moved.source} to {moved.destination}",
                moved.moved_by,
                moved.mass_in_grams,
                f"arrived; {taken:.4f} g taken" if taken is not None else "arrived",
            )
        )


def lineages(events: Sequence[facts.Event]) -> dict[str, Lineage]:
    """Return the powder of each sample."""
    found: dict[str, Lineage] = {}
    weighing: dict[str, facts.TaskStarted] = {}
    for event in events:
        payload, now = event.payload, _minute(event.lab_time)
        match payload:
            case facts.Proposed():
                found[payload.sample] = Lineage()
            case facts.Dosed():
                found[payload.sample].dose(payload, now)
            case facts.PortionMoved():
                found[payload.sample].move(payload, now)
            case facts.Fired():
                for sample in payload.samples:
                    found[sample].rows.append(_fired(payload, now))
            case facts.TaskStarted(action="weigh"):
                weighing[payload.task] = payload
            case facts.TaskFinished() if payload.task in weighing:
                started = weighing.pop(payload.task)
                for sample in started.samples:
                    found[sample].rows.append(_weighed(started, payload, now))
            case _:
                pass
    return found


def _fired(fired: facts.Fired, now: str) -> PortionView:
    return PortionView(
        now, f"{fired.step} of load {fired.load} ended", fired.furnace, None,
        "the powder may have given off or taken up gas",
    )  # fmt: skip


def _weighed(
    started: facts.TaskStarted, finished: facts.TaskFinished, now: str
) -> PortionView:
    grams = finished.measured.get("grams")
    return PortionView(
        now,
        f"weighed: {started.task.rpartition('/')[2]}",
        started.instrument,
        float(grams) if isinstance(grams, float | int) else None,
        "with its container",
    )


def _minute(lab_time: float) -> str:
    return iso(lab_time)[:16].replace("T", " ")
