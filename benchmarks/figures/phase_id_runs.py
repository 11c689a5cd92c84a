"""Runs of the phase identification benchmark, all through what the command calls."""

import hashlib
import json
import math
import re
import resource
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from campaigns.materials.phases import PhaseTable
from loop.analyse.answers import Answer, identify_file, identify_pattern
from loop.analyse.library import Drawn, Library, of_folder, of_phases
from loop.analyse.patterns import CU_K_ALPHA, read
from loop.analyse.referencecache import user_cache
from loop.analyse.references import Reference

_MAIN = """
import atexit, sys
from pathlib import Path
atexit.register(lambda: sys.stderr.write(Path("/proc/self/status").read_text()))
from loop.cli.main import main
main()
"""
"""The command, and after it what Linux says of its process: the usage that a parent is
told would count the parent's own memory at the start."""
_DECOY_STRETCH = 0.015, 0.05
"""Least and largest relative change of a decoy's cell: beyond what refinement of a
measured cell may take up."""
Answers = dict[str, Answer]


@dataclass(frozen=True)
class Bench:
    """Measured patterns, their truth, and the reference structures."""

    folder: Path
    truth: dict[str, dict[str, float]]
    library: Library
    """All references."""

    @classmethod
    def open(cls, folder: Path, *, is_quick: bool) -> "Bench":
        """Open the benchmark; quick takes the 2 min scans alone."""
        rows = json.loads((folder / "truth.json").read_text())
        truth = {
            stem: row["weight_fractions"]
            for stem, row in rows.items()
            if not is_quick or stem.endswith("2min")
        }
        return cls(
            folder, truth, Library(of_folder(folder / "references"), None, user_cache())
        )

    @property
    def known(self) -> tuple[Reference, ...]:
        """Return all references for the patterns' wavelength."""
        return self.library.at(CU_K_ALPHA[0]).references

    def of(self, stem: str) -> "Bench":
        """Return the benchmark of one pattern alone."""
        return replace(self, truth={stem: self.truth[stem]})

    def path(self, stem: str) -> Path:
        """Return the file of a pattern."""
        return self.folder / "patterns" / f"{stem}.xrdml"

    def elements(self, stem: str) -> frozenset[str]:
        """Return the elements of a mixture, as a user would give them."""
        table = {reference.name: reference.elements for reference in self.known}
        return frozenset().union(*(table[name] for name in self.truth[stem]))

    def among(self, names: Iterable[str]) -> Library:
        """Return the library of some references."""
        kept = set(names)
        entries = tuple(e for e in self.library.entries if e.name in kept)
        return replace(self.library, entries=entries, _drawn={})

    def within(self, stem: str) -> tuple[str, ...]:
        """Return the candidates of a mixture with an element list."""
        allowed = self.elements(stem) | {"C", "H", "O"}
        return tuple(r.name for r in self.known if r.elements <= allowed)


def with_elements(bench: Bench) -> Answers:
    """Identify every pattern with the elements of its mixture."""
    return {
        stem: identify_file(
            bench.path(stem),
            replace(bench.library, elements=bench.elements(stem), _drawn={}),
            expected=bench.elements(stem),
        ).answer
        for stem in bench.truth
    }


def with_phases(bench: Bench) -> Answers:
    """Identify every pattern with its true phases as only candidates."""
    return {
        stem: identify_file(
            bench.path(stem), bench.among(true), expected=bench.elements(stem)
        ).answer
        for stem, true in bench.truth.items()
    }


def with_all(bench: Bench) -> Answers:
    """Identify every pattern with all references and no element list."""
    return {
        stem: identify_file(bench.path(stem), bench.library).answer
        for stem in bench.truth
    }


def with_one_removed(bench: Bench, whole: Answers) -> dict[tuple[str, str], Answer]:
    """Identify without each true phase that has no listed look-alike in turn."""
    found = {}
    for stem, true in bench.truth.items():
        for phase in true:
            if whole[stem]["alternatives"].get(phase):
                continue
            left = bench.among(set(bench.within(stem)) - {phase})
            found[stem, phase] = identify_file(
                bench.path(stem), left, expected=bench.elements(stem)
            ).answer
    return found


def thinned(bench: Bench, *, share: float = 0.1) -> Answers:
    """Identify every pattern with a share of its counts, drawn at random."""
    found = {}
    for stem in bench.truth:
        pattern = read(bench.path(stem))
        key = hashlib.sha256(f"thinned {stem} {share}".encode()).digest()[:8]
        rng = np.random.Generator(np.random.Philox(key=int.from_bytes(key, "big")))
        counts = rng.binomial(pattern.counts.astype(np.int64), share)
        found[stem] = identify_pattern(
            replace(pattern, counts=counts.astype(np.float64)),
            bench.among(bench.within(stem)).at(pattern.wavelengths[0]),
            expected=bench.elements(stem),
        ).answer
    return found


def with_many(bench: Bench, stems: Iterable[str], *, total: int = 500) -> Answers:
    """Identify with all references, the phase table and decoys, no element list."""
    table = Library(of_phases(PhaseTable.load().values()), None, bench.library.cache)
    known = {reference.name: reference for reference in bench.known}
    for reference in table.at(CU_K_ALPHA[0]).references:
        name = f"{reference.name}~table"
        known[name] = replace(reference, name=name)
    made = _decoys(tuple(known.values()))
    candidates = (*known.values(), *(next(made) for _ in range(total - len(known))))
    drawn = Drawn(candidates, ())
    return {
        stem: identify_pattern(read(bench.path(stem)), drawn).answer for stem in stems
    }


def _decoys(known: tuple[Reference, ...]) -> Iterator[Reference]:
    """Yield known structures in cells that nothing in the powder has."""
    for index in count():
        reference = known[index % len(known)]
        rng = np.random.Generator(np.random.Philox(key=index))
        change = rng.uniform(*_DECOY_STRETCH) * rng.choice([-1.0, 1.0])
        a, b, c, *angles = reference.cell
        alpha, beta, gamma = angles
        f = 1.0 + change
        yield replace(
            reference,
            name=f"{reference.name}~decoy{index}",
            cell=(a * f, b * f, c * f, alpha, beta, gamma),
            density=reference.density / f**3,
            attenuation=reference.attenuation / f**3,
        )


@dataclass(frozen=True)
class Process:
    """One call of the command in a process of its own."""

    answer: dict[str, Any]
    peak_gigabytes: float
    start_seconds: float
    """CPU time besides that of the identification itself."""


def by_command(bench: Bench, stem: str) -> Process:
    """Run `athanor identify` on a pattern with all references."""
    root = Path(__file__).resolve().parents[2]
    references = bench.folder / "references"
    arguments = ["identify", bench.path(stem), "--references", references, "--json"]
    command = [sys.executable, "-c", _MAIN, *map(str, arguments)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    answer = json.loads(done.stdout)[stem]
    peak = re.search(r"^VmHWM:\s+(\d+) kB", done.stderr, re.MULTILINE)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Process(
        answer,
        int(peak[1]) * 1024 / 1e9 if peak else math.nan,
        spent - answer["cpu_seconds"],
    )
