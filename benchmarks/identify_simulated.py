"""Phase identification against the truth of the simulated world.

usage: python benchmarks/identify_simulated.py [--quick] [--json FILE] [--powders N]

Powders are made by the simulated chemistry from recipes drawn over the search spaces of
the example campaigns, in several worlds, scanned as the simulated diffractometer does,
written to its file format, and analysed with the candidates that the campaign itself
would use. The analyser sees the file, the doses and the crucible, nothing else.
`--quick` makes a quarter of the powders. The draws depend on nothing but the arguments.
"""

import argparse
import hashlib
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

# One thread: the matrices are small, and CPU time is among the figures.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "benchmarks"))

from figures.bars import Bar  # noqa: E402

from campaigns.materials.phases import PhaseTable  # noqa: E402
from campaigns.recipe import Recipe  # noqa: E402
from campaigns.spec import CampaignSpec  # noqa: E402
from campaigns.specfile import load  # noqa: E402
from campaigns.synthesis import build_recipe, precursor_sets  # noqa: E402
from loop.analyse.candidates import (  # noqa: E402
    candidate_phases,
    expected_elements,
    target_phases,
)
from loop.analyse.patterns import parse  # noqa: E402
from loop.analyse.phases import identify  # noqa: E402
from loop.analyse.powder import Powder, RunFacts  # noqa: E402
from loop.analyse.references import from_phases  # noqa: E402
from simulators.firmware.xrdml import write_xrdml  # noqa: E402
from simulators.laws import laws  # noqa: E402
from simulators.physics import Firing, Physics, Reagent, ScanProgram  # noqa: E402

PROGRAMS = (
    ScanProgram("2min", 120.0, 10.0, 80.0),
    ScanProgram("8min", 480.0, 10.0, 80.0),
)
CAMPAIGNS = ("ybco", "batio3")
WORLDS = 5
CUT = 0.02
"""Share from which a phase counts as found or as present."""
OTHERS = ("unknown", "amorphous")
_ROOM_CELSIUS = 25.0
_FAST = 30.0
"""Cooling rate that leaves oxygen no time, degrees Celsius per minute."""
Entry = dict[str, Any]
Weights = dict[str, float]


@dataclass(frozen=True)
class Case:
    """One powder to make."""

    campaign: str
    world: int
    number: int

    @property
    def name(self) -> str:
        """Return a name that tells it from the others."""
        return f"{self.campaign}-w{self.world}-{self.number:02d}"

    def rng(self, stream: str) -> np.random.Generator:
        """Return random numbers of this case's own."""
        digest = hashlib.blake2b(f"{self.name}\x1f{stream}".encode(), digest_size=16)
        key = int.from_bytes(digest.digest(), "big")
        return np.random.Generator(np.random.Philox(key=key))


def cases(powders: int) -> list[Case]:
    """Return the powders to make, campaigns and worlds in turn."""
    return [
        Case(CAMPAIGNS[i % 2], 1 + (i // 2) % WORLDS, i // (2 * WORLDS))
        for i in range(powders)
    ]


def draw(spec: CampaignSpec, rng: np.random.Generator) -> Recipe:
    """Return a recipe drawn over the campaign's space, every second one hot and long.

    A plain draw of a space makes poor powders mostly. Half of the cuprates cool fast,
    which leaves their oxygen content between the end members.
    """
    sets = precursor_sets(spec)
    is_cuprate = spec.name == "ybco"
    top = 980.0 if is_cuprate else 1150.0
    is_hot = bool(rng.random() < 0.5)
    coldest, shortest = (top - 60.0, 8.0) if is_hot else (top - 300.0, 1.0)
    parameters: dict[str, float | str] = {
        "precursors": sets[int(rng.integers(len(sets)))].label,
        "fire.temperature_celsius": round(float(rng.uniform(coldest, top)), -1),
        "fire.hold_hours": round(
            float(np.exp(rng.uniform(np.log(shortest), np.log(24.0)))), 2
        ),
        "fire.atmosphere": "O2" if is_cuprate and rng.random() < 0.5 else "air",
    }
    if not is_cuprate:
        parameters["regrinds"] = float(rng.integers(2))
        parameters["refire.hold_hours"] = 4.0
    recipe = build_recipe(spec, parameters)
    if is_cuprate and rng.random() < 0.5:
        steps = tuple(
            step.model_copy(update={"cool_celsius_per_minute": _FAST})
            if hasattr(step, "cool_celsius_per_minute")
            else step
            for step in recipe.steps
        )
        recipe = recipe.model_copy(update={"steps": steps})
    return recipe


def make(physics: Physics[Any], spec: CampaignSpec, recipe: Recipe, case: Case) -> Any:  # noqa: ANN401
    """Return the powder that the recipe gives in this world."""
    shelf = {
        p.label: Reagent(
            p.label, p.formula, p.assay, p.loss_on_ignition, p.particle_micrometres
        )
        for p in spec.precursors
    }
    powder = None
    for number, step in enumerate(recipe.steps):
        if step.kind == "dose":
            powder = physics.fresh({shelf[k]: g for k, g in step.grams.items()})
        elif step.kind == "mix":
            powder = physics.mix(powder, step.rpm, 60.0 * step.minutes)
        elif step.kind == "dry":
            powder = physics.dry(powder, step.temperature_celsius, 60.0 * step.minutes)
        elif step.kind == "regrind":
            powder = physics.grind(powder, step.rpm, 60.0 * step.minutes)
        elif step.kind != "scan":
            powder = physics.fire(powder, _firing(step), case.rng(f"fire {number}"))
    return physics.grind(powder, 1500.0, 300.0)


def _firing(step: Any) -> Firing:  # noqa: ANN401
    rise = step.temperature_celsius - _ROOM_CELSIUS
    lengths = (
        60.0 * rise / step.ramp_celsius_per_minute,
        3600.0 * step.hold_hours,
        60.0 * rise / step.cool_celsius_per_minute,
    )
    top = step.temperature_celsius
    return Firing(
        np.concatenate([[0.0], np.cumsum(lengths)]),
        np.array([_ROOM_CELSIUS, top, top, _ROOM_CELSIUS]),
        step.atmosphere,
        step.crucible,
    )


def truth(powder: Any, table: PhaseTable) -> Weights:  # noqa: ANN401
    """Return the true weight shares; `amorphous` is what gives no Bragg lines."""
    shares: Weights = {"amorphous": 0.0}
    for name, share in powder.weights().items():
        has_lines = name in table and table[name].has_structure
        dark = powder.grains[name].amorphous_share if has_lines else 1.0
        shares["amorphous"] += share * dark
        if dark < 1.0:
            shares[name] = shares.get(name, 0.0) + share * (1.0 - dark)
    return shares


def run(case: Case, program: ScanProgram, table: PhaseTable) -> Entry:
    """Make, scan and analyse one powder."""
    spec = load(ROOT / "examples" / f"{case.campaign}.toml")
    physics = laws(case.world)
    recipe = draw(spec, case.rng("recipe"))
    powder = make(physics, spec, recipe, case)
    scan = physics.diffract(powder, program, case.rng(f"scan {program.name}"))
    raw = write_xrdml(scan, sample_id=case.name, stamp="2024-01-01T00:00:00")
    dosed = next(dict(s.grams) for s in recipe.steps if s.kind == "dose")
    fired = {s.crucible for s in recipe.steps if hasattr(s, "crucible")}
    start = time.process_time()
    pattern = parse(raw, ".xrdml", name=case.name)
    candidates = candidate_phases(spec, dosed, table, crucibles=fired)
    found, _ = identify(
        pattern,
        from_phases(candidates, wavelength=pattern.wavelengths[0]),
        expected=expected_elements(spec, dosed),
    )
    seconds = time.process_time() - start
    fractions = found.fractions
    target = target_phases(spec, table)
    judged = Powder(spec, fractions, _facts(dosed), table)
    score = judged.share(judged.crystalline(target), target, ())
    return {
        "score": [score.mean, float(np.sqrt(score.variance))],
        "target": list(target),
        "true": truth(powder, table),
        "phases": list(fractions.phases),
        "found": list(fractions.mean),
        "rwp": found.rwp,
        "gof": found.gof,
        "quality": list(found.quality),
        "is_usable": found.is_usable,
        "cpu_seconds": seconds,
    }


def _facts(dosed: Weights) -> RunFacts:
    """Return facts of a making whose share of target does not depend on them."""
    return RunFacts(
        dosed_grams=dosed,
        energy_kilowatt_hours=1.0,
        samples_in_load=1,
        furnace_hours=1.0,
        peak_celsius=1000.0,
        powder_grams=None,
    )


def target_share(entry: Entry) -> tuple[float, float, float]:
    """Return the true and found target share of the crystalline part, and its sigma.

    Found and sigma are the campaign's score for yield.
    """
    true = entry["true"]
    crystalline = sum(w for n, w in true.items() if n not in OTHERS)
    aim = sum(true.get(n, 0.0) for n in entry["target"])
    return aim / max(crystalline, 1e-9), *entry["score"]


def merged(weights: Weights, target: list[str]) -> Weights:
    """Return shares of the crystalline part, the target's phases as one."""
    known = {n: w for n, w in weights.items() if n not in OTHERS}
    total = max(sum(known.values()), 1e-9)
    out: Weights = {}
    for name, weight in known.items():
        key = "target" if name in target else name
        out[key] = out.get(key, 0.0) + weight / total
    return out


def figures(entries: dict[str, Entry]) -> dict[str, Any]:
    """Return the scores over all powders."""
    shares = np.array([target_share(entry) for entry in entries.values()])
    apart = shares[:, 1] - shares[:, 0]
    z = np.abs(apart) / shares[:, 2]
    hit = false = missed = 0
    errors: list[float] = []
    wrong: dict[str, int] = {}
    lost: dict[str, int] = {}
    for entry in entries.values():
        true = merged(entry["true"], entry["target"])
        named = dict(zip(entry["phases"], entry["found"], strict=True))
        found = merged(named, entry["target"])
        there = {n for n, w in true.items() if w >= CUT}
        seen = {n for n, w in found.items() if w >= CUT}
        hit += len(there & seen)
        invented = {n for n in seen if true.get(n, 0.0) < CUT / 4}
        false += len(invented)
        missed += len(there - seen)
        for name in invented:
            wrong[name] = wrong.get(name, 0) + 1
        for name in there - seen:
            lost[name] = lost.get(name, 0) + 1
        errors += [abs(found.get(n, 0.0) - true.get(n, 0.0)) for n in there | seen]
    other = {name: _other(entries, name) for name in OTHERS}
    return {
        "patterns": len(entries),
        "target_mae_pp": 100 * float(np.abs(apart).mean()),
        "target_worst_pp": 100 * float(np.abs(apart).max()),
        "target_bias_pp": 100 * float(apart.mean()),
        "coverage_68": float((z < 1.0).mean()),
        "coverage_95": float((z < 1.96).mean()),
        "sigma_pp": 100 * float(np.median(shares[:, 2])),
        "phase_mae_pp": 100 * float(np.mean(errors)),
        "found": hit,
        "false": false,
        "missed": missed,
        "false_phases": dict(sorted(wrong.items())),
        "missed_phases": dict(sorted(lost.items())),
        **other,
        "unusable": sum(not e["is_usable"] for e in entries.values()),
        "cpu_seconds": float(np.median([e["cpu_seconds"] for e in entries.values()])),
    }


def _other(entries: dict[str, Entry], name: str) -> dict[str, float]:
    """Return how often a component is reported, how much, and how much is true."""
    found = [e["found"][e["phases"].index(name)] for e in entries.values()]
    true = [e["true"].get(name, 0.0) for e in entries.values()]
    return {
        "reported_over_3_percent": float(np.mean(np.array(found) > 0.03)),
        "mean": float(np.mean(found)),
        "true_mean": float(np.mean(true)),
        "mae": float(np.mean(np.abs(np.array(found) - np.array(true)))),
    }


def bars(scores: dict[str, Any]) -> list[Bar]:
    """Return the figures that stand for the rest; CPU is held against its bar."""
    return [
        Bar("target share, mean error", scores["target_mae_pp"], "points", None, "min"),
        Bar("target share, worst", scores["target_worst_pp"], "points", None, "min"),
        Bar("95 % intervals hold", 100 * scores["coverage_95"], "%", 90.0, "max"),
        Bar("phases invented", float(scores["false"]), "", 0.0, "min"),
        Bar("CPU, a campaign's candidates", scores["cpu_seconds"], "s", 0.8, "min"),
    ]


def line(name: str, entry: Entry) -> str:
    """Return what to print of one powder."""
    true, found, sigma = target_share(entry)
    named = dict(zip(entry["phases"], entry["found"], strict=True))
    show = lambda w: {k: round(v, 3) for k, v in sorted(w.items()) if v >= 0.004}  # noqa: E731
    return (
        f"{name}: target {true:.3f}, found {found:.3f} ± {sigma:.3f}, rwp "
        f"{entry['rwp']:.3f}, gof {entry['gof']:.2f}\n  true  {show(entry['true'])}"
        f"\n  found {show(named)}"
    )


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a quarter of the powders")
    parser.add_argument("--powders", type=int, default=40, help="how many to make")
    parser.add_argument("--json", type=Path, help="write figures and powders here")
    options = parser.parse_args()
    table = PhaseTable.load()
    entries: dict[str, Entry] = {}
    for case in cases(options.powders // 4 if options.quick else options.powders):
        for program in PROGRAMS:
            name = f"{case.name}-{program.name}"
            entries[name] = run(case, program, table)
            print(line(name, entries[name]), flush=True)
    scores = figures(entries)
    print(json.dumps(scores, indent=1))
    rows = [bar.row() for bar in bars(scores)]
    print(*bars(scores), sep="\n")
    if options.json:
        result = {"bars": rows, "figures": scores, "powders": entries}
        options.json.write_text(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
