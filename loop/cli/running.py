"""Running campaigns: `athanor run` on a real lab, and `athanor resume` on any."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from campaigns.store import Store
    from instruments.labspec import LabSpec
    from loop.cli.display import Display

DATABASE = "campaign.db"
REPORT = "report.html"

Campaign = Callable[["Display"], Coroutine[Any, Any, float]]
"""Runs a campaign to its end under a display; returns the lab time taken, s."""

Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="New folder for the database and the report."),
]
LabFile = Annotated[
    Path | None,
    typer.Option(help="Lab file; else lab.toml beside the campaign, else ours."),
]
ProposerName = Annotated[
    str, typer.Option(help="athanor, random, sobol or best-temperature.")
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON summary and nothing else.")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(run)
    app.command()(resume)


def run(
    file: Annotated[Path, typer.Argument(help="Campaign file.")],
    lab: Annotated[Path, typer.Option(help="Lab file of the real lab.")],
    output: Output = None,
    proposer: ProposerName = "athanor",
    backup_hours: Annotated[
        float, typer.Option(min=0.1, help="Time between copies of the database.")
    ] = 6.0,
    as_json: AsJson = False,
) -> None:
    """Run a campaign on a real lab."""
    from campaigns.specfile import load
    from instruments.clock import utc_seconds
    from loop.cli.setup import checked_lab, new_store

    spec = load(file)
    lab_spec = checked_lab(spec, lab)
    folder = new_folder(output, file)
    with new_store(
        folder / DATABASE, spec, lab_spec, mode="real", proposer=proposer,
        lab_time=utc_seconds(),
    ) as store:  # fmt: skip
        carry_on(store, _on_real_lab(store, lab_spec, backup_hours), as_json=as_json)


def resume(
    database: Annotated[Path, typer.Argument(help="Campaign database.")],
    speed: Annotated[
        float | None, typer.Option(help="Dry runs: lab seconds per second.")
    ] = None,
    backup_hours: Annotated[
        float, typer.Option(min=0.1, help="Time between copies of the database.")
    ] = 6.0,
    as_json: AsJson = False,
) -> None:
    """Go on with an interrupted campaign; nothing is done twice."""
    from campaigns.errors import StoreError
    from campaigns.store import Store
    from instruments.labspec import LabSpec
    from loop.cli.simulated import resume_simulated

    with Store.open(database) as store:
        if any(e.payload.kind == "campaign-ended" for e in store.events()):
            raise StoreError(f"{database}: this campaign has ended; see its report")
        lab_spec = LabSpec.model_validate(store.opened.lab)
        if store.opened.mode == "virtual":
            resume_simulated(store, lab_spec, speed=speed, as_json=as_json)
        else:
            campaign = _on_real_lab(store, lab_spec, backup_hours)
            carry_on(store, campaign, as_json=as_json)


def carry_on(
    store: "Store",
    campaign: Campaign,
    *,
    as_json: bool,
    runner: Callable[[Coroutine[Any, Any, float]], float] = asyncio.run,
) -> None:
    """Run a campaign to its end, write the report and print the summary."""
    from campaigns.review.report import write_report
    from instruments.labspec import LabSpec
    from loop.cli.display import choose_display
    from loop.cli.summary import print_summary

    began = time.perf_counter()
    lab_spec = LabSpec.model_validate(store.opened.lab)
    with choose_display(store.spec, lab_spec, quiet=as_json) as display:
        lab_seconds = runner(campaign(display))
    report = write_report(store, store.path.parent / REPORT)
    wall_seconds = time.perf_counter() - began
    store.record_host_timing("campaign and report", wall_seconds)
    print_summary(
        store,
        wall_seconds=wall_seconds,
        lab_seconds=lab_seconds,
        report=report,
        as_json=as_json,
    )


def _on_real_lab(store: "Store", lab_spec: "LabSpec", backup_hours: float) -> Campaign:
    """Return the campaign on real instruments, with regular copies of its database."""

    async def campaign(display: "Display") -> float:
        from instruments.clock import Clock
        from instruments.lab import connect
        from loop.cli.setup import make_engine, record_resumption
        from loop.cli.simulated import WORLD, simulated_ports
        from loop.daemon import wakeups

        clock = Clock.real()
        began = clock.now()
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
                await engine.run()
        return clock.now() - began

    return campaign


def new_folder(output: Path | None, file: Path) -> Path:
    """Make and return the run's folder: `runs/NAME-1`, `-2`, ... if none is named.

    Raises:
        StoreError: If the folder already holds a campaign.
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
    folder.mkdir(parents=True, exist_ok=True)
    return folder
