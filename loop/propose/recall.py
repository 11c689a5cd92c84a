"""What earlier campaigns lead to expect here: one forecast a campaign, as columns of X.

Each earlier campaign gets a Gaussian process of its own, on columns that mean the same
in every campaign (`terms`). Its prior is that of the campaign that asks, so that its
forecast, posterior less prior mean, is nothing where it knows nothing. How much of a
forecast is to be believed is learned from the own results (`surrogate.LoadKernel`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Any

import numpy as np
import torch
from botorch.utils.sampling import draw_sobol_normal_samples
from gpytorch.kernels import Kernel
from numpy.typing import NDArray
from torch import Tensor
from torch.distributions import MultivariateNormal

from campaigns.earlier import EarlierCampaign
from campaigns.guesses import LiteratureGuesses
from campaigns.recipe import Parameters
from loop.propose.beliefs import rate_prior, rated_of
from loop.propose.encoding import KELVIN, Encoder, temperature_range
from loop.propose.exact import Fitted
from loop.propose.firstguesses import FirstGuesses
from loop.propose.means import CONSTANTS, RateMean, RatePrior
from loop.propose.mishaps import Tried, tried
from loop.propose.points import Points, Value
from loop.propose.pool import Pool
from loop.propose.recalls import belief
from loop.propose.scaling import ANALYSIS_SD, YIELD_SCALE
from loop.propose.surrogate import NOISE_FLOOR, SetGP, prior_modules
from loop.propose.terms import (
    Heat,
    Place,
    Shared,
    heat_of,
    physics_of,
    place_of,
    sources_of,
)

Array = NDArray[np.float64]
N_LAWS = 256
"""Draws of the rate law's constants behind what a world of its own may show: a power of
2, for results that a law explains at all are rarely hit by fewer."""
OWN_PARTS = (1 / 16, 1 / 4, 1.0)
"""Variance that a related campaign may have of its own, by furnace, batch and what
models miss, as a share of what an unrelated one has: from a quarter of the deviation to
all of it, each as likely, for nobody knows."""


@dataclass(frozen=True)
class Recall:
    """Forecasts of earlier campaigns at the points of one campaign."""

    campaigns: tuple[EarlierCampaign, ...]
    shared: Shared
    places: Mapping[str, Place]
    """Of the campaign's own sets, by label."""
    models: tuple[Fitted, ...]
    """One for each campaign."""
    prior: RateMean
    """What is believed without them."""
    kernel: Kernel
    """What is believed of the distance from it."""

    @property
    def n(self) -> int:
        """Return how many columns there are."""
        return len(self.campaigns)

    def of_points(
        self, encoder: Encoder, points: Sequence[Parameters], physics: Array
    ) -> Array:
        """Return scaled forecasts, shape `k x n`, for physics columns of k rows."""
        process = np.array([self._process(encoder, p) for p in points])
        own = np.array([self._own(p) for p in points])
        return self._forecast(np.hstack([process, own, physics]))

    def of_pool(self, encoder: Encoder, pool: Pool, physics: Array) -> Array:
        """Return scaled forecasts, `profiles x places x n`, for physics columns."""
        process = [self._process(encoder, p) for p in pool.profiles]
        own = np.array([self._own(s) for s in pool.samples])
        return np.stack(
            [
                self._forecast(
                    np.hstack([np.tile(heat, (len(here), 1)), own[places], here])
                )
                for heat, places, here in zip(
                    process, pool.places, physics, strict=True
                )
            ]
        )

    def believed(
        self,
        encoder: Encoder,
        points: Sequence[Parameters],
        *,
        Y: Tensor,
        Yvar: Tensor,
    ) -> tuple[float, ...]:
        """Return the probability that own results go on with each campaign's.

        Either they are more of what one of the campaigns saw, but for something of
        their own, or a world of their own: the probability of all of them together
        under each says which.

        Args:
            encoder: Of the campaign that asks.
            points: With results, k.
            Y: Scaled yields, shape k.
            Yvar: Their known scaled variances, shape k.
        """
        process = np.array([self._process(encoder, p) for p in points])
        own = np.array([self._own(p) for p in points])
        here = Points(points)
        X = torch.from_numpy(np.hstack([process, own, encoder.physics(here, here)]))
        with torch.no_grad():
            free = self.kernel(X).to_dense()
        known = torch.diag(Yvar)
        logs = [self._alone(X, Y, free + known)]
        for model in self.models:
            mean, joint = model.joint(X)
            each = [
                _log_density(Y, mean, joint + known + part * free) for part in OWN_PARTS
            ]
            logs.append(_log_mean(torch.stack(each)))
        _, *found = torch.tensor(logs).softmax(0).tolist()
        return tuple(found)

    def _alone(self, X: Tensor, Y: Tensor, covariance: Tensor) -> float:
        """Return the logarithm of the probability of results in an unknown world."""
        laws = draw_sobol_normal_samples(
            len(CONSTANTS), N_LAWS, dtype=torch.float64, seed=0
        )
        noise = NOISE_FLOOR * torch.eye(len(X), dtype=X.dtype)
        with torch.no_grad():
            means = self.prior.at(X, laws.unsqueeze(-1).unbind(1))
        return _log_mean(_log_density(Y, means, covariance + noise))

    def tried(self, encoder: Encoder) -> Tried:
        """Return what the campaigns tried that this one could try."""
        return tried(encoder, self.campaigns, self.places)

    @property
    def constants(self) -> dict[str, float | str]:
        """Return what a decision record keeps of the campaigns."""
        found: dict[str, float | str] = {}
        for i, one in enumerate(self.campaigns):
            found[f"earlier[{i}].sha256"] = one.sha256
            if one.failures:
                found[f"earlier[{i}].failures"] = float(len(one.failures))
        return found

    def words(
        self, encoder: Encoder, point: Parameters, weights: Sequence[float]
    ) -> str:
        """Say what each campaign leads to expect of a point, and what that is worth.

        Args:
            encoder: Of the campaign that asks.
            point: A proposal.
            weights: What each forecast counts for.
        """
        one_point = Points([point])
        physics = encoder.physics(one_point, one_point)
        (moved,) = self.of_points(encoder, [point], physics).tolist()
        with torch.no_grad():
            before = float(self.prior(torch.from_numpy(physics)))
        told = [
            f"{one.name} ({one.target}, {len(one.results)} samples, weight"
            f" {weight:.2f}) {(before + shift) * YIELD_SCALE:.2f}"
            for one, shift, weight in zip(self.campaigns, moved, weights, strict=True)
        ]
        return (
            f" Earlier campaigns expect a yield of: {'; '.join(told)}; the rate law"
            f" alone {before * YIELD_SCALE:.2f}."
            f"{self.tried(encoder).words(str(point['precursors']))}"
        )

    def _process(self, encoder: Encoder, point: Mapping[str, Value]) -> list[float]:
        (kelvin,), (log_hours,) = encoder.heating(Points([point]))
        heat = Heat(float(kelvin), float(log_hours), encoder.gases_of(point))
        return self.shared.process(heat)

    def _own(self, point: Mapping[str, Value]) -> list[float]:
        place = self.places[str(point["precursors"])]
        excess = {
            name.removeprefix("excess."): float(value)
            for name, value in point.items()
            if name.startswith("excess.")
        }
        return self.shared.own(replace(place, excess=excess))

    def _forecast(self, rows: Array) -> Array:
        """Return by how much each campaign moves what is believed, within 0 to 1."""
        X = torch.from_numpy(rows)
        with torch.no_grad():
            before = self.prior(X)
            told = torch.stack([model.mean_at(X) for model in self.models], dim=-1)
            told = told.clamp(0.0, 1 / YIELD_SCALE)
            found: Array = (told - before.unsqueeze(-1)).numpy()
        return found


def recall(
    encoder: Encoder, prior: RatePrior, campaigns: Sequence[EarlierCampaign]
) -> Recall:
    """Return what earlier campaigns lead to expect in a campaign.

    Args:
        encoder: Of the campaign that asks.
        prior: What it believes of its rate law without them.
        campaigns: At least one.
    """
    limits = temperature_range(encoder.spec)
    coldest = limits[0] - KELVIN if limits else 25.0
    (middle,) = encoder.ends.weights(Points([encoder.space.middle()]))
    sets = [encoder.ends.mixed(i, middle) for i in range(len(encoder.features.labels))]
    own = {one.label: Place(one, sources_of(one, coldest), {}) for one in sets}
    there = [[place_of(one, r) for r in one.results] for one in campaigns]
    heats = [[heat_of(r.holds) for r in one.results] for one in campaigns]
    shared = Shared.of(
        [*own.values(), *(p for places in there for p in places)],
        [h for part in heats for h in part],
        sorted(encoder.spec.space.excess),
        encoder.gases(),
    )
    models = tuple(
        _fitted(one, places, hot, shared=shared, prior=prior, encoder=encoder)
        for one, places, hot in zip(campaigns, there, heats, strict=True)
    )
    before = RateMean(prior, YIELD_SCALE)
    _, kernel = prior_modules(shared.columns, rate=prior, scale=YIELD_SCALE)
    return Recall(tuple(campaigns), shared, own, models, before, kernel)


def _log_density(y: Tensor, mean: Tensor, covariance: Tensor) -> Tensor:
    """Return the logarithm of normal densities, one for each mean, `... x k`."""
    normal: Any = MultivariateNormal(mean, covariance)
    found: Tensor = normal.log_prob(y)
    return found


def _log_mean(logs: Tensor) -> float:
    """Return the logarithm of a mean of probabilities from their logarithms."""
    return float(logs.logsumexp(0)) - log(len(logs))


def _fitted(
    campaign: EarlierCampaign,
    places: Sequence[Place],
    heats: Sequence[Heat],
    *,
    shared: Shared,
    prior: RatePrior,
    encoder: Encoder,
) -> Fitted:
    """Return the process of an earlier campaign, as it speaks of this one's target."""
    facts = encoder.facts
    is_same = campaign.target == encoder.spec.target.formula
    known = None if is_same else facts.melting_celsius(campaign.target)
    there = prior if known is None else replace(prior, limit_kelvin=known + KELVIN)
    rows = [
        [
            *shared.process(heat),
            *shared.own(place),
            *physics_of(place, heat, facts, result.holds[-1].atmosphere),
        ]
        for place, heat, result in zip(places, heats, campaign.results, strict=True)
    ]
    X = torch.tensor(rows, dtype=torch.float64)
    y = torch.tensor([r.share for r in campaign.results], dtype=torch.float64)
    variance = torch.tensor(
        [max(r.variance, ANALYSIS_SD**2) for r in campaign.results]
    ).double()
    model = SetGP(
        X, (y / YIELD_SCALE).unsqueeze(-1), (variance / YIELD_SCALE**2).unsqueeze(-1),
        columns=shared.columns, rate=there, scale=YIELD_SCALE,
    )  # fmt: skip
    fitted = Fitted(model)
    if not is_same:
        # Where a target melts or falls apart is its own affair.
        mean = model.mean_module
        mean.prior = prior
        with torch.no_grad():
            mean.raw_limit.zero_()
    return fitted


def recalling(
    encoder: Encoder,
    literature: LiteratureGuesses | None,
    earlier: Sequence[EarlierCampaign],
) -> Encoder:
    """Return an encoder whose rows hold what earlier campaigns forecast."""
    guesses = FirstGuesses(literature, encoder) if literature else None
    prior = rate_prior(encoder, guesses)
    if not earlier or prior is None or rated_of(encoder.spec) is None:
        return encoder
    return replace(encoder, forecasts=recall(encoder, prior, earlier))


def constants_of(
    encoder: Encoder, literature: FirstGuesses | None
) -> dict[str, float | str]:
    """Return what a decision record keeps of all that came from outside."""
    found: dict[str, float | str] = {}
    for source in (literature, encoder.pathways, encoder.forecasts):
        found |= source.constants if source else {}
    return found


def words_of(
    encoder: Encoder,
    literature: FirstGuesses | None,
    models: Mapping[str, Any] | None = None,
) -> Callable[[Parameters], str]:
    """Return what is said of a point by what came from outside.

    Args:
        encoder: Of the campaign that asks.
        literature: Reports that count, none after the first result.
        models: Label to fitted model; None before any result.
    """
    told, n = encoder.forecasts, encoder.n_forecasts
    pathways = encoder.pathways
    rated = rated_of(encoder.spec)
    model = (models or {}).get(rated.label) if rated else None
    weights = model.weights if model else [belief(n)] * n

    def words(point: Parameters) -> str:
        found = literature.words(point) if literature else ""
        found += pathways.words(point) if pathways else ""
        return found + (told.words(encoder, point, weights) if told else "")

    return words
