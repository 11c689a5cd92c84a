"""Records of a campaign: `athanor status`, `log`, `export` and `report`."""

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

Database = Annotated[Path, typer.Argument(help="Campaign database.")]
POLL_SECONDS = 0.5
"""How often `log --follow` looks for new events, s."""


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (status, log, export, report):
        app.command()(command)


def status(database: Database) -> None:
    """Say where a campaign stands, and whether its records are whole."""
    from campaigns.status import status as read
    from campaigns.store import Store

    with Store.open(database) as store:
        store.verify()
        for line in read(store).lines():
            sys.stdout.write(line + "\n")


def log(
    database: Database,
    sample: Annotated[
        str | None, typer.Option(help="Only what concerns this sample, such as S0003.")
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Wait for more until interrupted.")
    ] = False,
) -> None:
    """Print one line an event."""
    from campaigns.errors import StoreError
    from campaigns.narrative import Narrator
    from campaigns.store import Store

    with Store.open(database) as store:
        known = {trial.sample for trial in store.history().trials}
        if sample is not None and sample not in known and not follow:
            raise StoreError(
                f"--sample: found {sample!r}; allowed: {_range(sorted(known))}"
            )
        narrator, sequence = Narrator(sample=sample), 0
        while True:
            events = list(store.events(after=sequence))
            for line in narrator.lines(events):
                sys.stdout.write(line + "\n")
            sys.stdout.flush()
            sequence = events[-1].sequence if events else sequence
            if not follow or any(e.payload.kind == "campaign-ended" for e in events):
                return
            time.sleep(POLL_SECONDS)


def export(
    database: Database,
    to: Annotated[Path, typer.Option("--to", help="Folder to make, or an empty one.")],
) -> None:
    """Write tables, patterns, recipes and checksums that other programs read."""
    from campaigns.export.bundle import export as write
    from campaigns.store import Store

    with Store.open(database) as store:
        write(store, to)
    sys.stdout.write(f"{to}\n")


def report(
    database: Database,
    output: Annotated[Path, typer.Option("--output", "-o", help="HTML file.")],
) -> None:
    """Write the campaign's report: one file that opens without a network."""
    from campaigns.review.report import write_report
    from campaigns.store import Store

    with Store.open(database) as store:
        sys.stdout.write(f"{write_report(store, output)}\n")


def _range(samples: list[str]) -> str:
    return f"{samples[0]} to {samples[-1]}" if samples else "none yet"
