"""A small campaign and an oven that answers at once."""

from math import exp, log10

from campaigns.results import History, Proposal, Score, Trial
from campaigns.spec import CampaignSpec
from loop.propose.composition import Composition
from loop.propose.scaling import Scaled

STEPS = [
    {"kind": "dose"},
    {"kind": "mix"},
    {"kind": "fire", "name": "fire", "atmosphere": "air", "hold_hours": 8},
    {"kind": "scan"},
]


def make_spec(**changes) -> CampaignSpec:
    found = {
        "schema": 1,
        "name": "test",
        "target": {"formula": "YBa2Cu3O7"},
        "precursors": ["Y2O3", "BaCO3", "BaO2", "Ba(NO3)2", "CuO", "CuCO3"],
        "steps": STEPS,
        "space": {
            "sets": "all",
            "steps": {
                "fire": {
                    "temperature_celsius": {"min": 700, "max": 1000, "step": 25},
                    "atmosphere": {"values": ["air", "O2"]},
                }
            },
        },
    }
    return CampaignSpec.model_validate(found | changes)


def answer(parameters) -> float:
    """Return a made-up yield, 0 to 1, of no real material.

    A logistic rise about 820 °C (later for carbonates), a fall above 930 °C, better in
    air than in oxygen, and sets that differ in what they reach.
    """
    celsius = float(parameters["fire.temperature_celsius"])
    hours = float(parameters.get("fire.hold_hours", 8.0))
    label = str(parameters["precursors"])
    late = 40.0 if "BaCO3" in label else 0.0
    height = 0.55 + 0.3 * ("BaO2" in label) + 0.1 * ("CuCO3" in label)
    rise = 1 / (1 + exp(-(celsius - 820 - late + 50 * log10(hours / 8)) / 25))
    fall = 1 / (1 + exp((celsius - 930) / 12))
    gas = 0.9 if parameters.get("fire.atmosphere") == "O2" else 1.0
    return height * rise * fall * gas


def plain(n: int) -> Composition:
    """Return figures that are the outputs themselves."""
    figures = tuple(Scaled(f"y{i}", 1.0, 0.0, 1.0) for i in range(n))
    return Composition(figures, figures)


def scored(name, parameters, *, load=1, scores=None, **changes) -> Trial:
    if scores is None:
        scores = {"yield": Score(mean=answer(parameters), variance=4e-4)}
    values = {
        "sample": name,
        "load": load,
        "role": "search",
        "planned": parameters,
        "measured": parameters,
        "status": "scored",
        "scores": scores,
    }
    return Trial(**(values | changes))


def as_trials(proposals: tuple[Proposal, ...], first: int = 1) -> tuple[Trial, ...]:
    return tuple(
        scored(f"S{first + i}", p.parameters, load=p.load, role=p.role)
        for i, p in enumerate(proposals)
    )


def run(proposer, spec: CampaignSpec, *, loads=3, size=8, seed=0) -> list[float]:
    """Return the best yield so far after each experiment."""
    trials: tuple[Trial, ...] = ()
    for load in range(1, loads + 1):
        found = proposer.propose(
            spec, History(trials=trials), load=load, size=size, seed=seed
        )
        trials += as_trials(found, len(trials) + 1)
    best, trace = 0.0, []
    for trial in trials:
        best = max(best, trial.scores["yield"].mean)
        trace.append(best)
    return trace
