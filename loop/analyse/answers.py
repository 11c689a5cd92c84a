"""What is said of a pattern file: one form for people, programs and benchmarks."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import numpy as np

from campaigns.fit import Fit
from campaigns.results import Identification, PhaseFractions
from instruments.quantities import Pattern
from loop.analyse.instrumentfile import for_pattern
from loop.analyse.library import Drawn, Library
from loop.analyse.patterns import read
from loop.analyse.phases import identify
from loop.analyse.profile import Instrument
from loop.analyse.quantify import AMORPHOUS, UNKNOWN

Weights = dict[str, float]


class HypothesisAnswer(TypedDict):
    """One set of phases that explains the pattern."""

    weights: dict[str, float]
    probability: float
    rwp: float


class CrystallitesAnswer(TypedDict):
    """Size and strain of a phase; none where the instrument cannot tell."""

    size_nanometres: float | None
    strain: float | None
    largest_nanometres: float


class Answer(TypedDict):
    """What `athanor identify --json` prints of one pattern."""

    weights: dict[str, float]
    """Weight fractions of the crystalline, identified part in the best hypothesis."""
    sigma: dict[str, float]
    """Standard deviation of each of `weights`, and of phases of other hypotheses."""
    alternatives: dict[str, list[str]]
    hypotheses: list[HypothesisAnswer]
    unknown: float
    """Share of the Bragg scattering that no candidate explains, 0 to 1."""
    amorphous: float | None
    """Share of the scattering in a broad hump; none where none is seen."""
    rwp: float
    """0 to 1, as is each hypothesis's."""
    gof: float
    quality: list[str]
    usable: bool
    crystallites: dict[str, CrystallitesAnswer]
    """Empty without a calibrated instrument."""
    candidates: int
    cpu_seconds: float
    """For reading and identifying, references loaded."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, and what it was made of."""

    answer: Answer
    identification: Identification
    fit: Fit
    drawn: Drawn


def identify_file(
    path: Path,
    library: Library,
    *,
    instrument: Instrument | None = None,
    expected: frozenset[str] = frozenset(),
    scan: int | None = None,
) -> Answered:
    """Identify the phases of one pattern file.

    Neither the file's name nor the sample id in it is used.

    Args:
        path: A pattern in a format that `patterns.read` knows.
        library: Candidates.
        instrument: The diffractometer, where the file does not say; by default a
            common one.
        expected: Elements known to be in the powder.
        scan: Which scan of several, from 1; the sum of all if absent.

    Raises:
        AnalysisError: If the pattern cannot be analysed, or was not measured on the
            instrument.
        MaterialError: If the library has no structure to look for.
    """
    started = time.process_time()
    pattern = read(path, instrument=instrument, scan=scan)
    if instrument is not None:
        instrument = for_pattern(instrument, pattern, name=path.name)
    spent = time.process_time() - started
    return identify_pattern(
        pattern,
        library.at(pattern.wavelengths[0]),
        instrument=instrument,
        expected=expected,
        spent=spent,
    )


def identify_pattern(
    pattern: Pattern,
    drawn: Drawn,
    *,
    instrument: Instrument | None = None,
    expected: frozenset[str] = frozenset(),
    spent: float = 0.0,
) -> Answered:
    """Identify the phases of a pattern already read.

    Args:
        pattern: As measured.
        drawn: Candidates for its wavelength.
        instrument: The diffractometer; by default what the pattern says of it.
        expected: Elements known to be in the powder.
        spent: CPU time that reading took, s.

    Raises:
        AnalysisError: If the pattern cannot be analysed.
    """
    started = time.process_time()
    found, fit = identify(
        pattern, drawn.references, instrument=instrument, expected=expected
    )
    spent += time.process_time() - started
    return Answered(answer(found, drawn, cpu_seconds=spent), found, fit, drawn)


def answer(found: Identification, drawn: Drawn, *, cpu_seconds: float) -> Answer:
    """Return an identification in the form that the command line prints."""
    amorphous = found.fractions.of(AMORPHOUS)
    best = dict(found.hypotheses[0].weights) if found.hypotheses else {}
    return Answer(
        weights=best,
        sigma=crystalline_sigma(found.fractions, best),
        alternatives={
            phase: list(alike) for phase, alike in found.alternatives.items()
        },
        hypotheses=[
            HypothesisAnswer(
                weights=dict(one.weights), probability=one.probability, rwp=one.rwp
            )
            for one in found.hypotheses
        ],
        unknown=found.fractions.of(UNKNOWN),
        amorphous=amorphous or None,
        rwp=found.rwp,
        gof=found.gof,
        quality=[*found.quality, *drawn.notes],
        usable=found.is_usable,
        crystallites={
            phase: CrystallitesAnswer(
                size_nanometres=one.size_nanometres,
                strain=one.strain,
                largest_nanometres=one.largest_nanometres,
            )
            for phase, one in found.crystallites.items()
        },
        candidates=len(drawn.references),
        cpu_seconds=cpu_seconds,
    )


def crystalline_sigma(fractions: PhaseFractions, best: Weights) -> Weights:
    """Return how far each share of the identified part may lie from the best guess.

    Args:
        fractions: Of the whole powder, averaged over hypotheses.
        best: Weights of the best hypothesis; what others say instead is part of the
            deviation.

    Returns:
        Root of the mean squared deviation from `best`, of every phase of any
        hypothesis.

    Source:
        First-order propagation through w = f / sum f.
    """
    kept = [
        i for i, name in enumerate(fractions.phases) if name not in (UNKNOWN, AMORPHOUS)
    ]
    amounts = np.array(fractions.mean)[kept]
    if not amounts.sum() > 0.0:
        return {}
    share = amounts / amounts.sum()
    change = (np.eye(len(kept)) - share[:, None]) / amounts.sum()
    covariance = change @ np.array(fractions.covariance)[np.ix_(kept, kept)] @ change.T
    names = [fractions.phases[i] for i in kept]
    apart = share - np.array([best.get(name, 0.0) for name in names])
    sigma = np.sqrt(np.maximum(np.diag(covariance), 0.0) + apart**2)
    return dict(zip(names, map(float, sigma), strict=True))
