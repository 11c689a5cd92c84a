"""First guesses from the literature, as the proposer uses them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import exp, log, log2

import numpy as np
import torch
from torch import Tensor

from campaigns.guesses import LiteratureGuesses
from campaigns.recipe import Parameters
from loop.propose.encoding import ACTIVATION_KELVIN, KELVIN, Encoder, temperature_range
from loop.propose.means import RateMean, RatePrior
from loop.propose.points import Points, Value
from loop.propose.pool import Pool

DOUBT = 0.5
"""What a set, gas or temperature without reports is worth against the most reported:
papers tell what was made, not what was tried, so that silence is weak evidence. A
choice."""
EXTENT = 0.9
"""Reaction extent that a reported firing is taken to reach: its powder was pure enough
to publish. A choice."""
LEAST_SD_KELVIN = 30.0
"""Doubt about an onset read from reports that all agree: furnaces differ."""
BEYOND_KELVIN = 100.0
"""How far above the hottest tenth of the reports the target is taken to last, and the
doubt about it, where no table tells. A choice: hotter was free to be tried."""
N_CITED = 2
LEAST_SHARE = 0.01
"""Smaller ones are told as smaller."""


@dataclass(frozen=True)
class FirstGuesses:
    """The literature's guesses within one campaign's space."""

    guesses: LiteratureGuesses
    encoder: Encoder

    @property
    def constants(self) -> dict[str, float | str]:
        """Return what a decision record keeps of them."""
        return {
            "literature.sha256": self.guesses.sha256,
            "literature.file_sha256": self.guesses.file_sha256,
        }

    def rate_prior(self, prior: RatePrior, *, is_limit_known: bool) -> RatePrior:
        """Return the rate law's prior with its onset read from reported firings.

        A report's firing is taken to have gone to `EXTENT`; the onset, where ten hours
        go half way, follows from the rate law (see `means.RateMean`), less what the
        likeliest sets' stable carbonates add to it.
        """
        if not self.guesses.celsius:
            return prior
        middle, high = (self.guesses.celsius[i] + KELVIN for i in (2, -1))
        hours = self.guesses.hours[2] if self.guesses.hours else 10.0
        ratio = log2(1 / (1 - EXTENT)) ** 2 * 10.0 / hours
        onset = 1 / (1 / middle + log(ratio) / ACTIVATION_KELVIN)
        onset -= RateMean.CARBONATE_KELVIN * self._carbonate()
        limit, limit_sd = prior.limit_kelvin, prior.limit_sd_kelvin
        if not is_limit_known:
            limit, limit_sd = high + BEYOND_KELVIN, BEYOND_KELVIN
        return RatePrior(onset, self._spread, limit, limit_sd)

    def _carbonate(self) -> float:
        """Return the stable carbonate of the campaign's sets, by their probability."""
        features = self.encoder.features
        shares = [self.guesses.sets.get(label, 0.0) for label in features.labels]
        held = zip(shares, features.sluggishness.tolist(), strict=True)
        total: float = sum(share * slow for share, slow in held)
        return total / max(sum(shares), 1e-9)

    def favour(self, pool: Pool) -> Tensor:
        """Return how much of its expected yield each candidate is credited, `n x m`."""
        sets = self.guesses.sets
        of_sets = [_credit(sets, str(s["precursors"])) for s in pool.samples]
        kelvins, _ = self.encoder.heating(Points(pool.profiles))
        of_profiles = [
            self._credit_of_gases(profile) * self._credit_of_heat(kelvin)
            for profile, kelvin in zip(pool.profiles, kelvins.tolist(), strict=True)
        ]
        found = np.array(of_profiles)[:, None] * np.array(of_sets)[pool.places]
        return torch.from_numpy(found)

    def _credit_of_heat(self, kelvin: float) -> float:
        """Return the credit of a hottest hold: 1 where most reports fire.

        Beyond their 10 and 90 % it falls like a normal as wide as they scatter. Where
        the space lies apart from them, its nearest temperature stands for them.
        """
        limits = temperature_range(self.encoder.spec)
        if not self.guesses.celsius or limits is None:
            return 1.0
        low, *_, high = (
            min(max(celsius + KELVIN, limits[0]), limits[1])
            for celsius in self.guesses.celsius
        )
        off = max(low - kelvin, kelvin - high, 0.0) / self._spread
        return DOUBT + (1 - DOUBT) * exp(-0.5 * off**2)

    @property
    def _spread(self) -> float:
        """Return how far reported temperatures scatter, K: one standard deviation."""
        low, *_, high = self.guesses.celsius
        return max((high - low) / 2.56, LEAST_SD_KELVIN)  # 10 to 90 % of a normal

    def _credit_of_gases(self, profile: Parameters) -> float:
        """Return the credit of the gas least reported of all firings of a profile."""
        allowed = self._gases
        gases = self.encoder.gases_of(profile)
        return min((_credit(allowed, gas) for gas in gases), default=1.0)

    @cached_property
    def _gases(self) -> Mapping[str, float]:
        """Return reported gases that the space allows."""
        allowed = self.encoder.gases()
        found = self.guesses.atmospheres
        return {gas: share for gas, share in found.items() if gas in allowed}

    def words(self, point: Mapping[str, Value]) -> str:
        """Say what the literature has to do with a proposal."""
        share = self.guesses.sets.get(str(point["precursors"]), 0.0)
        chance = f"{share:.0%}" if share >= LEAST_SHARE else f"under {LEAST_SHARE:.0%}"
        parts = [f"of the sets to hand, reports point to this one with {chance}"]
        if self.guesses.celsius:
            _, low, _, high, _ = self.guesses.celsius
            parts.append(f"they fire at {low:.0f} to {high:.0f} °C{self._beyond()}")
        if self.guesses.atmospheres:
            gas, most = max(self.guesses.atmospheres.items(), key=lambda g: g[1])
            unused = "" if self._gases else ", which the space does not allow: not used"
            parts.append(f"in {gas} ({most:.0%}){unused}")
        cited = "; ".join(
            f"{one.target}, doi:{one.doi}" for one in self.guesses.citations[:N_CITED]
        )
        nearest = f"; nearest: {cited}" if cited else ""
        return f" Literature ({self.guesses.file}): {', '.join(parts)}{nearest}."

    def _beyond(self) -> str:
        """Say where the reported temperatures lie outside the space."""
        limits = temperature_range(self.encoder.spec)
        if limits is None:
            return ", but nothing is fired here"
        low, high = (kelvin - KELVIN for kelvin in limits)
        middle = self.guesses.celsius[2]
        if low <= middle <= high:
            return ""
        nearest = low if middle < low else high
        return f", outside the space: {nearest:.0f} °C is the nearest allowed"


def _credit(shares: Mapping[str, float], name: str) -> float:
    """Return the credit of a set or gas: 1 for the most reported, or if none is."""
    most = max(shares.values(), default=0.0)
    share = shares.get(name, 0.0) / most if most else 1.0
    return DOUBT + (1 - DOUBT) * share
