"""Prior means: a rate law for yields, and figures that follow from the settings.

Units: outcomes are scaled (see `scaling.Scaled`), temperatures kelvin, times hours.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import log, sqrt

import torch
from gpytorch.means import Mean
from gpytorch.priors import NormalPrior
from torch import Tensor

from loop.propose.columns import N_PHYSICS, SPOT
from loop.propose.recalls import Recalls
from loop.propose.spots import OFFSET_KELVIN, Spots

GAS_CONSTANT = 8.314462618e-3
"""kJ/mol/K, CODATA 2018."""
RELEASE = 280.0
"""kJ per mol of O2 that an oxide of a late transition metal gives off: 282 for
4 CuO -> 2 Cu2O + O2 (NIST-JANAF, 4th ed., 1998)."""


@dataclass(frozen=True)
class Calculated:
    """A figure that stands in a column of X: `(X - less) slope + intercept`, scaled."""

    column: int
    less: float
    slope: float
    intercept: float


@dataclass(frozen=True)
class RatePrior:
    """What is believed of the rate law before any data."""

    onset_kelvin: float
    """Where ten hours take the reaction half way."""
    onset_sd_kelvin: float
    limit_kelvin: float
    """Where the target melts or decomposes."""
    limit_sd_kelvin: float
    is_gate: bool = False
    """Whether sets are taken to differ only as far as the law lets them react."""
    is_each_own: bool = False
    """Whether a set may differ from the others by what describes none of them."""
    noise_spread: float = 1.0
    """Deviation of the logarithm of the variance that replicates differ by."""
    spots: Spots = field(default_factory=Spots)
    """Furnaces and slots that are hotter or colder than they say."""


CONSTANTS = ("onset", "limit", "carbonate", "height", "oxygen")
"""What is uncertain in the rate law; each as a standard normal deviate."""


class RateMean(Mean):  # type: ignore[misc]
    """Prior mean of a yield: `height x extent x intactness x chance`.

    `extent = 1 - 2^-((t / 10 h) exp(-E/R (1/T - 1/T_onset)))^(1/2)`: the Avrami form
    with the exponent 1/2 of growth through a product layer, and `E` = 250 kJ/mol, the
    middle of what cations' diffusion in oxides takes. `intactness` falls as a logistic
    of temperature at the limit. A stable carbonate raises the onset.

    Oxides of metals that change valence melt or decompose by giving off oxygen, so in
    more oxygen later: `dT = s R T^2 / RELEASE ln(p / p_air)`, Clausius-Clapeyron, with
    s the learned share of the reaction. Diffusion follows the melting point (Tammann),
    hence the onset moves in proportion.

    Source:
        Avrami, J. Chem. Phys. 8 (1940) 212; Jander, Z. anorg. allg. Chem. 163 (1927)
        1 (parabolic growth).
    """

    ACTIVATION = 250.0
    """kJ/mol; 150 to 450 in Freer, J. Mater. Sci. 15 (1980) 803, for cations in
    oxides."""
    CARBONATE_KELVIN = 150.0
    """Rise of the onset for a set of carbonates alone; learned."""

    def __init__(self, prior: RatePrior, scale: float) -> None:
        """Keep the prior; `scale` is one unit of scaled outcome in the yield's."""
        super().__init__()
        self.prior, self.scale = prior, scale
        # Each is a standard normal deviate, so that one step size suits all.
        for name in CONSTANTS:
            self.register_parameter(f"raw_{name}", torch.nn.Parameter(_zero()))
            self.register_prior(
                f"{name}_prior", NormalPrior(_zero(), torch.ones_like(_zero())),
                f"raw_{name}",
            )  # fmt: skip
        self.shares = torch.tensor(prior.spots.shares, dtype=torch.float64)

    @property
    def onset_kelvin(self) -> Tensor:
        """Return the learned onset, K."""
        raw: Tensor = self.raw_onset
        return self.prior.onset_kelvin + self.prior.onset_sd_kelvin * raw

    @property
    def limit_kelvin(self) -> Tensor:
        """Return the learned limit, K."""
        raw: Tensor = self.raw_limit
        return self.prior.limit_kelvin + self.prior.limit_sd_kelvin * raw

    def forward(self, X: Tensor) -> Tensor:
        """Return the scaled mean, shape `batch x n`, for X of shape `batch x n x d`."""
        return self.at(X, [getattr(self, f"raw_{name}") for name in CONSTANTS])

    def at(self, X: Tensor, deviates: Sequence[Tensor]) -> Tensor:
        """Return the scaled mean for other constants.

        Args:
            X: Shape `n x d`.
            deviates: One for each of `CONSTANTS`, standard normal, broadcast against n.
        """
        height = torch.sigmoid(1.0 + deviates[CONSTANTS.index("height")])
        return height * self._course(X, deviates) / self.scale

    def reach(self, X: Tensor) -> Tensor:
        """Return how far the reaction goes, 0 to 1, for X of shape `batch x n x d`."""
        return self._course(X, [getattr(self, f"raw_{name}") for name in CONSTANTS])

    def spotted(self, X: Tensor) -> Tensor:
        """Return what one deviation of each spot's offset adds, `batch x n x names`."""
        up, down = X.clone(), X.clone()
        up[..., -N_PHYSICS] += OFFSET_KELVIN
        down[..., -N_PHYSICS] -= OFFSET_KELVIN
        slope = (self(up) - self(down)) / 2
        found: Tensor = (
            slope.unsqueeze(-1) * self.shares[X[..., SPOT - N_PHYSICS].long()]
        )
        return found

    def _course(self, X: Tensor, deviates: Sequence[Tensor]) -> Tensor:
        """Return `extent x intactness x chance`; see `at`."""
        shift, fall, slow, _, oxygen = deviates
        kelvin, log_hours, carbonate, chance, gas = X[..., -N_PHYSICS:-3].unbind(-1)
        limit = self.prior.limit_kelvin + self.prior.limit_sd_kelvin * fall
        share = 0.5 * torch.exp(0.5 * oxygen)
        stretch = 1 + share * GAS_CONSTANT * limit / RELEASE * gas
        rise = self.CARBONATE_KELVIN * torch.exp(0.7 * slow)
        begins = self.prior.onset_kelvin + self.prior.onset_sd_kelvin * shift
        onset = (begins * stretch + rise * carbonate).clamp_min(300.0)
        heat = self.ACTIVATION / GAS_CONSTANT * (1 / onset - 1 / kelvin)
        reduced_time = (0.5 * (log_hours - log(10.0) + heat)).clamp(-20.0, 4.0)
        extent = 1 - torch.exp(-log(2.0) * torch.exp(reduced_time))
        # A logistic as wide as the doubt about where the limit lies.
        width = self.prior.limit_sd_kelvin * sqrt(3) / torch.pi
        intact = torch.sigmoid((limit * stretch - kelvin) / width)
        return extent * intact * chance


def _zero() -> Tensor:
    return torch.zeros((), dtype=torch.float64)


class CalculatedMean(Mean):  # type: ignore[misc]
    """Prior mean of a figure that follows from the settings, but for an offset.

    Furnaces cool slower than their programme at the end, and thermocouples are off: the
    same for every recipe, or nearly.
    """

    def __init__(self, known: Calculated) -> None:
        """Keep where the figure stands."""
        super().__init__()
        self.known = known
        self.register_parameter("raw_offset", torch.nn.Parameter(_zero()))
        self.register_prior(
            "offset_prior", NormalPrior(_zero(), torch.ones_like(_zero())), "raw_offset"
        )

    def forward(self, X: Tensor) -> Tensor:
        """Return the scaled mean, shape `batch x n`, for X of shape `batch x n x d`."""
        k = self.known
        scaled: Tensor = (X[..., k.column] - k.less) * k.slope + k.intercept
        offset: Tensor = self.raw_offset
        return scaled + offset


class RecalledMean(Mean):  # type: ignore[misc]
    """Another prior mean, moved towards what earlier campaigns forecast.

    Each forecast is a difference from that mean, and counts as far as it is believed;
    the doubt about that is left to `loadkernel.LoadKernel`.
    """

    def __init__(self, base: Mean, recalls: Recalls) -> None:
        """Keep the mean, and what forecasts there are."""
        super().__init__()
        self.base, self.recalls = base, recalls

    def forward(self, X: Tensor) -> Tensor:
        """Return the scaled mean, shape `batch x n`, for X of shape `batch x n x d`."""
        found: Tensor = self.base(X) + self._told(X)
        return found

    def at(self, X: Tensor, deviates: Sequence[Tensor]) -> Tensor:
        """Return the scaled mean for other constants; see `RateMean.at`."""
        found: Tensor = self.base.at(X, deviates) + self._told(X)
        return found

    def _told(self, X: Tensor) -> Tensor:
        return X[..., self.recalls.columns] @ self.recalls.mean
