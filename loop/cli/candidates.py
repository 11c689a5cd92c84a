"""Which structures a command looks for: what its options name."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from campaigns.errors import SpecError

if TYPE_CHECKING:
    from campaigns.ledger import Ledger
    from campaigns.materials.phases import PhaseTable
    from campaigns.spec import CampaignSpec
    from loop.analyse.library import Entry, Library

_LARGEST_GRAIN = 100.0
"""Micrometres; coarser powders give spots, not lines."""
_SEPARATORS = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Candidates, and what is known of the powder."""

    library: "Library"
    expected: frozenset[str]
    """Elements known to be in it."""


def choose(
    *,
    references: Path | None,
    elements: str | None,
    campaign: Path | None,
    sample: str | None,
    is_computed: bool,
    grains: Iterable[str] = (),
) -> Chosen:
    """Return the structures that the options name.

    Args:
        references: Folder of CIF files, or phase table; the packaged table if absent.
        elements: Element symbols; only structures made of them, C, H and O are left,
            and sets of phases without one of them are held to be less likely.
        campaign: Campaign file or database: only what its samples may hold.
        sample: Sample of the database: only what was dosed for it.
        is_computed: The CIF files are of computed structures.
        grains: Measured grain diameters, each as `NAME=MICROMETRES`.

    Raises:
        SpecError: If an option cannot be used.
    """
    from loop.analyse.library import Library, of_folder, of_phases
    from loop.analyse.referencecache import user_cache

    named = _elements(elements)
    expected = named or frozenset()
    entries: tuple[Entry, ...]
    if references is not None and references.is_dir():
        _refuse_both(references, campaign)
        entries = of_folder(references, is_computed=is_computed)
    elif campaign is None:
        entries = of_phases(phase_table(references).values())
    else:
        entries, known = _of_campaign(campaign, sample, phase_table(references))
        expected |= known
    if is_computed and (references is None or not references.is_dir()):
        raise SpecError.single(
            "--computed", "no folder of CIF files", "together with --references DIR",
            "the phase table's structures are measured: leave it out",
        )  # fmt: skip
    if sample is not None and campaign is None:
        raise SpecError.single(
            "--sample", repr(sample), "a sample of a campaign", "give --campaign DB"
        )
    sizes = _grains(grains, {entry.name for entry in entries})
    return Chosen(Library(entries, named, user_cache(), sizes), expected)


def _grains(texts: Iterable[str], names: set[str]) -> dict[str, float]:
    """Return grain diameters by phase, micrometres."""
    sizes: dict[str, float] = {}
    for text in texts:
        name, _, number = text.rpartition("=")
        try:
            size = float(number)
        except ValueError:
            size = math.nan
        if name not in names or not 0.0 < size <= _LARGEST_GRAIN:
            raise SpecError.single(
                "--grain", repr(text),
                f"NAME=MICROMETRES, up to {_LARGEST_GRAIN:g}, of a candidate phase",
                "write it like --grain Bi2O3=4.5",
            )  # fmt: skip
        sizes[name] = size
    return sizes


def _elements(text: str | None) -> frozenset[str] | None:
    """Return the symbols in a list such as `Ni Ti O`."""
    from campaigns.materials.elements import ATOMIC_WEIGHTS, WITHOUT_WEIGHT

    if text is None:
        return None
    symbols = [word for word in _SEPARATORS.split(text) if word]
    known = ATOMIC_WEIGHTS.keys() | WITHOUT_WEIGHT
    wrong = [symbol for symbol in symbols if symbol not in known]
    if wrong or not symbols:
        found = ", ".join(map(repr, wrong)) or "nothing"
        raise SpecError.single(
            "--elements", found, "symbols of chemical elements",
            'write them with spaces between, such as "Ni Ti O"',
        )  # fmt: skip
    return frozenset(symbols)


def phase_table(path: Path | None) -> "PhaseTable":
    """Return the phase table of a file, the packaged one if none is named.

    Raises:
        SpecError: If it is no phase table.
    """
    from campaigns.materials.phases import PhaseTable

    if path is None:
        return PhaseTable.load()
    if path.suffix.lower() != ".toml":
        is_there = "no phase table" if path.exists() else "which does not exist"
        raise SpecError.single(
            "--references", f"{path}, {is_there}",
            "a folder of CIF files, or a phase table (.toml)", "give one of them",
        )  # fmt: skip
    return PhaseTable.load(path)


def _refuse_both(folder: Path, campaign: Path | None) -> None:
    if campaign is not None:
        raise SpecError.single(
            "--campaign", f"{campaign} with the folder {folder}", "one of them",
            "a campaign's candidates are rows of a phase table: leave one option out",
        )  # fmt: skip


def _of_campaign(
    path: Path, sample: str | None, table: "PhaseTable"
) -> tuple[tuple["Entry", ...], frozenset[str]]:
    """Return what a campaign's powders may hold, and elements that all of them hold."""
    from campaigns.materials.formula import Formula
    from campaigns.reagents import cations
    from loop.analyse.candidates import candidate_phases, expected_elements
    from loop.analyse.library import of_phases

    spec, ledger = _opened(path)
    if sample is None:
        dosed: Iterable[str] = [precursor.label for precursor in spec.precursors]
        crucibles = {step.crucible for step in spec.steps if step.crucible}
        expected = cations(Formula.parse(spec.target.formula))
    else:
        dosed, crucibles = _made(ledger, sample, path)
        expected = expected_elements(spec, dosed)
    phases = candidate_phases(spec, dosed, table, crucibles=crucibles)
    return of_phases(phases), expected


def _opened(path: Path) -> "tuple[CampaignSpec, Ledger | None]":
    """Read a campaign file, or a database and what happened in it."""
    from loop.cli.errors import naming

    if path.suffix.lower() == ".toml":
        from campaigns.specfile import load

        with naming(path):
            return load(path), None
    from campaigns.ledger import Ledger
    from campaigns.store import Store

    with Store.open(path) as store:
        ledger = Ledger()
        ledger.take(store.events())
        return store.spec, ledger


def _made(
    ledger: "Ledger | None", sample: str, path: Path
) -> tuple[Iterable[str], set[str]]:
    """Return the precursors and crucibles of a sample.

    Raises:
        SpecError: If the campaign has no such sample, or nothing was dosed for it.
    """
    if ledger is None:
        raise SpecError.single(
            "--sample", f"{sample!r} with the campaign file {path}",
            "a sample of a database", "give the campaign's database",
        )  # fmt: skip
    if sample not in ledger.doses:
        allowed = ", ".join(sorted(ledger.doses)) or "none yet"
        raise SpecError.single(
            "--sample", repr(sample), f"samples with doses: {allowed}", "name one"
        )
    crucibles = {firing.crucible for firing in ledger.recipe(sample).firings}
    return tuple(ledger.dosed_grams(sample)), {c for c in crucibles if c}
