"""Stored patterns analysed again: `athanor reanalyse`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from campaigns.ledger import Ledger
    from campaigns.materials.phases import PhaseTable
    from campaigns.store import Store
    from loop.analyse.reanalysis import Outcome, Reanalysed

COLUMNS: tuple[tuple[str, Literal["left", "right"]], ...] = (
    ("sample", "left"), ("scan", "left"), ("target\nold", "right"), ("\nnew", "right"),
    ("verdict\nold", "left"), ("\nnew", "left"), ("Rwp\nold", "right"),
    ("\nnew", "right"), ("phases", "left"),
)  # fmt: skip
LEAST_SHOWN = 0.005
"""Weight share above which a phase is said to have come or gone."""
WIDTH_OF_PIPE = 200
"""Columns of a table that no terminal shows."""


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(reanalyse)


def reanalyse(
    database: Annotated[Path, typer.Argument(help="Campaign database.")],
    sample: Annotated[
        list[str] | None,
        typer.Option(help="Only this sample, such as S0003; may be given again."),
    ] = None,
    references: Annotated[
        Path | None, typer.Option(help="Phase table (.toml); else ours.")
    ] = None,
    instrument: Annotated[
        Path | None,
        typer.Option(help="Instrument file, as `athanor calibrate xrd` writes it."),
    ] = None,
    is_applied: Annotated[
        bool,
        typer.Option("--apply", help="Record the new results: they count from now on."),
    ] = False,
) -> None:
    """Identify a campaign's patterns again; print old beside new."""
    from campaigns.ledger import Ledger
    from campaigns.store import Store
    from loop.analyse.instrumentfile import load_instrument
    from loop.analyse.reanalysis import reanalyse as analyse_again
    from loop.cli.candidates import phase_table

    table = phase_table(references)
    diffractometer = load_instrument(instrument) if instrument else None
    with Store.open(database) as store:
        if is_applied:
            store.lock()  # before minutes of work, not after
        store.verify()
        ledger = Ledger()
        ledger.take(store.events())
        results = [
            analyse_again(
                store.spec, table, ledger, name, blob=store.blob,
                instrument=diffractometer,
            )
            for name in _chosen(ledger, sample)
        ]  # fmt: skip
        _show(results)
        sys.stdout.write(_differences(store, table))
        if is_applied:
            _record(store, ledger, results)


def _chosen(ledger: "Ledger", asked: list[str] | None) -> list[str]:
    """Return the samples to analyse: settled, and with a pattern.

    Raises:
        SpecError: If one that is asked for has none.
    """
    from campaigns.errors import SpecError

    failed = {name for name, end in ledger.held.items() if end.status == "failed"}
    able = [
        name
        for name in ledger.patterns
        if ledger.is_settled(name) and name not in failed
    ]
    for name in asked or ():
        if name not in able:
            listed = ", ".join(able) or "none yet"
            raise SpecError.single(
                "--sample", repr(name), f"samples with a result: {listed}", "name one"
            )
    return [name for name in able if not asked or name in asked]


def _record(store: "Store", ledger: "Ledger", results: "list[Reanalysed]") -> None:
    """Append all new results in one transaction."""
    from loop.cli.setup import moment_of

    for result in results:
        for fit in result.fits:
            store.put_blob(fit)
    payloads = [payload for result in results for payload in result.payloads]
    store.append(*payloads, actor="re-analysis", lab_time=moment_of(store, ledger))
    n_recorded = sum(result.after is not None for result in results)
    sys.stdout.write(
        f"recorded {n_recorded} new results beside the old ones; the new ones count\n"
    )


def _show(results: "list[Reanalysed]") -> None:
    from rich.console import Console
    from rich.table import Table

    width = None if sys.stdout.isatty() else WIDTH_OF_PIPE
    table = Table(box=None, pad_edge=False)
    for header, justify in COLUMNS:
        table.add_column(header, justify=justify)
    for result in results:
        _add(table, result)
    Console(highlight=False, width=width).print(table)


def _add(table: "Table", result: "Reanalysed") -> None:
    old, new = _cells(result.before), _cells(result.after)
    scan = result.after.scan if result.after else ""
    pairs = (cell for pair in zip(old, new, strict=True) for cell in pair)
    table.add_row(result.sample, scan, *pairs, result.error or _changed(result))


def _cells(outcome: "Outcome | None") -> tuple[str, str, str]:
    if outcome is None:
        return "–", "–", "–"
    verdict = outcome.verdict
    return f"{verdict.share:.1%}", verdict.says, f"{outcome.found.rwp:.1%}"


def _changed(result: "Reanalysed") -> str:
    """Return which phases came and went, or that they are the same."""
    from loop.analyse.quantify import AMORPHOUS, UNKNOWN

    def present(outcome: "Outcome | None") -> dict[str, float]:
        if outcome is None:
            return {}
        fractions = outcome.found.fractions
        return {
            name: mean
            for name, mean in zip(fractions.phases, fractions.mean, strict=True)
            if mean > LEAST_SHOWN and name not in (UNKNOWN, AMORPHOUS)
        }

    old, new = present(result.before), present(result.after)
    came = [f"+{name} {share:.1%}" for name, share in new.items() if name not in old]
    went = [f"-{name} {share:.1%}" for name, share in old.items() if name not in new]
    return ", ".join((*came, *went)) or "the same"


def _differences(store: "Store", table: "PhaseTable") -> str:
    """Say how the phase table differs from the one that the campaign began with."""
    then = store.opened.phases
    changed = [n for n in then if n in table and table[n].row_sha256 != then[n]]
    gone = [name for name in then if name not in table]
    words = [
        f"{what}: {', '.join(names)}"
        for what, names in (("rows changed", changed), ("rows gone", gone))
        if names
    ]
    rest = "; ".join(words) or "no row changed that the campaign could meet"
    return f"phase table against that of the start: {rest}\n"
