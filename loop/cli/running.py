"""Running campaigns: `athanor run` on a real lab, and `athanor resume` on any."""

import math
import time
from collections.abc import Callable, Coroutine
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from campaigns.store import Store
    from loop.cli.display import Display

DATABASE = "campaign.db"
REPORT = "report.html"

Campaign = Callable[["Display"], Coroutine[Any, Any, None]]
"""Runs a campaign to its end under a display."""

Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="New folder for the database and the report."),
]
LabFile = Annotated[
    Path | None,
    typer.Option(help="Lab file; else lab.toml beside the campaign, else ours."),
]


class ProposerName(StrEnum):
    """Who chooses the recipes; the names of `loop.propose.proposer`."""

    ATHANOR = "athanor"
    RANDOM = "random"
    SOBOL = "sobol"
    BEST_TEMPERATURE = "best-temperature"


Review = Annotated[
    bool,
    typer.Option("--review", help="Stop when a load is proposed, to look at it first."),
]
ReactionFile = Annotated[
    Path | None,
    typer.Option(
        "--literature", help="Text-mined reactions to take first guesses from."
    ),
]
EarlierFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--earlier",
        help="Database of an earlier campaign, or a file of `athanor learn`; may be"
        " repeated.",
    ),
]
LearnedFile = Annotated[
    Path | None,
    typer.Option(
        "--learned", help="File of `athanor learn` to expect pathways of sets from."
    ),
]
Chosen = Annotated[ProposerName, typer.Option("--proposer", help="Who chooses.")]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON summary and nothing else.")
]


def _checked_speed(speed: float | None) -> float | None:
    if speed is not None and not (0 < speed < math.inf):
        raise typer.BadParameter(f"found {speed:g}; allowed: a number above 0")
    return speed


Speed = Annotated[
    float | None,
    typer.Option(
        callback=_checked_speed,
        help="Lab seconds per second in a dry run; as fast as it goes if absent.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(run)
    app.command()(resume)


def run(
    file: Annotated[Path, typer.Argument(help="Campaign file.")],
    lab: Annotated[Path, typer.Option(help="Lab file of the real lab.")],
    output: Output = None,
    proposer: Chosen = ProposerName.ATHANOR,
    literature: ReactionFile = None,
    earlier: EarlierFiles = None,
    learned: LearnedFile = None,
    backup_hours: Annotated[
        float, typer.Option(min=0.1, help="Time between copies of the database.")
    ] = 6.0,
    review: Review = False,
    as_json: AsJson = False,
) -> None:
    """Run a campaign on a real lab."""
    from instruments.clock import utc_seconds
    from loop.cli.setup import (
        checked_campaign,
        earlier_results,
        expected_pathways,
        first_guesses,
        new_store,
    )

    spec, lab_spec = checked_campaign(file, lab)
    guesses = first_guesses(spec, literature, proposer=proposer)
    known = earlier_results(spec, earlier, proposer=proposer, is_real=True)
    pathways = expected_pathways(spec, learned, proposer=proposer, is_real=True)
    folder = new_folder(output, file)
    with new_store(
        folder / DATABASE, spec, lab_spec, mode="real", proposer=proposer,
        lab_time=utc_seconds(), literature=guesses, earlier=known,
        learned=pathways,
    ) as store:  # fmt: skip
        campaign = _on_real_lab(store, backup_hours, review=review)
        carry_on(store, campaign, as_json=as_json)


def resume(
    database: Annotated[Path, typer.Argument(help="Campaign database.")],
    speed: Speed = None,
    backup_hours: Annotated[
        float, typer.Option(min=0.1, help="Time between copies of the database.")
    ] = 6.0,
    review: Review = False,
    as_json: AsJson = False,
) -> None:
    """Go on with an interrupted campaign; nothing is done twice."""
    from campaigns.errors import StoreError
    from campaigns.store import Store
    from loop.cli.simulated import resume_simulated

    with Store.open(database) as store:
        # What is decided from here on rests on every event so far.
        store.verify()
        if any(e.payload.kind == "campaign-ended" for e in store.events()):
            raise StoreError(f"{database}: this campaign has ended; see its report")
        if store.opened.mode == "virtual":
            resume_simulated(store, speed=speed, review=review, as_json=as_json)
        else:
            campaign = _on_real_lab(store, backup_hours, review=review)
            carry_on(store, campaign, as_json=as_json)


def carry_on(
    store: "Store",
    campaign: Campaign,
    *,
    as_json: bool,
    runner: Callable[[Coroutine[Any, Any, None]], None] | None = None,
) -> None:
    """Run a campaign to its end, write the report and print the summary.

    Args:
        store: The campaign's database.
        campaign: What to run.
        as_json: Print one JSON object at the end and nothing else.
        runner: Runs a coroutine to its end; in real time if absent.

    Raises:
        InterruptedRunError: If a person stopped the run.
    """
    import asyncio

    from campaigns.review.report import write_report
    from loop.cli.display import choose_display
    from loop.cli.errors import InterruptedRunError
    from loop.cli.setup import lab_of
    from loop.cli.summary import print_summary

    began = time.perf_counter()
    try:
        with choose_display(store.spec, lab_of(store), quiet=as_json) as display:
            (runner or asyncio.run)(campaign(display))
    except KeyboardInterrupt:
        raise InterruptedRunError(store.path) from None
    report = write_report(store, store.path.parent / REPORT)
    wall_seconds = time.perf_counter() - began
    store.record_host_timing("campaign and report", wall_seconds)
    print_summary(store, wall_seconds=wall_seconds, report=report, as_json=as_json)


def _on_real_lab(store: "Store", backup_hours: float, *, review: bool) -> Campaign:
    """Return the campaign on real instruments, with regular copies of its database."""
    import asyncio

    from loop.cli.setup import lab_of

    lab_spec = lab_of(store)

    async def campaign(display: "Display") -> None:
        from instruments.clock import Clock, utc_seconds
        from instruments.lab import connect
        from loop.cli.setup import make_engine, record_resumption
        from loop.cli.simulated import WORLD, simulated_ports
        from loop.daemon import wakeups

        clock = Clock.real()
        display.follow(utc_seconds)
        world = simulated_ports(
            lab_spec, store.spec, seed=store.spec.seed,
            journal=store.path.parent / WORLD,
        )  # fmt: skip
        async with (
            world as (openers, fetchers),
            connect(lab_spec, openers=openers, fetchers=fetchers, clock=clock) as lab,
        ):
            engine = make_engine(
                store, lab, now=clock.now, compute=asyncio.to_thread,
                watcher=display.on_event,
            )  # fmt: skip
            record_resumption(engine)
            with wakeups(store, backup_hours=backup_hours):
                await engine.run(only_propose=review)

    return campaign


def new_folder(output: Path | None, file: Path) -> Path:
    """Make and return the run's folder: `runs/NAME-1`, `-2`, ... if none is named.

    Raises:
        StoreError: If the folder already holds a campaign, or cannot be made.
    """
    from campaigns.errors import StoreError

    number = 1
    folder = output or Path("runs") / f"{file.stem}-{number}"
    while output is None and folder.exists():
        number += 1
        folder = Path("runs") / f"{file.stem}-{number}"
    if (folder / DATABASE).exists():
        raise StoreError(
            f"--output: found {folder / DATABASE}; allowed: a new folder; choose "
            f"another, or go on with `athanor resume {folder / DATABASE}`"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"--output: {folder} cannot be made ({error.strerror}); choose a folder "
            f"where you may write"
        ) from error
    return folder
