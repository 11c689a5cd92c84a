"""A campaign as a folder of plain files that need neither Athanor nor a database."""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

from campaigns.blobs import decode_fit, decode_trace
from campaigns.errors import StoreError
from campaigns.export.formats import csv_bytes, curves_csv, parquet_bytes, xy_bytes
from campaigns.export.records import Record, all_tables
from campaigns.store import Store
from campaigns.tables import (
    EventRow,
    FiringRow,
    IdentificationRow,
    PatternRow,
    SampleRow,
)
from instruments import xrdml

File = tuple[str, bytes]
"""Path inside the folder, and content."""

README = """\
# {name}

Record of an Athanor synthesis campaign: target {target}, {n_samples} samples,
{n_events} events. Campaign file sha256 `{spec_sha256}`; event log sha256
`{log_sha256}`; mode `{mode}`, proposer `{proposer}`, seed {seed}.

| file | what it is |
|---|---|
| `spec.json`, `lab.json` | the campaign file and the lab file, as they were read |
| `provenance.json` | mode, proposer, seed, versions, phase rows, hashes |
| `events.jsonl` | every recorded fact, one JSON object a line, oldest first |
| `tables/*.csv`, `tables/*.parquet` | the same tables in two formats |
| `recipes/*.json` | the recipe of each sample |
| `patterns/*.xy` | two theta in degrees and counts of every scan |
| `patterns/*` other | the instrument's own files, untouched |
| `fits/*.csv` | observed, calculated and background counts, and each phase's own |
| `traces/*.csv` | furnace: seconds since 1970 UTC, set and measured degrees Celsius |
| `SHA256SUMS` | check with `sha256sum --check SHA256SUMS` |

A fit may add up neighbouring points of its pattern: its grid can be coarser.

| table | one row is |
|---|---|
| `samples` | a sample: planned, commanded, measured, and its scores; start here |
| `scores` | one objective of one sample: mean, variance, flags |
| `fractions` | one phase in one scan: weight fraction with standard deviation |
| `identifications` | one analysis of one scan: Rwp, goodness of fit, doubts |
| `patterns` | one scan, with the sha256 of the instrument's file |
| `proposals` | why a sample was proposed, and what the model expected |
| `doses` | one precursor in one vial, g |
| `firings` | one furnace program, with the sha256 of its trace |
| `loads` | samples fired together |
| `portions` | powder poured, or a container carried |
| `tasks` | one attempt at one task on one instrument |
| `events` | a recorded fact; `body` is its line in `events.jsonl` |

Each line of `events.jsonl` carries in `previous` the sha256 of the line before it
(without its line end), so that no past fact can be changed unseen.

In `tables/samples`, columns that begin with `planned`, `commanded` and `measured` are
three different things: what was proposed, what the instruments were told, and what
they measured. Masses are in g, temperatures in degrees Celsius, holds in hours, weight
fractions and yields in shares of 1. `verdict` says whether the target was made, and
why not if that is withheld. A `pending` sample has no result yet; a `failed`
one could not be made; an `unusable` or `held` one has no result that can be trusted.
A pattern may have been analysed more than once: `samples` has the newest result, the
other tables have all, by `sequence`.
"""


def export(store: Store, directory: Path | str) -> tuple[Path, ...]:
    """Write a campaign into a folder.

    Two exports of equal databases by equal software are equal byte for byte.

    Args:
        store: The campaign.
        directory: A folder that is empty or does not exist.

    Returns:
        The files written, the checksums last.

    Raises:
        StoreError: If the folder has anything in it, cannot be written, or the
            database cannot be read.
    """
    folder = Path(directory)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise StoreError(f"{folder}: the folder is not empty; choose another")
        written, sums = [], []
        for name, content in _files(store):
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
            written.append(path)
            sums.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")
        checksums = folder / "SHA256SUMS"
        checksums.write_text("".join(sorted(sums, key=lambda line: line[64:])))
    except OSError as error:
        raise StoreError(f"{folder}: cannot be written: {error}") from error
    return (*written, checksums)


def _files(store: Store) -> Iterator[File]:
    tables = all_tables(store)
    yield "README.md", _readme(store, tables).encode()
    yield "spec.json", _json(store.opened.spec)
    yield "lab.json", _json(store.opened.lab)
    yield "provenance.json", _json(_provenance(store))
    lines = [row.body + "\n" for row in store.rows(EventRow)]
    yield "events.jsonl", "".join(lines).encode()
    for name, records in tables.items():
        yield f"tables/{name}.csv", csv_bytes(records)
        yield f"tables/{name}.parquet", parquet_bytes(records)
    for sample in store.rows(SampleRow):
        yield f"recipes/{_safe(sample.sample)}.json", _json(json.loads(sample.recipe))
    yield from _patterns(store)
    yield from _fits(store)
    for firing in store.rows(FiringRow):
        trace = decode_trace(store.blob(firing.trace))
        curves = {
            "seconds": trace.seconds,
            "set_celsius": trace.set_celsius,
            "measured_celsius": trace.measured_celsius,
        }
        name = f"L{firing.load:03d}-{_safe(firing.step)}-{firing.sequence:06d}"
        yield f"traces/{name}.csv", curves_csv(curves)


def _readme(store: Store, tables: dict[str, list[Record]]) -> str:
    opened, spec = store.opened, store.spec
    return README.format(
        name=spec.name,
        target=spec.target.formula,
        n_samples=len(tables["samples"]),
        n_events=len(tables["events"]),
        spec_sha256=opened.spec_sha256,
        log_sha256=store.event_log_sha256(),
        mode=opened.mode,
        proposer=opened.proposer,
        seed=opened.seed,
    )


def _provenance(store: Store) -> dict[str, object]:
    opened = store.opened.model_dump(exclude={"kind", "spec", "lab"})
    return {**opened, "event_log_sha256": store.event_log_sha256()}


def _patterns(store: Store) -> Iterator[File]:
    """Yield each instrument file, and its counts as `.xy` whether analysed or not."""
    fits = {row.scan: row.fit for row in store.rows(IdentificationRow) if row.fit}
    for row in store.rows(PatternRow):
        name, raw = f"patterns/{_safe(row.scan)}", store.blob(row.raw)
        yield f"{name}{_safe(row.suffix)}", raw
        comments = [
            f"sample {row.sample}, scan {row.scan}",
            f"instrument {row.instrument}, program {row.program}",
        ]
        try:
            pattern = xrdml.parse(raw)
        except ValueError:
            # A file of another kind: only the analysis knows its counts.
            if row.scan not in fits:
                continue
            fit = decode_fit(store.blob(fits[row.scan]))
            two_theta, counts = fit.two_theta, fit.observed
        else:
            two_theta, counts = pattern.two_theta, pattern.counts
            lines = ", ".join(f"{one:g}" for one in pattern.wavelengths)
            comments.append(
                f"wavelengths {lines} angstrom, {pattern.seconds_per_point:g} s a point"
            )
        comments.append("two theta / degrees, counts")
        yield f"{name}.xy", xy_bytes(two_theta, counts, comments=comments)


def _fits(store: Store) -> Iterator[File]:
    for row in store.rows(IdentificationRow):
        if row.fit:
            fit = decode_fit(store.blob(row.fit))
            curves = {
                "two_theta_degrees": fit.two_theta,
                "observed_counts": fit.observed,
                "calculated_counts": fit.calculated,
                "background_counts": fit.background,
                **{f"{phase}_counts": curve for phase, curve in fit.phases.items()},
            }
            name = f"{_safe(row.scan)}-{row.sequence:06d}"
            yield f"fits/{name}.csv", curves_csv(curves)


def _json(value: object) -> bytes:
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
    return f"{text}\n".encode()


def _safe(name: str) -> str:
    """Return a name as part of a file name: it came from a file or an instrument."""
    return re.sub(r"[^A-Za-z0-9._+-]|^\.(?=\.)", "_", name)
