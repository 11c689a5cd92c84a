"""Phase identification on measured patterns of weighed mixtures, against bars.

usage: python benchmarks/phase_id.py [--quick] [--json FILE] [--bench DIR]
           [--rows ROW ...]

Reads ../shared/bench/phase_id beside the repository (patterns, reference structures,
weighed fractions, the scorer) and skips where it is absent. Every answer comes from the
function behind `athanor identify`, and figures of sets and weights from the benchmark's
own `score.py`. Rows:

- elements: candidates are the references made of the mixture's elements, C, H and O
- given: the true phases are the only candidates
- all: all 100 references, no element list
- removed: a true phase without a listed look-alike is taken out of the candidates
- thinned: a tenth of the counts
- many: 500 candidates: all references, the phase table, and decoys (known structures in
  cells 1.5 to 5 % too large or small)
- command: the command in a process of its own: memory, start-up, and the same answer
- simulated: mixtures of the simulated diffractometer, for coverage
- minor: simulated traces of one phase in another, for detection limits

`--quick` takes the 2 min scans and few simulated mixtures: its last two rows are rough.
"""

import argparse
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

# One thread: the matrices are small, and CPU time is what is measured.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "benchmarks"))
from figures import phase_id as figures  # noqa: E402
from figures import phase_id_runs as runs  # noqa: E402
from figures import phase_id_simulated as simulated  # noqa: E402
from figures.bars import Bar  # noqa: E402

BENCH = ROOT.parent / "shared" / "bench" / "phase_id"
ROWS = (
    "elements", "given", "all", "removed", "thinned", "many", "command", "simulated",
    "minor",
)  # fmt: skip
MANY_PATTERNS = 5
MIXTURES, QUICK_MIXTURES = 120, 8
REPEATS = 8
_SAME = 1e-9


class Report:
    """Makes the runs asked for, prints what they gave, and keeps it."""

    def __init__(self, bench: runs.Bench, *, is_quick: bool) -> None:
        """Start with nothing run."""
        self.bench, self.is_quick = bench, is_quick
        self.scorer = figures.Scorer.load(bench.folder)
        self.bars: list[Bar] = []
        self.answers: dict[str, Any] = {}
        self._elements: runs.Answers = {}

    def make(self, rows: list[str]) -> None:
        """Run rows in the order in which they stand above."""
        made = {
            "elements": self.elements, "given": self.given, "all": self.all,
            "removed": self.removed, "thinned": self.thinned, "many": self.many,
            "command": self.command, "simulated": self.simulated, "minor": self.minor,
        }  # fmt: skip
        for row in ROWS:
            if row in rows:
                print(f"\n{row}")
                made[row]()
                sys.stdout.flush()

    def elements(self) -> None:
        """With element lists: sets, weights, intervals and time."""
        answers, truth = self._with_elements(), self.bench.truth
        for stem, answer in answers.items():
            found = {k: round(100 * w, 1) for k, w in answer["weights"].items()}
            print(f"  {stem}: {found}", *answer["quality"], sep="; ")
        for phase, errors in figures.by_phase(answers, truth).items():
            bias = 100 * sum(errors) / len(errors)
            print(f"  bias of {phase:22s} {bias:+6.1f} points, {len(errors)} patterns")
        self._add(
            *figures.sets(self.scorer, answers, truth),
            *figures.weights(self.scorer, answers, truth, name="own set", bar=4.5),
            *figures.intervals(answers, truth),
            *figures.seconds(answers, name="element list", bar=0.8),
        )

    def given(self) -> None:
        """With the true phases given: weights."""
        answers = self._kept("given", runs.with_phases(self.bench))
        self._add(
            *figures.weights(
                self.scorer, answers, self.bench.truth, name="phases given", bar=4.0
            )
        )

    def all(self) -> None:
        """With all references: sets and time."""
        answers, truth = self._kept("all", runs.with_all(self.bench)), self.bench.truth
        exact = self.scorer.exact(answers, truth, is_lenient=True)
        self._wrong(answers)
        self._add(
            Bar("exact set, lenient, all references", exact, "", 0.8),
            Bar("exact set, strict, all references",
                self.scorer.exact(answers, truth, is_lenient=False)),
            *figures.seconds(answers, name="all references", bar=2.0),
        )  # fmt: skip

    def removed(self) -> None:
        """With a true phase removed: whether it is noticed."""
        whole = self._with_elements()
        without = runs.with_one_removed(self.bench, whole)
        for (stem, phase), answer in without.items():
            if not figures.is_flagged(answer):
                found = ", ".join(answer["weights"])
                print(
                    f"  not flagged: {stem} without {phase}: unknown "
                    f"{answer['unknown']:.1%}, Rwp {answer['rwp']:.1%}: {found}"
                )
        for stem, answer in whole.items():
            if figures.is_flagged(answer):
                print(f"  false alarm: {stem}: unknown {answer['unknown']:.1%}")
        self.answers["removed"] = {" - ".join(k): a for k, a in without.items()}
        self._add(
            *figures.unknowns(without, whole),
            Bar("cases of a phase removed", len(without)),
        )

    def thinned(self) -> None:
        """With a tenth of the counts: what it costs."""
        answers = self._kept("thinned", runs.thinned(self.bench))
        self._wrong(answers)
        f1 = [
            self.scorer.f1(one, self.bench.truth, is_lenient=True)
            for one in (self._with_elements(), answers)
        ]
        self._add(
            Bar("F1 drop with a tenth of the counts", f1[0] - f1[1], "", 0.05, "min")
        )

    def many(self) -> None:
        """With 500 candidates: time and sets."""
        stems = [stem for stem in self.bench.truth if stem.endswith("2min")]
        stems = stems[: 1 if self.is_quick else MANY_PATTERNS]
        answers = self._kept("many", runs.with_many(self.bench, stems))
        spent = [answer["cpu_seconds"] for answer in answers.values()]
        for stem, answer in answers.items():
            print(f"  {stem}: {', '.join(answer['weights'])}")
        self._add(Bar("CPU, 500 candidates, longest", max(spent), "s", 10.0, "min"))

    def command(self) -> None:
        """By the command itself: memory, start-up, and that it says the same."""
        stem = list(self.bench.truth)[-1]
        here = runs.with_all(self.bench.of(stem))[stem]
        there = runs.by_command(self.bench, stem)
        apart = max(
            abs(here["weights"].get(k, 0.0) - there.answer["weights"].get(k, 0.0))
            for k in here["weights"] | there.answer["weights"]
        )
        self._add(
            Bar("peak memory with imports", there.peak_gigabytes, "GB", 0.6, "min"),
            Bar("CPU to start, 100 references kept", there.start_seconds, "s", 1.5,
                "min"),
            Bar("command and benchmark differ by", apart, "", _SAME, "min"),
        )  # fmt: skip

    def simulated(self) -> None:
        """With simulated mixtures: coverage."""
        total = QUICK_MIXTURES if self.is_quick else MIXTURES
        bars = simulated.intervals(total)
        # So few say nothing about coverage; they show that the row runs.
        self._add(*(replace(bar, bar=None) if self.is_quick else bar for bar in bars))

    def minor(self) -> None:
        """With simulated traces: detection limits."""
        shares = simulated.QUICK_SHARES if self.is_quick else simulated.SHARES
        curves = []
        for curve in simulated.curves(shares, 1 if self.is_quick else REPEATS):
            print(f"  {curve}", flush=True)
            curves.append(curve)
        self._add(*simulated.limits(curves))

    def _with_elements(self) -> runs.Answers:
        if not self._elements:
            self._elements = self._kept("elements", runs.with_elements(self.bench))
        return self._elements

    def _kept(self, row: str, answers: runs.Answers) -> runs.Answers:
        self.answers[row] = answers
        return answers

    def _wrong(self, answers: runs.Answers) -> None:
        """Print the patterns whose set is not the true one, look-alikes aside."""
        for stem, answer in answers.items():
            one = self.scorer.rows({stem: answer}, self.bench.truth, is_lenient=True)
            if not one[0][3]:
                found = {k: round(100 * w, 1) for k, w in answer["weights"].items()}
                print(f"  {stem}: {found}")

    def _add(self, *bars: Bar) -> None:
        for bar in bars:
            print(f"  {bar}")
        self.bars += bars


def main() -> int:
    """Run, print and write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="2 min scans only")
    parser.add_argument("--json", type=Path, help="write figures and answers here")
    parser.add_argument("--bench", type=Path, default=BENCH, help="measured data")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    options = parser.parse_args()
    if not options.bench.is_dir():
        print(f"skipped: {options.bench} is absent (measured data are kept elsewhere)")
        return 0
    report = Report(
        runs.Bench.open(options.bench, is_quick=options.quick), is_quick=options.quick
    )
    report.make(options.rows)
    missed = [bar for bar in report.bars if bar.is_met is False]
    held = [bar for bar in report.bars if bar.bar is not None]
    print(f"\n{len(held) - len(missed)} of {len(held)} bars met")
    for bar in missed:
        print(f"  {bar}")
    if options.json:
        result = {"bars": [bar.row() for bar in report.bars], "answers": report.answers}
        options.json.write_text(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
