"""First guesses from the literature on held-out compounds, against bars and rivals.

usage: python benchmarks/literature.py [--quick] [--json FILE] [--file FILE]
           [--rows ROW ...]

Reads ../shared/bench/literature beside the repository and skips where it is absent.
Held-out compounds are drawn evenly from all of the file; every report of the same
compound, other amounts of oxygen or water included, is removed from what may be known.
A guess counts if it is exactly a reported set of precursors (hydrates count as their
salt; sources of dopants and fluxes, which the formula does not tell, are left out).
Rows:

- random: 500 compounds, with the rivals, intervals and misses
- papers: the same 500, and no other report of the same papers is known either
- years: 500 compounds first reported from 2017 on, by reports before 2017 alone
- conditions: firing temperatures of the 500
- parts: the model with each part off, on other 1,000 compounds, by which its constants
  were chosen
- command: seconds and memory of reading, learning and loading, each in a process of
  its own

`--quick` takes a tenth of the compounds and leaves out `parts` and `years`.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

# One thread: the matrices are small, and CPU time is what is measured.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "benchmarks"))

import numpy as np  # noqa: E402
from figures import literature as figures  # noqa: E402
from figures.bars import Bar  # noqa: E402
from figures.literature import TOP, Split  # noqa: E402

from loop.knowledge.literaturefile import read_records  # noqa: E402
from loop.knowledge.literaturemodel import Model  # noqa: E402
from loop.knowledge.literaturereports import reports  # noqa: E402

FILE = (
    ROOT.parent / "shared" / "bench" / "literature"
    / "solid-state_dataset_2019-12-03.json.xz"
)  # fmt: skip
ROWS = ("random", "papers", "years", "conditions", "parts", "command")
N_TEST, TEST_SEED = 500, 2023
N_VALIDATION, VALIDATION_SEED = 1000, 7
FIRST_YEAR = 2017
"""Of the compounds of `years`; He et al. 2023 split theirs by year too."""
N_MISSES = 12
_LOAD = """
import re, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from loop.knowledge.literature import open_literature
open_literature(Path(sys.argv[2]), Path(sys.argv[3])).answer("BaTiO3")
# Not ru_maxrss: that of the parent is handed down to a new process.
peak = re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())
print(time.process_time(), int(peak[1]) / 1024)
"""


class Report:
    """Makes the rows asked for, prints what they gave, and keeps the bars."""

    def __init__(self, file: Path, *, is_quick: bool) -> None:
        """Read the file and draw what is held out."""
        self.file, self.is_quick = file, is_quick
        self.bars: list[Bar] = []
        self.reports, self.tally = reports(read_records(file))
        print(f"{len(self.reports)} of {self.tally.records} records can be used")
        for name, counts in (
            ("record", self.tally.dropped), ("compound", self.tally.targets_dropped)
        ):  # fmt: skip
            for reason, n in counts.most_common():
                print(f"  {n:6d} {name}s dropped: {reason}")
        print(f"  {self.tally.misread:6d} precursors put right")
        n = N_TEST // 10 if is_quick else N_TEST
        self.keys = figures.draw(self.reports, n=n, seed=TEST_SEED)
        self.known: dict[str, tuple[Split, Model]] = {}

    def add(self, name: str, value: float, unit: str = "", **bar: object) -> None:
        """Keep and print a figure."""
        self.bars.append(Bar(name, value, unit, **bar))  # type: ignore[arg-type]
        print(self.bars[-1])

    def learned(self, name: str, split: Split) -> tuple[Split, Model]:
        """Return a split and what its reports teach, once."""
        if name not in self.known:
            self.known[name] = split, figures.ours(split.reports, self.tally)
            print(f"  {len(split.reports)} reports known, {len(split.held_out)} asked")
        return self.known[name]

    def random(self) -> None:
        """Print the headline, the rivals, and where it fails."""
        split, model = self.learned("random", figures.split(self.reports, self.keys))
        ours = self._ranked("reported set among the first 5", split, model, bar=0.65)
        rivals = {
            "most frequent source of each element": figures.most_frequent(model),
            "sets of the nearest compositions": figures.nearest_composition(
                model, split.reports
            ),
        }
        for name, rank in rivals.items():
            theirs = figures.ranks(rank, split.held_out) <= TOP
            low, high = figures.interval(theirs)
            self.add(f"rival: {name}", float(theirs.mean()), f"{low:.3f}-{high:.3f}")
            gain = (ours <= TOP).astype(float) - theirs
            low, high = figures.interval(gain)
            print(
                f"  ours above it: {gain.mean():+.3f}, 95 % {low:+.3f} to {high:+.3f}"
            )
        whole = np.array([bool(one.whole) for one in split.held_out])
        rank = figures.ranker(model)
        strict = [
            any(found in one.whole for found in rank(one.text))
            for one in split.held_out
            if one.whole
        ]
        print(f"  {whole.mean():.1%} have a report without dopants, fluxes or carbon")
        self.add("the same of these alone, every solid counted", float(np.mean(strict)))
        self._by_elements(split, ours)
        self._misses(split, model, ours)

    def _ranked(
        self, name: str, split: Split, model: Model, bar: float | None = None
    ) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
        ranks = figures.ranks(figures.ranker(model), split.held_out)
        low, high = figures.interval(ranks <= TOP)
        self.add(name, float((ranks <= TOP).mean()), f"{low:.3f}-{high:.3f}", bar=bar)
        first = float((ranks <= 1).mean())
        print(f"  the first is one: {first:.3f}; first 3: {(ranks <= 3).mean():.3f}")
        return ranks

    def _by_elements(self, split: Split, ranks: "np.ndarray") -> None:  # type: ignore[type-arg]
        counts: Counter[int] = Counter()
        hits: Counter[int] = Counter()
        for one, rank in zip(split.held_out, ranks.tolist(), strict=True):
            counts[len(one.elements)] += 1
            hits[len(one.elements)] += rank <= TOP
        print("  by elements other than O and H: " + ", ".join(
            f"{n}: {hits[n] / counts[n]:.2f} of {counts[n]}" for n in sorted(counts)
        ))  # fmt: skip

    def _misses(self, split: Split, model: Model, ranks: "np.ndarray") -> None:  # type: ignore[type-arg]
        missed = [o for o, r in zip(split.held_out, ranks, strict=True) if r > TOP]
        known = set(model.index.precursor_amounts)
        unknown = sum(all(p - known for p in one.sets) for one in missed)
        print(f"  {len(missed)} missed, {unknown} of them for a precursor never met;")
        print("  some of them, with a reported set and our first:")
        names = dict(
            zip(model.index.precursor_amounts, model.index.precursors, strict=True)
        )
        rng = np.random.default_rng(1)
        for i in rng.permutation(len(missed))[:N_MISSES]:
            found = figures.ranker(model)(missed[i].text)
            told = [
                " + ".join(names.get(p, "?") for p in sorted(one))
                for one in (*sorted(missed[i].sets, key=sorted)[:1], *found[:1])
            ]
            print(f"    {missed[i].text}: {' | '.join(told)}")

    def papers(self) -> None:
        """Print the headline without the other reports of the same papers."""
        split = figures.split(self.reports, self.keys, is_by_paper=True)
        name = "the same, no report of the same papers known"
        self._ranked(name, *self.learned("papers", split))

    def years(self) -> None:
        """Print the headline for later compounds, by earlier reports alone."""
        dated = [(figures.year_of(r.doi), r) for r in self.reports]
        early = [r for year, r in dated if year is not None and year < FIRST_YEAR]
        late = [r for year, r in dated if year is not None and year >= FIRST_YEAR]
        print(
            f"  year known of {len(early) + len(late)} reports, {len(late)} from"
            f" {FIRST_YEAR} on"
        )
        old = set(figures.by_compound(self._not_late(dated)))
        fresh = [key for key in figures.by_compound(late) if key not in old]
        unwanted = {
            r.number for r in late
            if not {figures.ratio(m.amounts) for m in r.made} & set(fresh)
        }  # fmt: skip
        drawn = figures.draw(late, n=3 * N_TEST, seed=TEST_SEED, not_from=unwanted)
        keys = [key for key in drawn if key in set(fresh)][:N_TEST]
        split = figures.split(late, keys, known=early)
        name = f"compounds new from {FIRST_YEAR} on, by reports before"
        both = self.learned("years", split)
        self._ranked(name, *both)
        theirs = figures.ranks(figures.most_frequent(both[1]), split.held_out) <= TOP
        self.add("rival there: most frequent source", float(theirs.mean()))

    def _not_late(
        self, dated: Sequence[tuple[int | None, object]]
    ) -> list[object]:  # fmt: skip
        return [r for year, r in dated if year is None or year < FIRST_YEAR]

    def conditions(self) -> None:
        """Print how far predicted firing temperatures are from reported ones."""
        from loop.knowledge.literatureconditions import (
            N_REPORTS,
            is_fired,
            nearest,
            of_powder,
        )

        split, model = self.learned("random", figures.split(self.reports, self.keys))
        index, only = model.index, is_fired(model.index)
        every = [c for r in split.reports if (c := figures.powder_celsius(r))]
        middle, errors, plain, within = float(np.median(every)), [], [], []
        for one in split.held_out:
            if one.celsius is None:
                continue
            row = index.fraction(dict(figures.target_amounts(
                figures.Formula.parse(one.text))))  # fmt: skip
            similar = model.similarity.to_all(row)
            near = nearest(index, similar, only=only, n=N_REPORTS)
            found = of_powder(index, near).celsius
            errors.append(abs(found[2] - one.celsius))
            plain.append(abs(middle - one.celsius))
            within.append(found[0] <= one.celsius <= found[4])
        self.add("firing temperature, median error", float(np.median(errors)), "K")
        self.add("rival: median of all reports", float(np.median(plain)), "K")
        self.add("mean error", float(np.mean(errors)), "K")
        self.add("rival: mean error", float(np.mean(plain)), "K")
        self.add("reported within our 10 to 90 %", float(np.mean(within)), "share")

    def parts(self) -> None:
        """Print the validation figure with each part off."""
        tested = figures.numbers_of(self.reports, self.keys)
        keys = figures.draw(
            self.reports, n=N_VALIDATION, seed=VALIDATION_SEED, not_from=tested
        )
        split, model = self.learned("parts", figures.split(self.reports, keys))
        for name, one in {"whole": model, **figures.variants(model)}.items():
            ranks = figures.ranks(figures.ranker(one), split.held_out)
            print(
                f"  {name:24s} first {(ranks <= 1).mean():.3f},"
                f" first 5 {(ranks <= TOP).mean():.3f}"
            )

    def command(self) -> None:
        """Measure reading and learning, and then loading, each in a new process."""
        with tempfile.TemporaryDirectory() as folder:
            for name, bar in (("read and learn", 60.0), ("load and answer", 2.0)):
                done = subprocess.run(
                    [sys.executable, "-c", _LOAD, str(ROOT), str(self.file), folder],
                    check=True, capture_output=True, text=True,
                )  # fmt: skip
                seconds, megabytes = map(float, done.stdout.split())
                self.add(f"CPU to {name}", seconds, "s", bar=bar, better="min")
                self.add("its memory", megabytes, "MB", bar=500.0, better="min")


def main(argv: Sequence[str] | None = None) -> None:
    """Make the rows asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--file", type=Path, default=FILE)
    parser.add_argument("--rows", nargs="+", choices=ROWS)
    args = parser.parse_args(argv)
    if not args.file.is_file():
        print(f"skipped: {args.file} is absent")
        return
    quick = [row for row in ROWS if row not in {"parts", "years"}]
    report = Report(args.file, is_quick=args.quick)
    for row in args.rows or (quick if args.quick else ROWS):
        print(f"\n{row}", flush=True)
        {
            "random": report.random, "papers": report.papers, "years": report.years,
            "conditions": report.conditions, "parts": report.parts,
            "command": report.command,
        }[row]()  # fmt: skip
        sys.stdout.flush()
    if args.json:
        rows = [bar.row() for bar in report.bars]
        args.json.write_text(json.dumps({"bars": rows}, indent=1))


if __name__ == "__main__":
    main()
