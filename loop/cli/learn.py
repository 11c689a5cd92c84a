"""What measured powders teach of reactions: `athanor learn`."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from loop.cli.pathway import read_chemistry

if TYPE_CHECKING:
    from loop.knowledge.pairwise_file import Observation
    from loop.knowledge.pairwise_onsets import Onset

_SQLITE = b"SQLite format 3\x00"


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(learn)


def learn(
    sources: Annotated[
        list[Path] | None,
        typer.Argument(help="Campaign databases, or files learned elsewhere."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File to write, or to add to."),
    ] = None,
    show: Annotated[
        Path | None, typer.Option(help="Print what a file teaches of each pair.")
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option(help="Phase table in place of the one that comes along."),
    ] = None,
    energies: Annotated[
        Path | None,
        typer.Option(help="Rows of thermochemistry (.toml) beside those that come."),
    ] = None,
    is_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object.")
    ] = False,
) -> None:
    """Collect measured products for predictions; each powder counts once."""
    from campaigns.errors import SpecError

    if (output is None) != (not sources) or (output is None and show is None):
        raise SpecError.single(
            "learn", "sources without -o FILE, or the other way round",
            "DB... -o FILE, --show FILE, or both", "give what is lacking",
        )  # fmt: skip
    answer: dict[str, Any] = {}
    lines: list[str] = []
    if output is not None and sources:
        answer |= _collect(sources, output)
        lines.append(
            "{file}: {powders} powders, {new} of them new, of {campaigns}"
            " campaigns".format(**answer)
        )
    if show is not None:
        rows, head, left_out = _show(show, table, energies)
        answer |= {
            "pairs": [_as_json(row) for row in rows],
            "left_out": left_out,
        }
        lines += [head, *_lines(rows), *_reasons(left_out)]
    text = json.dumps(answer, indent=2, ensure_ascii=False) if is_json else None
    sys.stdout.write((text or "\n".join(lines)) + "\n")


def _collect(sources: Sequence[Path], output: Path) -> dict[str, Any]:
    """Merge sources into a file."""
    from loop.knowledge.pairwise_file import add_learned, merged, read_learned

    new = merged(_read(source) for source in sources)
    before = {o.key for o in read_learned(output)} if output.exists() else set()
    found = add_learned(output, new)
    return {
        "file": str(output),
        "powders": len(found),
        "new": len({o.key for o in found} - before),
        "campaigns": len({o.campaign for o in found}),
    }


def _read(source: Path) -> "tuple[Observation, ...]":
    from campaigns.store import Store
    from loop.knowledge.pairwise_file import read_learned
    from loop.knowledge.pairwise_history import observations

    with source.open("rb") as file:
        is_database = file.read(len(_SQLITE)) == _SQLITE
    if not is_database:
        return read_learned(source)
    with Store.open(source) as store:
        return observations(store)


def _show(
    file: Path, table: Path | None, energies: Path | None
) -> "tuple[tuple[Onset, ...], str, dict[str, str]]":
    """Return what a file teaches of pairs, a headline, and what teaches nothing."""
    from loop.knowledge.pairwise_file import read_learned
    from loop.knowledge.pairwise_history import samples
    from loop.knowledge.pairwise_learning import learn
    from loop.knowledge.pairwise_onsets import onsets

    chemistry = read_chemistry(table, energies)
    observations = read_learned(file)
    usable, left_out = samples(chemistry, observations)
    rows = onsets(chemistry, learn(chemistry, usable), usable)
    names = ", ".join(sorted({o.name for o in observations})) or "none"
    head = (
        f"{file}: {len(observations)} powders of the campaigns {names}"
        f" ({', '.join(sorted({o.mode for o in observations})) or 'nothing in it'})"
    )
    return rows, head, left_out


def _lines(rows: "Sequence[Onset]") -> Iterator[str]:
    if not rows:
        return
    yield "onset: where ten hours take a pair half way, °C"
    yield (
        f"{'pair':32s} {'first to':28s} {'powders':>7s} {'before':>12s}"
        f" {'learned':>12s}"
    )
    for row in rows:
        pair, made = (
            " + ".join(side) for side in (row.balanced.reactants, row.balanced.products)
        )
        before, now = (
            f"{mean:.0f} ± {sigma:.0f}"
            for mean, sigma in (row.prior_celsius, row.celsius)
        )
        yield f"{pair:32s} {made:28s} {row.n_samples:7d} {before:>12s} {now:>12s}"


def _reasons(left_out: dict[str, str]) -> Iterator[str]:
    for name, reason in left_out.items():
        yield f"{name} teaches nothing here: {reason}"


def _as_json(row: "Onset") -> dict[str, Any]:
    return {
        "reactants": list(row.balanced.reactants),
        "products": list(row.balanced.products),
        "powders": row.n_samples,
        "prior_celsius": row.prior_celsius[0],
        "prior_sigma_celsius": row.prior_celsius[1],
        "onset_celsius": row.celsius[0],
        "sigma_celsius": row.celsius[1],
    }
