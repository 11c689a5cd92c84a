"""A plausible campaign written straight into a store: eight samples in two loads."""

from pathlib import Path
from typing import Any

import numpy as np

from campaigns import lifecycle as facts
from campaigns.blobs import encode_fit, encode_trace
from campaigns.fit import Fit
from campaigns.recipe import DoseStep, FireStep, MixStep, Recipe, ScanStep
from campaigns.results import (
    Alternative,
    DecisionRecord,
    Hypothesis,
    Identification,
    PhaseFractions,
    Proposal,
    Score,
    Slice,
    Verdict,
)
from campaigns.spec import CampaignSpec
from campaigns.store import Store
from instruments.labspec import LabSpec
from instruments.quantities import Trace

EPOCH_SECONDS = 1767225600.0
N_LOADS = 2
PER_LOAD = 4
PEAKS = {
    "YBa2Cu3O7-x": (22.8, 32.5, 32.8, 38.5, 40.4, 46.6, 58.2),
    "BaCuO2": (29.3, 30.0, 42.6, 49.0),
    "CuO": (35.5, 38.7, 48.7, 61.5),
}


def lab_spec() -> LabSpec:
    return LabSpec.model_validate(
        {
            "name": "bench",
            "dosers": {
                "doser": {
                    "driver": "quantos", "url": "sim://doser", "positions": 8,
                    "min_grams": 0.002, "max_grams": 5,
                }
            },
            "balances": {
                "balance": {
                    "driver": "mt-sics", "url": "sim://balance", "max_grams": 220,
                    "readability_grams": 0.0001,
                }
            },
            "mixers": {
                "mixer": {"driver": "hauschild", "url": "sim://mixer", "max_rpm": 2500}
            },
            "furnaces": {
                "box-a": {
                    "driver": "eurotherm-2400", "url": "sim://box-a", "slots": 8,
                    "max_celsius": 1100, "max_ramp_celsius_per_minute": 10,
                    "atmospheres": {"air": 0, "O2": 1}, "cooling": ((25, 10),),
                    "cutout": "independent limiter at 1150 °C",
                }
            },
            "diffractometers": {
                "xrd": {
                    "driver": "aeris", "url": "sim://xrd", "results": "sim://xrd/files",
                    "positions": 6, "programs": {"quick": 480},
                    "default_program": "quick",
                }
            },
            "arms": {"arm": {"driver": "ur-dashboard", "url": "sim://arm"}},
            "operators": {"operator": {"driver": "human", "url": "sim://operator"}},
            "racks": {"vials": {"holds": "vial", "slots": 8}},
        }
    )  # fmt: skip


def campaign_spec(**changes: Any) -> CampaignSpec:
    raw: dict[str, Any] = {
        "schema": 1,
        "name": "YBCO by eight",
        "target": {"formula": "YBa2Cu3O7-x"},
        "precursors": [
            {"formula": "Y2O3", "price_per_gram": 2.1, "stock_grams": 20},
            {"formula": "BaCO3", "price_per_gram": 0.4, "stock_grams": 50},
            {"formula": "BaO2", "price_per_gram": 1.2, "stock_grams": 25},
            {"formula": "CuO", "price_per_gram": 0.5, "stock_grams": 40},
        ],
        "space": {
            "steps": {
                "fire": {
                    "temperature_celsius": {"min": 650, "max": 1000},
                    "hold_hours": {"min": 1, "max": 24},
                }
            }
        },
        "objectives": [
            {"measure": "yield", "goal": "maximize", "threshold": 0.2},
            {"measure": "energy", "goal": "minimize", "threshold": 6.0},
        ],
        "budget": {"experiments": 8},
        "seed": 7,
    }
    return CampaignSpec.model_validate({**raw, **changes})


def create(path: Path, *, mode: Any = "virtual", **changes: Any) -> Store:
    return Store.create(
        path,
        campaign_spec(**changes),
        lab=lab_spec(),
        mode=mode,
        proposer="athanor",
        lab_time=EPOCH_SECONDS,
        phases={"YBa2Cu3O7-x": "a" * 64, "BaCuO2": "b" * 64, "CuO": "c" * 64},
        versions={"athanor-lab": "0.1.0", "botorch": "0.18"},
    )


def recipe(
    celsius: float = 900.0, hours: float = 12.0, barium: str = "BaCO3"
) -> Recipe:
    return Recipe(
        steps=(
            DoseStep(grams={"Y2O3": 0.15, barium: 0.52, "CuO": 0.31}),
            MixStep(),
            FireStep(name="fire", temperature_celsius=celsius, hold_hours=hours),
            ScanStep(),
        ),
        reaction=f"0.5 Y2O3 + 2 {barium} + 3 CuO -> YBa2Cu3O7-x + gas",
        expected_grams=0.9,
    )


def proposed(
    sample: str, *, load: int = 1, celsius: float = 900.0, barium: str = "BaCO3"
) -> facts.Proposed:
    hours = 8.0 + 2 * load
    parameters = {
        "precursors": f"Y2O3 + {barium} + CuO",
        "fire.temperature_celsius": celsius,
        "fire.hold_hours": hours,
    }
    grid = tuple(float(t) for t in np.linspace(650, 1000, 36))
    mean = tuple(0.85 * np.exp(-(((t - 915) / 110) ** 2)) for t in grid)
    sd = tuple(0.05 + abs(t - celsius) / 1200 for t in grid)
    decision = DecisionRecord(
        method="GP, qLogNEHVI",
        reason=f"The model expects most target near {celsius:.0f} °C with {barium}.",
        acquisition=0.12 / load,
        mean={"yield": 0.6 + 0.1 * load, "energy": 4.2},
        sd={"yield": 0.15 / load, "energy": 0.3},
        slices=(
            Slice(
                objective="yield", parameter="fire.temperature_celsius", grid=grid,
                mean=mean, sd=sd,
            ),
            Slice(
                objective="yield", parameter="precursors",
                grid=("Y2O3 + BaCO3 + CuO", "Y2O3 + BaO2 + CuO"), mean=(0.6, 0.72),
                sd=(0.1, 0.2),
            ),
        ),
        alternatives=(
            Alternative(
                parameters={**parameters, "fire.temperature_celsius": celsius - 40},
                acquisition=0.08 / load, mean={"yield": 0.55, "energy": 3.9},
            ),
        ),
        model={"lengthscale.fire.temperature_celsius": 0.31, "noise": 0.01},
        history_sha256="d" * 64,
        seed=7,
        versions={"botorch": "0.18"},
    )  # fmt: skip
    proposal = Proposal(parameters=parameters, load=load, decision=decision)
    return facts.Proposed(
        sample=sample, proposal=proposal, recipe=recipe(celsius, hours, barium)
    )


def fit(shares: dict[str, float], *, seed: int) -> Fit:
    rng = np.random.Generator(np.random.Philox(key=seed))
    two_theta = np.arange(10.0, 70.0, 0.02)
    background = 40 + 60 * np.exp(-two_theta / 25)
    curves = {
        phase: sum(
            (
                4000 * share / (1 + i) * np.exp(-(((two_theta - at) / 0.09) ** 2))
                for i, at in enumerate(PEAKS[phase])
            ),
            start=np.zeros_like(two_theta),
        )
        for phase, share in shares.items()
        if phase in PEAKS
    }
    calculated = background + sum(curves.values())
    observed = rng.poisson(calculated * rng.normal(1, 0.02, len(two_theta)).clip(0.1))
    ticks = {phase: np.array(PEAKS[phase]) for phase in curves}
    return Fit(two_theta, observed * 1.0, calculated, background, curves, ticks)


def identification(
    shares: dict[str, float], *, stored_fit: str = "", is_usable: bool = True
) -> Identification:
    phases = tuple(shares)
    sds = np.array([0.01 + 0.03 * share for share in shares.values()])
    return Identification(
        fractions=PhaseFractions(
            phases=phases,
            mean=tuple(shares.values()),
            covariance=tuple(tuple(float(x) for x in row) for row in np.diag(sds**2)),
        ),
        rwp=0.08 if is_usable else 0.41,
        gof=1.4,
        hypotheses=(Hypothesis(weights=dict(shares), probability=0.9, rwp=0.08),),
        quality=() if is_usable else ("peaks at 27.1° are explained by no phase",),
        is_usable=is_usable,
        fit=stored_fit,
    )


def trace(start: float, *, celsius: float, hours: float) -> Trace:
    seconds = np.arange(0.0, hours * 3600 + 20000, 60.0)
    top = celsius - np.abs(seconds - 10000 - hours * 1800).clip(min=hours * 1800)
    setpoint = np.clip((top + hours * 1800), 25.0, celsius)
    rng = np.random.Generator(np.random.Philox(key=5))
    measured = setpoint + rng.normal(-1.5, 0.4, len(seconds))
    return Trace(start + seconds, setpoint, measured)


class Writer:
    """Appends a campaign step by step, with a lab clock of its own."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = EPOCH_SECONDS

    def add(self, *payloads: facts.Payload, after: float = 0.0) -> None:
        """Append payloads some seconds later."""
        self.now += after
        self.store.append(*payloads, actor="executor", lab_time=self.now)

    def task(
        self, name: str, action: Any, samples: tuple[str, ...], instrument: str,
        *outcome: facts.Payload, seconds: float,
    ) -> None:  # fmt: skip
        """Start a task and end it with its outcome."""
        started = facts.TaskStarted(
            task=name, action=action, samples=samples, instrument=instrument
        )
        self.add(started)
        self.add(*outcome, facts.TaskFinished(task=name), after=seconds)

    def dose(self, sample: str, grams: dict[str, float]) -> None:
        """Dose every precursor and pour the powder into the crucible."""
        doses = [
            facts.Dosed(
                sample=sample, precursor=precursor, label=f"{sample}-{i}",
                planned_grams=planned, commanded_grams=round(planned, 4),
                measured_grams=round(planned * 1.003, 5), instrument="doser",
            )
            for i, (precursor, planned) in enumerate(grams.items())
        ]  # fmt: skip
        self.task(f"{sample}/dose", "dose", (sample,), "doser", *doses, seconds=270)
        moved = facts.PortionMoved(
            sample=sample, source=f"vial-{sample[3:]}",
            destination=f"crucible-{sample[3:]}",
            moved_by="operator", mass_in_grams=0.971, mass_out_grams=0.983,
        )  # fmt: skip
        self.task(
            f"{sample}/transfer", "transfer", (sample,), "operator", moved, seconds=60
        )

    def fire(self, load: int, samples: tuple[str, ...], celsius: float) -> None:
        """Fire a load at one temperature."""
        hours = 8.0 + 2 * load
        curve = trace(self.now, celsius=celsius, hours=hours)
        values: dict[str, float | str] = {"hold_celsius": celsius, "hold_hours": hours}
        fired = facts.Fired(
            load=load, samples=samples, step="fire", furnace="box-a", planned=values,
            commanded=values,
            measured={
                "hold_celsius": celsius - 1.5, "hold_hours": hours,
                "peak_celsius": celsius + 0.4, "energy_kilowatt_hours": 20.0 + load,
            },
            trace=self.store.put_blob(encode_trace(curve)),
        )  # fmt: skip
        length = float(curve.seconds[-1] - curve.seconds[0])
        self.task(f"L{load:03}/fire", "fire", samples, "box-a", fired, seconds=length)

    def scan(self, sample: str, shares: dict[str, float], *, is_usable: bool) -> None:
        """Measure, fit and identify a pattern."""
        number = int(sample[1:])
        raw = self.store.put_blob(f"<xrdMeasurements sample='{sample}'/>".encode())
        measured = facts.PatternMeasured(
            sample=sample, scan=f"{sample}-scan", raw=raw, suffix=".xrdml",
            instrument="xrd", program="quick",
        )  # fmt: skip
        self.task(f"{sample}/scan", "scan", (sample,), "xrd", measured, seconds=480)
        stored = self.store.put_blob(encode_fit(fit(shares, seed=number)))
        found = identification(shares, stored_fit=stored, is_usable=is_usable)
        self.add(
            facts.Identified(sample=sample, scan=f"{sample}-scan", identification=found)
        )

    def score(self, sample: str, mean: float, celsius: float) -> None:
        """Score the yield and the furnace energy."""
        scores = {
            "yield": Score(mean=mean, variance=0.0009),
            "energy": Score(mean=celsius / 200, variance=0.01),
        }
        measured = {"fire.temperature_celsius": celsius - 1.5}
        verdict = Verdict(
            says="made" if mean > 0.5 else "not made", share=mean, probability=0.93,
            reason=f"{mean:.0%} of the crystalline part is target",
        )  # fmt: skip
        self.add(
            facts.Scored(
                sample=sample,
                scan=f"{sample}-scan",
                scores=scores,
                measured=measured,
                verdict=verdict,
            )
        )


def fill(store: Store, *, is_ended: bool = True) -> Store:
    """Append eight samples: five or more scored, one failed, one unusable."""
    writer = Writer(store)
    for load in range(1, N_LOADS + 1):
        celsius = 840.0 + 35 * load
        names = [f"S{(load - 1) * PER_LOAD + i + 1:04}" for i in range(PER_LOAD)]
        proposals = [
            proposed(name, load=load, celsius=celsius, barium=("BaCO3", "BaO2")[i % 2])
            for i, name in enumerate(names)
        ]
        planned = facts.LoadPlanned(
            load=load, furnace="box-a", samples=tuple(names), seconds=90000
        )
        writer.add(*proposals, planned)
        for proposal in proposals:
            writer.dose(proposal.sample, proposal.recipe.grams)
        alive = tuple(names)
        if load == 1:
            writer.add(
                facts.SampleEnded(
                    sample=names[0], status="failed", reason="crucible cracked"
                )
            )
            alive = tuple(names[1:])
        writer.fire(load, alive, celsius)
        for i, name in enumerate(alive):
            share = min(0.25 + 0.12 * i + 0.25 * (load - 1), 0.95)
            rest = 1 - share
            is_usable = name != "S0004"
            shares = {
                "YBa2Cu3O7-x": share, "BaCuO2": 0.7 * rest, "CuO": 0.25 * rest,
                "unknown": 0.05 * rest, "amorphous": 0.0,
            }  # fmt: skip
            writer.scan(name, shares, is_usable=is_usable)
            if is_usable:
                writer.score(name, share, celsius)
            else:
                writer.add(
                    facts.SampleEnded(sample=name, status="unusable", reason="Rwp 0.41")
                )
    if is_ended:
        writer.add(facts.CampaignEnded(reason="8 of 8 experiments made"))
    return store
