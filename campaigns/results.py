"""What was found out about a sample: phases, scores, and why it was proposed."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from campaigns.recipe import Parameters


class Frozen(BaseModel):
    """An immutable record that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PhaseFractions(Frozen):
    """Weight fractions of everything in the powder, with covariance."""

    phases: tuple[str, ...]
    """Phase names, length k; `unknown` and `amorphous` are always components."""
    mean: tuple[float, ...]
    """Weight fractions, length k, each 0 to 1, sum 1 within 1e-6."""
    covariance: tuple[tuple[float, ...], ...]
    """Shape k x k."""

    def of(self, phase: str) -> float:
        """Return a phase's mean weight fraction, 0 if absent."""
        return dict(zip(self.phases, self.mean, strict=True)).get(phase, 0.0)


class Hypothesis(Frozen):
    """One set of phases that explains a pattern."""

    weights: dict[str, float]
    probability: float
    rwp: float


class Crystallites(Frozen):
    """What a phase's line widths say of its grains."""

    size_nanometres: float | None
    """Volume-weighted size of the coherent domains; none where too large to tell."""
    strain: float | None
    """Mean relative deviation of spacings; none where too small to tell."""
    largest_nanometres: float
    """Size above which the instrument sees no broadening."""


class Identification(Frozen):
    """What a pattern says is in the powder."""

    fractions: PhaseFractions
    rwp: float
    """Weighted profile residual, 0 to 1."""
    gof: float
    """Goodness of fit, Rwp / Rexp."""
    hypotheses: tuple[Hypothesis, ...] = ()
    alternatives: dict[str, tuple[str, ...]] = {}
    """Phase to look-alikes that fit nearly as well, at most 3."""
    cells: dict[str, tuple[float, float, float]] = {}
    """Phase to refined cell edges a, b, c, angstrom."""
    crystallites: dict[str, Crystallites] = {}
    """Phase to size and strain; empty without a calibrated instrument."""
    quality: tuple[str, ...] = ()
    """What makes the result doubtful, in words; empty if nothing."""
    is_usable: bool = True
    """False: recorded but not fed to the optimizer as truth."""
    fit: str = ""
    """sha256 of the stored fit: two_theta, observed, calculated, background, phases."""
    versions: dict[str, str] = {}


class Score(Frozen):
    """One figure of one sample: an objective's, or one that is bounded."""

    mean: float
    variance: Annotated[float, Field(ge=0)]
    flags: tuple[str, ...] = ()


class Verdict(Frozen):
    """Whether the target was made, as far as a pattern can tell."""

    says: Literal["made", "not made", "withheld"]
    share: float
    """Target's weight share of the crystalline part, 0 to 1."""
    probability: float
    """That the share is at least the campaign's `made_at_least`, 0 to 1."""
    reason: str
    """One sentence for a chemist."""


class Slice(Frozen):
    """The posterior along one parameter through a proposal; lists of one length n."""

    objective: str
    parameter: str
    grid: tuple[float, ...] | tuple[str, ...]
    mean: tuple[float, ...]
    sd: tuple[float, ...]


class Alternative(Frozen):
    """A candidate that was not taken."""

    parameters: Parameters
    acquisition: float
    mean: dict[str, float]


class Neighbour(Frozen):
    """An earlier result that spoke for or against a proposal."""

    sample: str
    similarity: float
    """Correlation of the two under the model, of its first objective, -1 to 1."""


class ComparedLoad(Frozen):
    """A firing for which a load was worked out."""

    parameters: Parameters
    """Settings that its samples share."""
    gain: float
    """What its first samples add, in the unit of the acquisition function."""
    hours: float
    """Until its furnace would be free for another load, h."""


class DecisionRecord(Frozen):
    """Why one sample was proposed."""

    method: str
    """Proposer and acquisition function."""
    reason: str
    """One sentence for a chemist."""
    acquisition: float | None = None
    mean: dict[str, float] = {}
    """Objective label to posterior mean at the proposal."""
    sd: dict[str, float] = {}
    descriptors: dict[str, float] = {}
    """What the model saw of the chemistry: name with unit to value."""
    nearest: tuple[Neighbour, ...] = ()
    """Scored samples most like the proposal, the most like first."""
    load_gain: float | None = None
    """By how much the load is expected to better the best of the leading objective, in
    its unit, >= 0; none before any result."""
    furnace_hours: float | None = None
    """Ramps, holds and programmed cooling of the load's firings, h."""
    furnace: str = ""
    """For which the load was asked for; empty where any would do."""
    places: int | None = None
    """Samples that were asked for; none in older records."""
    value: str = ""
    """What loads were compared by, in words; empty where only one was looked at."""
    compared: tuple[ComparedLoad, ...] = ()
    """Loads worked out, the one taken first."""
    apart: dict[str, str] = {}
    """Precursor set that may not share the furnace with this load, to the reason;
    only sets that would have had a place."""
    n_scored: int | None = None
    """Scored samples that the model was fitted to; none in older records."""
    slices: tuple[Slice, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    model: dict[str, float | str] = {}
    """Fitted hyperparameters."""
    history_sha256: str = ""
    seed: int = 0
    versions: dict[str, str] = {}


class Proposal(Frozen):
    """A point of the search space to try, and why."""

    parameters: Parameters
    role: Literal["search", "control", "replicate"] = "search"
    load: int
    """Number of the furnace load it belongs to, from 1."""
    decision: DecisionRecord
    order: str = ""
    """The pin that it fulfils; empty if no person asked for it."""


class Trial(Frozen):
    """One sample as the proposer sees it: planned, measured and found."""

    sample: str
    load: int
    role: Literal["search", "control", "replicate"]
    planned: Parameters
    measured: Parameters
    """As carried out: excess from weighed doses, mean hold temperature, hold time at
    temperature; equal to `planned` where nothing was measured."""
    status: Literal["pending", "scored", "failed", "lost", "unusable"]
    """`failed`: the synthesis could not be made; `lost`: its powder stuck or was spilt
    after a firing; `unusable`: not carried out as asked, or the analysis is too poor to
    be fed as truth."""
    scores: dict[str, Score] = {}
    """Label of an objective or outcome constraint to score; empty unless scored."""
    fractions: PhaseFractions | None = None
    verdict: Verdict | None = None
    """None unless scored, and for samples scored before there were verdicts."""
    slot: Annotated[str, Field(exclude_if=lambda slot: not slot)] = ""
    """Where in the furnace it stood at its hottest firing, such as `box-a/3`; empty
    unless scored, and where no move was recorded."""


class Pin(Frozen):
    """A recipe that a person wants made, waiting for a place."""

    order: str
    """Identifier of the order, such as `P1`."""
    parameters: Parameters
    """At least `precursors`; settings left out are the proposer's to choose."""
    by: str
    reason: str


Limits = tuple[float, float]
"""Lowest and highest value, both included."""


class Veto(Frozen):
    """Recipes that a person forbids."""

    order: str
    matching: dict[str, str | Limits]
    """Parameter to a word or limits; a recipe that matches all of them is forbidden."""
    by: str
    reason: str

    def forbids(self, parameters: Parameters) -> bool:
        """Return whether a recipe is forbidden."""
        return all(
            key in parameters and _lies_in(parameters[key], wanted)
            for key, wanted in self.matching.items()
        )


def _lies_in(value: float | str, wanted: str | Limits) -> bool:
    if isinstance(wanted, str) or isinstance(value, str):
        return value == wanted
    low, high = wanted
    return low - 1e-9 <= value <= high + 1e-9


class History(Frozen):
    """Everything a proposer may know of a campaign."""

    trials: tuple[Trial, ...] = ()
    pins: tuple[Pin, ...] = ()
    """Open orders, oldest first."""
    vetoes: tuple[Veto, ...] = ()
    used_grams: dict[str, float] = {}
    """Precursor to the mass that was dosed, or will be for samples on their way, g."""
    dose_grams: Limits | None = None
    """Smallest and largest dose that the lab gives, g; none where no lab is known."""


class Hazard(Frozen):
    """One finding of the rules of safety."""

    rule: str
    severity: Literal["refuse", "warn"]
    about: str
    step: str
    """Heating meant; empty where it is none."""
    found: str
    limit: str
    accepted: str = ""
    """Why the campaign file accepts it; it would be refused else."""
    samples: tuple[str, ...] = ()
