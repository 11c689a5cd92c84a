"""What a precursor set does in the fire, step by step: `athanor pathway`."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from loop.cli.reaction import Atmosphere, read_species, refuse_temperature

if TYPE_CHECKING:
    from loop.knowledge.pairwise import Chemistry
    from loop.knowledge.pairwise_learning import Learned
    from loop.knowledge.pairwise_pathway import Prediction, Step
    from loop.knowledge.pairwise_ranking import Ranked

MOST_HOURS = 1000.0
LIKELY = 0.1
"""Probability of a step from which it is printed."""
MOST_RANKED = 3
"""Reactions of a pair that are printed."""


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(pathway)


def pathway(
    precursors: Annotated[
        str, typer.Argument(help='Such as "BaCO3 + CuO + Y2O3"; amounts follow.')
    ],
    target: Annotated[str, typer.Option(help="Phase or formula to make.")],
    temperature: Annotated[float, typer.Option(help="°C.")],
    hold: Annotated[float, typer.Option(help="Hours at temperature.")] = 10.0,
    atmosphere: Annotated[
        Atmosphere, typer.Option(help="Furnace gas.")
    ] = Atmosphere.AIR,
    learned: Annotated[
        Path | None, typer.Option(help="File written by `athanor learn`.")
    ] = None,
    is_with_pairs: Annotated[
        bool, typer.Option("--pairs", help="Rank the reactions of each pair as well.")
    ] = False,
    table: Annotated[
        Path | None,
        typer.Option(help="Phase table in place of the one that comes along."),
    ] = None,
    energies: Annotated[
        Path | None,
        typer.Option(help="Rows of thermochemistry (.toml) beside those that come."),
    ] = None,
    is_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object.")
    ] = False,
) -> None:
    """Predict the reactions of a precursor set, and what is left for the target."""
    from campaigns.materials.freeenergy import ZERO_CELSIUS
    from campaigns.materials.products import read_reactants
    from loop.knowledge.pairwise_firing import Firing
    from loop.knowledge.pairwise_pathway import predict, proportions

    refuse_temperature(temperature)
    _refuse_hold(hold)
    chemistry = read_chemistry(table, energies)
    batch = proportions(chemistry, read_reactants(precursors), target)
    firing = Firing(temperature, hold, str(atmosphere))
    known = read_beliefs(chemistry, learned)
    found = predict(chemistry, batch, (firing,), target, known)
    pairs: dict[str, tuple[Ranked, ...]] = {}
    if is_with_pairs:
        kelvin = temperature + ZERO_CELSIUS
        pairs = _pairs(chemistry, batch, found, kelvin, firing.atmosphere)
    answer = _Answer(chemistry, target, batch, firing, known.n_samples, found, pairs)
    if is_json:
        text = json.dumps(answer.as_json(), indent=2, ensure_ascii=False)
    else:
        text = "\n".join(answer.lines())
    sys.stdout.write(text + "\n")


def read_chemistry(table: Path | None, energies: Path | None) -> "Chemistry":
    """Return the tables asked for as one chemistry."""
    from campaigns.materials.phases import PhaseTable
    from loop.knowledge.pairwise import Chemistry, packaged

    if table is None and energies is None:
        return packaged()
    phases = PhaseTable.load(table) if table else PhaseTable.load()
    return Chemistry(read_species(energies), phases)


def read_beliefs(chemistry: "Chemistry", file: Path | None) -> "Learned":
    """Return what a file teaches; say what could not be learned from."""
    from loop.knowledge.pairwise_file import read_learned
    from loop.knowledge.pairwise_history import samples
    from loop.knowledge.pairwise_learning import learn, nothing_learned

    if file is None:
        return nothing_learned()
    usable, left_out = samples(chemistry, read_learned(file))
    for name, reason in left_out.items():
        sys.stderr.write(f"athanor: {name} teaches nothing here: {reason}\n")
    return learn(chemistry, usable)


def _refuse_hold(hours: float) -> None:
    from campaigns.errors import SpecError

    if not 0 < hours <= MOST_HOURS:
        raise SpecError.single(
            "--hold", f"{hours:g} h", f"above 0 to {MOST_HOURS:g} h",
            "give the hours at temperature",
        )  # fmt: skip


def _pairs(
    chemistry: "Chemistry",
    batch: tuple[tuple[str, float], ...],
    found: "Prediction",
    kelvin: float,
    atmosphere: str,
) -> dict[str, "tuple[Ranked, ...]"]:
    """Return the ranked reactions of each pair of precursors and intermediates."""
    from loop.knowledge.pairwise_ranking import ranked

    solids = [name for name, _ in batch]
    solids += [p for step in found.steps for p in step.balanced.products]
    known = [name for name in dict.fromkeys(solids) if chemistry.has_energy(name)]
    all_ = {
        " + ".join(pair): ranked(chemistry, pair, kelvin, atmosphere)
        for pair in combinations(known, 2)
    }
    return {name: rows[:MOST_RANKED] for name, rows in all_.items() if rows}


@dataclass(frozen=True, slots=True)
class _Answer:
    """A prediction with its question, ready to be written."""

    chemistry: "Chemistry"
    target: str
    batch: tuple[tuple[str, float], ...]
    firing: Any
    n_learned: int
    found: "Prediction"
    pairs: dict[str, "tuple[Ranked, ...]"]

    def as_json(self) -> dict[str, Any]:
        """Return one object."""
        found = self.found
        return {
            "target": self.target,
            "celsius": self.firing.celsius,
            "hours": self.firing.hours,
            "atmosphere": self.firing.atmosphere,
            "precursors_mol": dict(self.batch),
            "learned_from": self.n_learned,
            "counted_as": {k: list(v) for k, v in found.stand_ins.items()},
            "steps": [_step_json(step) for step in found.steps],
            "weight_shares": {
                name: {"mean": mean, "sigma": sigma}
                for name, (mean, sigma) in found.shares.items()
            },
            "target_share": found.target_share,
            "target_sigma": found.target_sigma,
            "target_probability": found.probability,
            "force_mev_per_atom": found.force_mev_per_atom,
            "left_mev_per_atom": found.left_mev_per_atom,
            "left_sigma_mev_per_atom": found.left_sigma_mev_per_atom,
            "taken_by": found.taken_by,
            "pairs": {
                name: [_ranked_json(row) for row in rows]
                for name, rows in self.pairs.items()
            },
        }

    def lines(self) -> Iterator[str]:
        """Yield the answer in words."""
        amounts = " + ".join(f"{n:.3g} {name}" for name, n in self.batch)
        firing = self.firing
        yield f"{amounts}, in mol per mol of {self.target}"
        yield (
            f"{firing.hours:g} h at {firing.celsius:g} °C in {firing.atmosphere}; "
            + (
                f"learned from {self.n_learned} powders"
                if self.n_learned
                else "nothing learned"
            )
        )
        for name, parts in self.found.stand_ins.items():
            yield f"{name} has no energy and counts as {' + '.join(parts)}"
        yield from self._steps()
        yield from self._end()
        yield from self._ranking()

    def _steps(self) -> Iterator[str]:
        yield ""
        if not self.found.steps:
            yield "nothing reacts"
            return
        likely = [s for s in self.found.steps if s.probability >= LIKELY]
        yield "steps in order of time; P: takes at least 5 % of the powder's atoms"
        for i, step in enumerate(likely, start=1):
            yield f"{i:3d}. {_reaction(step)}"
            yield (
                f"     dG {step.mev_per_atom:+.0f} ± {step.sigma_mev_per_atom:.0f}"
                f" meV/atom, P {step.probability:.2f}, takes {step.share:.0%}"
            )
        if rest := len(self.found.steps) - len(likely):
            yield f"and {rest} less likely ones; --json lists them"

    def _end(self) -> Iterator[str]:
        found = self.found
        yield ""
        yield (
            f"{self.target}: {found.target_share:.0%} ± {found.target_sigma:.0%} by"
            f" weight; probability of at least 2 %: {found.probability:.2f}"
        )
        yield (
            f"driving force from the precursors {found.force_mev_per_atom:+.0f}"
            f" meV/atom; left for the target {found.left_mev_per_atom:+.0f} ±"
            f" {found.left_sigma_mev_per_atom:.0f}"
            + (f", most of the rest to {found.taken_by}" if found.taken_by else "")
        )
        yield "expected weight shares at the end:"
        for name, (mean, sigma) in sorted(
            found.shares.items(), key=lambda one: -one[1][0]
        ):
            yield f"  {name:16s} {mean:5.0%} ± {sigma:.0%}"

    def _ranking(self) -> Iterator[str]:
        for name, rows in self.pairs.items():
            yield ""
            yield name
            for row in rows:
                hull = "" if row.is_on_hull else "; undercut by others"
                yield f"  {row.reaction}"
                yield (
                    f"    dG {row.energy.mev_per_atom:+.1f} ±"
                    f" {row.energy.sigma_mev_per_atom:.1f} meV/atom, lead"
                    f" {row.lead_mev_per_atom:+.1f}{hull}"
                )


def _reaction(step: "Step") -> str:
    from loop.knowledge.pairwise_balance import exact

    return str(exact(step.balanced))


def _step_json(step: "Step") -> dict[str, Any]:
    return {
        "reaction": _reaction(step),
        "reactants": list(step.balanced.reactants),
        "products": list(step.balanced.products),
        "mev_per_atom": step.mev_per_atom,
        "sigma_mev_per_atom": step.sigma_mev_per_atom,
        "probability": step.probability,
        "share_of_atoms": step.share,
    }


def _ranked_json(row: "Ranked") -> dict[str, Any]:
    return {
        "reaction": str(row.reaction),
        "mev_per_atom": row.energy.mev_per_atom,
        "sigma_mev_per_atom": row.energy.sigma_mev_per_atom,
        "lead_mev_per_atom": row.lead_mev_per_atom,
        "on_hull": row.is_on_hull,
    }
