"""What a person sees while a campaign runs: a live panel, or plain lines."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from campaigns import lifecycle as facts
from campaigns.narrative import Narrator
from campaigns.spec import CampaignSpec
from instruments.clock import iso
from instruments.labspec import LabSpec


class Display(Protocol):
    """Follows events; a context manager around the run."""

    def follow(self, now: Callable[[], float]) -> None:
        """Take the lab's clock, s since 1970; it is read from another thread."""
        ...

    def on_event(self, event: facts.Event) -> None:
        """Take in one event."""
        ...

    def __enter__(self) -> Self:
        """Start showing."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop showing."""
        ...


def choose_display(spec: CampaignSpec, lab: LabSpec, *, quiet: bool) -> Display:
    """Return no display for JSON, lines where piped, else the live panel."""
    if quiet:
        return Silent()
    return Panel(spec, lab) if sys.stdout.isatty() else Lines()


class Silent:
    """Shows nothing."""

    def follow(self, now: Callable[[], float]) -> None:
        """Need no clock."""

    def on_event(self, event: facts.Event) -> None:
        """Ignore the event."""

    def __enter__(self) -> Self:
        """Start."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""


class Headlines:
    """Words the events that a person waits for."""

    KINDS = ("load-planned", "fired", "longer-scan-asked", "scored", "sample-ended",
             "resumed", "campaign-ended")  # fmt: skip

    def __init__(self) -> None:
        """Start with nothing told."""
        self._narrator = Narrator()

    def of(self, event: facts.Event) -> str:
        """Return one line, empty for an event that need not be shown."""
        (line,) = self._narrator.lines([event])
        is_drying = (
            isinstance(event.payload, facts.Fired) and event.payload.step == "dry"
        )
        is_shown = event.payload.kind in self.KINDS and not is_drying
        return line.strip() if is_shown else ""


@dataclass
class Lines(Silent):
    """Prints a plain line for each event that matters.

    A reader who goes away, as `head` does, does not stop the lab.
    """

    headlines: Headlines = field(default_factory=Headlines)

    def on_event(self, event: facts.Event) -> None:
        """Print the event's line, if it has one."""
        text = self.headlines.of(event)
        if not text:
            return
        try:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
        except BrokenPipeError:
            # Nothing is left in a buffer that closing the stream would write again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@dataclass
class Panel:
    """A live panel: the load in hand, the instruments, the best so far, time left."""

    spec: CampaignSpec
    lab: LabSpec
    console: Console = field(default_factory=Console)
    loads: dict[int, tuple[facts.LoadPlanned, float]] = field(default_factory=dict)
    """Loads that are being made, each with the lab time of its start."""
    over: set[str] = field(default_factory=set)
    """Samples with a result, or that ended without one."""
    lab_time: float = 0.0
    """Of the latest event, s since 1970."""
    now: Callable[[], float] | None = None
    scored: int = 0
    best: str = "none yet"
    best_mean: float | None = None
    doing: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Instrument to (task, action) that it is on."""
    tasks: dict[str, str] = field(default_factory=dict)
    """Open task to its instrument."""
    headlines: Headlines = field(default_factory=Headlines)

    def __post_init__(self) -> None:
        """Make the live region."""
        self._live = Live(
            console=self.console, refresh_per_second=8, get_renderable=self.render
        )

    def __enter__(self) -> Self:
        """Start showing."""
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop showing; the last state stays on the screen."""
        self._live.stop()

    def follow(self, now: Callable[[], float]) -> None:
        """Show the lab's time between events too: a firing takes hours."""
        self.now = now

    def on_event(self, event: facts.Event) -> None:
        """Take in one event."""
        self.lab_time = event.lab_time
        match event.payload:
            case facts.LoadPlanned() as load:
                self.loads[load.load] = load, event.lab_time
            case facts.TaskStarted() as task:
                self.tasks[task.task] = task.instrument
                self.doing[task.instrument] = (task.task, task.action)
            case facts.TaskFinished() | facts.TaskFailed() as over:
                self.doing.pop(self.tasks.pop(over.task, ""), None)
            case facts.Scored() as scored:
                self._score(scored)
                self._end(scored.sample)
            case facts.SampleEnded() as ended:
                self._end(ended.sample)
            case _:
                pass
        if text := self.headlines.of(event):
            self.console.print(text, highlight=False)

    def _end(self, sample: str) -> None:
        self.over.add(sample)
        self.loads = {
            number: found
            for number, found in self.loads.items()
            if not self.over.issuperset(found[0].samples)
        }

    def _score(self, scored: facts.Scored) -> None:
        self.scored += 1
        first = self.spec.objectives[0]
        mean = scored.scores[first.label].mean
        sign = 1.0 if first.goal == "maximize" else -1.0
        if self.best_mean is None or sign * mean > sign * self.best_mean:
            self.best_mean = mean
            sd = scored.scores[first.label].variance ** 0.5
            self.best = f"{first.label} {mean:.3f} ± {sd:.3f} ({scored.sample})"

    def render(self) -> Group:
        """Return the panel as it stands."""
        total = self.spec.budget.experiments
        now = self.now() if self.now else self.lab_time
        head = Table.grid(padding=(0, 2))
        head.add_row(Text(self.spec.name, style="bold"), iso(now)[:16])
        for text in self._load_texts(now):
            head.add_row("load", text)
        head.add_row("best so far", self.best)
        head.add_row("experiments", f"{self.scored} of {total}")
        head.add_row("", ProgressBar(total=total, completed=self.scored, width=40))
        instruments = Table("instrument", "doing", "task", box=None, pad_edge=False)
        for name in self._instruments():
            task, action = self.doing.get(name, ("", "idle"))
            style = "dim" if action == "idle" else ""
            instruments.add_row(name, action, task, style=style)
        return Group(head, instruments)

    def _instruments(self) -> list[str]:
        groups = (
            self.lab.dosers, self.lab.balances, self.lab.mixers, self.lab.furnaces,
            self.lab.diffractometers, self.lab.arms, self.lab.operators,
        )  # fmt: skip
        return [name for group in groups for name in group]

    def _load_texts(self, now: float) -> list[str]:
        texts = []
        for load, began in self.loads.values():
            left = max(began + load.seconds - now, 0.0) / 3600.0
            texts.append(
                f"{load.load}: {len(load.samples)} samples in {load.furnace}, "
                f"{left:.1f} h left"
            )
        return texts or ["proposing the next"]
