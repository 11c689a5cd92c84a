"""A campaign's precursor sets in the light of learned reactions.

Source:
    The step that forms the target is the slower the less driving force the steps
    before it have left: Szymanski et al., Nat. Commun. 14 (2023) 6956 (ARROWS).
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from campaigns.errors import MaterialError, SpecError
from campaigns.materials.freeenergy import JOULES_PER_MEV
from campaigns.pathways import LearnedPathways, SetPathway
from campaigns.precursors import PrecursorSet, precursor_sets
from campaigns.spec import CampaignSpec
from campaigns.steps import FIRING_KINDS
from loop.knowledge.pairwise import Chemistry, packaged
from loop.knowledge.pairwise_beliefs import REFERENCE_HOURS
from loop.knowledge.pairwise_file import Observation, read_learned
from loop.knowledge.pairwise_firing import Firing, together
from loop.knowledge.pairwise_history import samples
from loop.knowledge.pairwise_learning import (
    HAPPENED,
    Learned,
    family,
    learn,
)
from loop.knowledge.pairwise_pathway import Prediction, predict

STEP_CELSIUS = 50.0
"""Between the temperatures looked at: onsets are known to 60 K or so, and between two
temperatures they are interpolated."""
BEYOND_CELSIUS = 200.0
"""How far outside the campaign's range they go: the onset of a set tells it from others
also where it lies somewhat below or above all firings. A choice."""
COLDEST, HOTTEST = 100.0, 1700.0
"""Bounds of what predictions and learned files allow, degrees Celsius."""
LIKELY = 0.5
"""Probability from which the target is expected."""
DIGITS = 6
"""Digits kept: sums may differ in the last ones between computers."""


def pathways_for(
    spec: CampaignSpec, file: Path, *, limits: tuple[float, float], is_real: bool
) -> tuple[LearnedPathways, tuple[str, ...]]:
    """Return what a file of learned reactions says of a campaign's sets.

    Takes some tenths of a second a set.

    Args:
        spec: The campaign.
        file: A file of `athanor learn`.
        limits: Lowest and highest temperature searched, degrees Celsius.
        is_real: Whether the campaign runs on real matter.

    Returns:
        The pathways, and a line on each powder and set that nothing is made of.

    Raises:
        SpecError: If the file teaches nothing of the sets, or is of other matter.
        LearnedFileError: If it cannot be read.
        FileNotFoundError: If there is no such file.
        MaterialError: If no precursor set balances.
    """
    observations = read_learned(file)
    _refuse_other_matter(file, observations, is_real=is_real)
    chemistry = packaged()
    usable, left_out = samples(chemistry, observations)
    learned = learn(chemistry, usable)
    if not learned.n_samples:
        raise SpecError.single(
            "--learned", f"{file}: {_no_powder(left_out)}",
            "a file with a measured powder of which all energies are known",
            "leave --learned out, or learn from campaigns with results",
        )  # fmt: skip
    known, unknown = pathways_of(spec, chemistry, learned, limits)
    if not known:
        label, reason = next(iter(unknown.items()))
        raise SpecError.single(
            "--learned", f"no pathway of any precursor set; {label}: {reason}",
            "a campaign whose target and precursors have free energies",
            "leave --learned out",
        )  # fmt: skip
    told = LearnedPathways(
        file=file.name,
        file_sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        powders=learned.n_samples,
        atmosphere=gas_of(spec),
        highest_celsius=highest_celsius(limits),
        sets=known,
    )
    notes = [f"{name} teaches nothing here: {why}" for name, why in left_out.items()]
    notes += [f"the pathway of {name} is not known: {why}"
              for name, why in unknown.items()]  # fmt: skip
    return told, tuple(notes)


def _refuse_other_matter(
    file: Path, observations: tuple[Observation, ...], *, is_real: bool
) -> None:
    for one in observations:
        if (one.mode == "real") != is_real:
            raise SpecError.single(
                "--learned", f"{file}: campaign {one.name} on a {one.mode} lab",
                "real campaigns for a real one, simulated for a simulated one",
                "leave it out: a simulated world has a chemistry of its own",
            )  # fmt: skip


def _no_powder(left_out: dict[str, str]) -> str:
    if not left_out:
        return "no measured powder"
    name, reason = next(iter(left_out.items()))
    return f"nothing to learn from; {name}: {reason}"


def pathways_of(
    spec: CampaignSpec,
    chemistry: Chemistry,
    learned: Learned,
    limits: tuple[float, float],
) -> tuple[dict[str, SetPathway], dict[str, str]]:
    """Return the expected pathway of each set, and why others have none.

    Args:
        spec: The campaign; composition spaces are looked at where a set is shown.
        chemistry: What is known of matter.
        learned: From `pairwise_learning.learn` on the same chemistry.
        limits: Lowest and highest temperature searched, degrees Celsius.

    Returns:
        Label to pathway, and label of each other set to the reason.

    Raises:
        MaterialError: If no precursor set balances.
    """
    known: dict[str, SetPathway] = {}
    unknown: dict[str, str] = {}
    for found in precursor_sets(spec):
        try:
            known[found.label] = _pathway(found, spec, chemistry, learned, limits)
        except MaterialError as error:
            unknown[found.label] = str(error)
    return known, unknown


def highest_celsius(limits: tuple[float, float]) -> float:
    """Return the highest temperature looked at, degrees Celsius."""
    return min(limits[1] + BEYOND_CELSIUS, HOTTEST)


def gas_of(spec: CampaignSpec) -> str:
    """Return the gas of a campaign's last firing: air where it may be chosen."""
    gas: str | None = None
    for step in spec.steps:
        if step.kind in FIRING_KINDS:
            searched = spec.space.steps.get(step.label)
            words = searched.atmosphere if searched else None
            names = tuple(map(str, words.values)) if words else (step.atmosphere,)
            gas = "air" if "air" in names else names[0]
    return gas or "air"


def _pathway(
    found: PrecursorSet,
    spec: CampaignSpec,
    chemistry: Chemistry,
    learned: Learned,
    limits: tuple[float, float],
) -> SetPathway:
    """Return a set's pathway; look no hotter than where the target begins.

    Raises:
        MaterialError: If something has no energy.
    """
    target, gas = str(found.target), gas_of(spec)
    amounts = zip(found.precursors, found.moles({}), strict=True)
    batch = together((chemistry.name(p.formula), float(n)) for p, n in amounts if n > 0)
    colder: tuple[float, Prediction] | None = None
    for celsius in _temperatures(limits):
        firing = Firing(celsius, REFERENCE_HOURS, gas)
        here = predict(chemistry, batch, (firing,), target, learned)
        if here.probability >= LIKELY:
            before = colder or (celsius, here)
            return _begun(chemistry, target, before, (celsius, here))
        colder = celsius, here
    return _written(None, here.left_mev_per_atom, here.left_sigma_mev_per_atom,
                    _by_way_of(chemistry, target, here))  # fmt: skip


def _temperatures(limits: tuple[float, float]) -> Iterator[float]:
    low = max(limits[0] - BEYOND_CELSIUS, COLDEST)
    high = highest_celsius(limits)
    n = max(2, round((high - low) / STEP_CELSIUS) + 1)
    yield from np.linspace(low, high, n).round().tolist()


def _begun(
    chemistry: Chemistry,
    target: str,
    before: tuple[float, Prediction],
    after: tuple[float, Prediction],
) -> SetPathway:
    """Interpolate between the last temperature without the target and the next."""
    (cold, colder), (hot, hotter) = before, after
    rise = hotter.probability - colder.probability
    part = (LIKELY - colder.probability) / rise if rise > 0 else 1.0
    left, sigma = (
        a + part * (b - a)
        for a, b in (
            (colder.left_mev_per_atom, hotter.left_mev_per_atom),
            (colder.left_sigma_mev_per_atom, hotter.left_sigma_mev_per_atom),
        )
    )
    steps = _by_way_of(chemistry, target, hotter)
    return _written(cold + part * (hot - cold), left, sigma, steps)


def _by_way_of(chemistry: Chemistry, target: str, found: Prediction) -> tuple[str, ...]:
    """Return what else the larger steps are expected to make."""
    goal = family(chemistry, chemistry.name(target))
    made: dict[str, None] = {}
    for step in found.steps:
        if step.share >= HAPPENED:
            made |= dict.fromkeys(
                family(chemistry, name) for name in step.balanced.products
            )
    return tuple(name for name in made if name != goal)


def _written(
    begins: float | None, left: float, sigma: float, steps: tuple[str, ...]
) -> SetPathway:
    kilojoules = JOULES_PER_MEV / 1000.0
    return SetPathway(
        begins_celsius=None if begins is None else round(begins, DIGITS),
        left_kilojoules=round(left * kilojoules, DIGITS),
        left_sigma_kilojoules=round(sigma * kilojoules, DIGITS),
        by_way_of=steps,
    )
