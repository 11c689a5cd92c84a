"""Decisions of a campaign: `athanor explain` and `athanor replay`."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loop.cli.records import Database

if TYPE_CHECKING:
    from campaigns.review.explanation import Explanation
    from loop.replay import Replayed


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(explain)
    app.command()(replay)


def explain(
    database: Database,
    sample: Annotated[str, typer.Argument(help="Sample, such as S0003.")],
    plot: Annotated[
        Path | None,
        typer.Option(help="Picture of the posterior: .html, .png or .svg."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell why a sample was proposed, and what came of it."""
    from campaigns.review.campaign import objective_views
    from campaigns.review.explanation import explain as read
    from campaigns.store import Store

    with Store.open(database) as store:
        found = read(store, sample, objective_views(store.spec))
    if plot is not None:
        _draw(found, plot)
    if as_json:
        sys.stdout.write(json.dumps(found.to_json(), ensure_ascii=False) + "\n")
        return
    for line in found.lines():
        sys.stdout.write(line + "\n")
    if plot is not None:
        sys.stdout.write(f"picture   {plot}\n")


def _draw(found: "Explanation", path: Path) -> None:
    from campaigns.errors import SpecError
    from campaigns.review.pictures import WRITERS, write_beliefs

    if path.suffix.lower() not in WRITERS:
        raise SpecError.single(
            "--plot", str(path), f"a file name that ends in {', '.join(WRITERS)}",
            "choose another ending",
        )  # fmt: skip
    if not found.decision.slices:
        raise SpecError.single(
            "--plot", f"{found.sample}, proposed without a model", "a sample that a"
            " model proposed", "leave --plot out",
        )  # fmt: skip
    write_beliefs(found.load_view(), found.objectives, path)


def replay(
    database: Database,
    load: Annotated[
        list[int] | None, typer.Option(help="Only this load; may be repeated.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make each decision again from what was known then, and compare."""
    from campaigns.materials.phases import PhaseTable
    from campaigns.store import Store
    from loop.cli.setup import lab_of, proposer_of, versions
    from loop.replay import replay as again

    with Store.open(database) as store:
        store.verify()
        recorded = store.opened.versions
        loads = []
        lab, table = lab_of(store), PhaseTable.load()
        for one in again(store, lab, table, proposer_of(store), loads=load or ()):
            loads.append(one)
            if not as_json:
                _show(one)
    other = {
        name: (recorded[name], here)
        for name, here in versions().items()
        if name in recorded and recorded[name] != here
    }
    n_same = sum(not one.differences for one in loads)
    if as_json:
        _print_json(loads, other)
    else:
        for name, (then, here) in other.items():
            sys.stdout.write(f"{name} was {then} when recorded, is {here} here\n")
        sys.stdout.write(f"{n_same} of {len(loads)} loads proposed identically\n")
    if n_same < len(loads):
        raise typer.Exit(1)


def _show(one: "Replayed") -> None:
    from campaigns import labels

    state = "differs" if one.differences else "identical"
    sys.stdout.write(f"load {one.load} ({labels.listed(one.samples)}): {state}\n")
    for text in one.differences:
        sys.stdout.write(f"  {text}\n")
    sys.stdout.flush()


def _print_json(loads: list["Replayed"], other: dict[str, tuple[str, str]]) -> None:
    document = {
        "loads": [
            {
                "load": one.load,
                "samples": one.samples,
                "is_identical": not one.differences,
                "differences": one.differences,
            }
            for one in loads
        ],
        "versions_that_differ": other,
    }
    sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
