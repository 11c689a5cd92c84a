"""Figures of the closed-loop benchmark, from its finished runs."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

METHODS = ("athanor", "random", "sobol", "best-temperature")
BASELINES = METHODS[1:]
Floats = NDArray[np.float64]
Runs = dict[str, list[dict[str, Any]]]
N_BOOTSTRAP = 10_000


def best_so_far(values: list[float | None]) -> Floats:
    """Return the best value after each experiment; 0 before any."""
    Y = np.array([0.0 if v is None else v for v in values], dtype=np.float64)
    return np.maximum.accumulate(Y)


def area(values: list[float | None]) -> float:
    """Return the mean of the best-so-far curve, 0 to 1."""
    return float(best_so_far(values).mean())


def interval(differences: Floats, *, seed: int = 0) -> tuple[float, float]:
    """Return a 95 % percentile bootstrap interval of the mean of paired differences.

    Source:
        Efron & Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
    """
    rng = np.random.Generator(np.random.Philox(key=seed))
    n = len(differences)
    means = differences[rng.integers(0, n, (N_BOOTSTRAP, n))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def reachable(runs: Runs) -> Floats:
    """Return the best true yield of each world: on the grid, and in every run."""
    columns = [[run["best"] for run in runs.get("grid", [])]]
    columns += [
        [max(run["true_yield"]) for run in found]
        for method, found in runs.items()
        if method != "grid"
    ]
    best: Floats = np.max([c for c in columns if c], axis=0)
    return best


def experiments_to(values: list[float | None], wanted: float) -> float:
    """Return how many experiments it takes to a value; one more than made if never."""
    reached = np.flatnonzero(best_so_far(values) >= wanted)
    return float(reached[0] + 1) if len(reached) else float(len(values) + 1)


def figures(runs: Runs) -> dict[str, Any]:
    """Return a row for each method, comparisons and bars."""
    top = reachable(runs)
    rows, areas, counts = {}, {}, {}
    for method in (m for m in METHODS if m in runs):
        found = runs[method]
        areas[method] = {
            "measured": np.array([area(r["scores"]["yield"]) for r in found]),
            "true": np.array([area(r["true_yield"]) for r in found]),
        }
        counts[method] = {
            kind: np.array(
                [
                    experiments_to(values(r), 0.9 * t)
                    for r, t in zip(found, top, strict=True)
                ]
            )
            for kind, values in (("true", _true), ("measured", _measured))
        }
        rows[method] = _row(found, areas[method], counts[method])
    result: dict[str, Any] = {
        "methods": rows,
        "best_reachable": [round(float(t), 4) for t in top],
        "pairs": len(top),
        "compared": _compared(areas, counts) if "athanor" in rows else {},
    }
    result["bars"] = _bars(result) if "athanor" in rows else []
    return result


def _true(run: dict[str, Any]) -> list[float | None]:
    return list(run["true_yield"])


def _measured(run: dict[str, Any]) -> list[float | None]:
    return list(run["scores"]["yield"])


def _row(
    found: list[dict[str, Any]], areas: dict[str, Floats], counts: dict[str, Floats]
) -> dict[str, Any]:
    ratio = [r["lab_seconds"] / r["wall_seconds"] for r in found]
    per_cpu = [r["lab_seconds"] / r["cpu_seconds"] for r in found]
    proposals = [max(r["proposal_cpu_seconds"]) for r in found]
    return {
        "area_measured": float(areas["measured"].mean()),
        "area_true": float(areas["true"].mean()),
        "final_true": float(np.mean([max(r["true_yield"]) for r in found])),
        "experiments_to_90": float(np.median(counts["true"])),
        "experiments_to_90_mean": float(np.mean(counts["true"])),
        "experiments_to_90_measured": float(np.median(counts["measured"])),
        "hypervolume": float(np.mean([r["hypervolume"] for r in found])),
        "lab_over_wall": float(np.median(ratio)),
        "lab_over_cpu": float(np.median(per_cpu)),
        "cpu_seconds": float(np.median([r["cpu_seconds"] for r in found])),
        "proposal_cpu_seconds": float(np.median(proposals)),
        "unscored": int(sum(s != "scored" for r in found for s in r["status"])),
        "commits": sorted({r["commit"] for r in found}),
    }


def _compared(
    areas: dict[str, dict[str, Floats]], counts: dict[str, dict[str, Floats]]
) -> dict[str, Any]:
    compared = {}
    for other in (m for m in BASELINES if m in areas):
        one: dict[str, Any] = {}
        for kind in ("measured", "true"):
            apart = areas["athanor"][kind] - areas[other][kind]
            one[kind] = {
                "difference": float(apart.mean()),
                "interval_95": interval(apart),
                "wins": int((apart > 0).sum()),
            }
        ours, theirs = counts["athanor"]["true"], counts[other]["true"]
        one["experiments_ratio"] = float(np.median(ours) / np.median(theirs))
        compared[other] = one
    return compared


def _bars(result: dict[str, Any]) -> list[dict[str, Any]]:
    bars = [
        _bar(
            f"area above {other}, lower end of 95 % interval ({kind})",
            one[kind]["interval_95"][0],
            "yield",
            0.0,
            "max",
        )
        for other, one in result["compared"].items()
        for kind in ("measured", "true")
    ]
    if "random" in result["compared"]:
        ratio = result["compared"]["random"]["experiments_ratio"]
        name = "experiments to 90 % of best, of random's median"
        bars.append(_bar(name, ratio, "", 0.6, "min"))
    speed = result["methods"]["athanor"]["lab_over_wall"]
    bars.append(_bar("lab time over wall time", speed, "", 1000.0, "max"))
    return bars


def _bar(name: str, value: float, unit: str, bar: float, better: str) -> dict[str, Any]:
    return {
        "name": name,
        "value": round(value, 4),
        "unit": unit,
        "bar": bar,
        "better": better,
    }


def show(result: dict[str, Any]) -> None:
    """Print the figures as tables."""
    print(f"data: {result['data']}; {result['pairs']} pairs\n")
    columns = (
        "area_measured", "area_true", "final_true", "experiments_to_90",
        "experiments_to_90_mean", "hypervolume", "lab_over_wall", "lab_over_cpu",
        "cpu_seconds", "proposal_cpu_seconds", "unscored",
    )  # fmt: skip
    methods = result["methods"]
    print(f"{'':28}" + "".join(f"{m:>18}" for m in methods))
    for column in columns:
        cells = "".join(f"{row[column]:>18.3f}" for row in methods.values())
        print(f"{column:28}{cells}")
    print(f"{'commits':28}" + "  ".join(str(r["commits"]) for r in methods.values()))
    print()
    for other, one in result["compared"].items():
        for kind in ("measured", "true"):
            low, high = one[kind]["interval_95"]
            print(
                f"athanor - {other:18} area ({kind:8}) "
                f"{one[kind]['difference']:+.4f} [{low:+.4f}, {high:+.4f}] "
                f"wins {one[kind]['wins']} of {result['pairs']}"
            )
        print(f"  experiments to 90 %, ratio of medians {one['experiments_ratio']:.2f}")
    print()
    for bar in result["bars"]:
        sign = ">" if bar["better"] == "max" else "<="
        print(f"{bar['name']}: {bar['value']} {bar['unit']} (bar {sign} {bar['bar']})")
