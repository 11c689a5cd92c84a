"""Phase identification on measured patterns of weighed mixtures, against bars.

usage: python benchmarks/phase_id.py [--quick] [--json FILE] [--bench DIR]

Reads ../shared/bench/phase_id beside the repository (patterns, reference structures,
weighed fractions, the scorer) and skips where it is absent. Candidates of a pattern
are the references whose elements lie in the mixture's elements with C, H and O, as
`athanor identify --elements` would have it. `--quick` takes the 2 min scans only.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
BENCH = ROOT.parent / "shared" / "bench" / "phase_id"
BARS = {"f1": 0.91, "exact_strict": 0.65, "weight_mae_pp": 6.4, "cpu_seconds": 0.5}
"""The 45-line fit of the benchmark's README; CPU with a campaign's candidates."""
CUT = 0.02
Entry = dict[str, Any]


def references(bench: Path) -> tuple[Any, ...]:
    """Return all reference structures."""
    from loop.analyse.patterns import CU_K_ALPHA
    from loop.analyse.references import from_folder

    return from_folder(bench / "references", wavelength=CU_K_ALPHA[0])


def run(
    bench: Path, stem: str, truth: dict[str, float], known: tuple[Any, ...]
) -> Entry:
    """Identify one pattern; return what `athanor identify --json` would say."""
    from loop.analyse.patterns import read
    from loop.analyse.phases import identify

    table = {reference.name: reference for reference in known}
    elements = frozenset().union(*(table[name].elements for name in truth))
    chosen = tuple(r for r in known if r.elements <= elements | {"C", "H", "O"})
    start = time.process_time()
    pattern = read(bench / "patterns" / f"{stem}.xrdml")
    found, _ = identify(pattern, chosen, expected=elements)
    seconds = time.process_time() - start
    best = found.hypotheses[0].weights if found.hypotheses else {}
    # The scorer's truth knows neither unknown nor amorphous: crystalline shares.
    return {
        "weights": best,
        "sigma": sigmas(found.fractions),
        "alternatives": {k: list(v) for k, v in found.alternatives.items()},
        "hypotheses": [h.model_dump() for h in found.hypotheses],
        "unknown": found.fractions.of("unknown"),
        "amorphous": found.fractions.of("amorphous") or None,
        "rwp": found.rwp,
        "gof": found.gof,
        "quality": list(found.quality),
        "cpu_seconds": seconds,
        "candidates": len(chosen),
    }


def sigmas(fractions: Any) -> dict[str, float]:  # noqa: ANN401
    """Return the standard deviation of each component."""
    deviations = np.sqrt(np.diag(np.array(fractions.covariance)))
    return dict(zip(fractions.phases, map(float, deviations), strict=True))


def figures(
    entries: dict[str, Entry], truth: dict[str, dict[str, float]]
) -> dict[str, Any]:
    """Return the scores, computed as the benchmark's scorer does."""
    hit = false = missed = exact = 0
    errors, bias, covered = [], {}, []
    for stem, entry in entries.items():
        true = truth[stem]
        found = {k for k, w in entry["weights"].items() if w >= CUT}
        hit += len(found & set(true))
        false += len(found - set(true))
        missed += len(set(true) - found)
        exact += found == set(true)
        apart = {k: entry["weights"].get(k, 0.0) - w for k, w in true.items()}
        errors.append(100 * np.mean([abs(a) for a in apart.values()]))
        for phase, a in apart.items():
            bias.setdefault(phase, []).append(100 * a)
            covered.append(abs(a) < 1.645 * entry["sigma"].get(phase, 0.0))
    seconds = [entry["cpu_seconds"] for entry in entries.values()]
    widths = [
        1.645 * e["sigma"].get(k, 0) for s, e in entries.items() for k in truth[s]
    ]
    return {
        "patterns": len(entries),
        "f1": 2 * hit / max(2 * hit + false + missed, 1),
        "exact_strict": exact / len(entries),
        "weight_mae_pp": float(np.mean(errors)),
        "weight_mae_worst_pp": float(np.max(errors)),
        "cpu_seconds": float(np.median(seconds)),
        "cpu_seconds_max": float(np.max(seconds)),
        "coverage_90": float(np.mean(covered)),
        "half_width_90_pp": float(100 * np.mean(widths)),
        "bias_pp": {k: float(np.mean(v)) for k, v in sorted(bias.items())},
    }


def official(
    bench: Path, entries: dict[str, Entry], truth_rows: dict[str, Any]
) -> None:
    """Print what the benchmark's own scorer says."""
    with tempfile.TemporaryDirectory() as folder:
        predictions, truth = Path(folder) / "p.json", Path(folder) / "t.json"
        predictions.write_text(json.dumps(entries))
        truth.write_text(json.dumps({s: truth_rows[s] for s in entries}))
        command = [sys.executable, str(bench / "score.py"), predictions, truth]
        subprocess.run(command, check=True)


def main() -> int:
    """Run, print and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="2 min scans only")
    parser.add_argument("--json", type=Path, help="write figures and bars here")
    parser.add_argument("--bench", type=Path, default=BENCH, help="measured data")
    options = parser.parse_args()
    bench = options.bench
    if not bench.is_dir():
        print(f"skipped: {bench} is absent (measured patterns are kept elsewhere)")
        return 0
    truth_rows = json.loads((bench / "truth.json").read_text())
    truth = {stem: row["weight_fractions"] for stem, row in truth_rows.items()}
    known = references(bench)
    stems = [s for s in truth if not options.quick or s.endswith("2min")]
    entries = {}
    for stem in stems:
        entries[stem] = run(bench, stem, truth[stem], known)
        found = {k: round(w, 3) for k, w in entries[stem]["weights"].items()}
        print(f"{stem}: {found}", *entries[stem]["quality"], sep="; ", flush=True)
    sys.stdout.flush()
    official(bench, entries, truth_rows)
    scores = figures(entries, truth)
    for phase, value in scores["bias_pp"].items():
        print(f"bias {phase:22s} {value:+6.1f} pp")
    is_met = {
        name: scores[name] <= bar if name in ("weight_mae_pp", "cpu_seconds")
        else scores[name] >= bar
        for name, bar in BARS.items()
    }  # fmt: skip
    for name, bar in BARS.items():
        verdict = "met" if is_met[name] else "MISSED"
        print(f"{name:16s} {scores[name]:7.3f}  bar {bar:7.3f}  {verdict}")
    print(
        f"worst MAE {scores['weight_mae_worst_pp']:.1f} pp; 90 % intervals cover "
        f"{scores['coverage_90']:.0%}, half width {scores['half_width_90_pp']:.1f} pp"
    )
    if options.json:
        result = {"figures": scores, "bars": BARS, "met": is_met, "patterns": entries}
        options.json.write_text(json.dumps(result, indent=1))
    return 0 if all(is_met.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
