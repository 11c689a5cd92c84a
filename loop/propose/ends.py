"""What precursor sets do at the ends of the composition space, and between them.

An end has one cation alone on each shared site. Amounts and gases of a set follow the
composition linearly, so everything between the ends is a weighted mean of them, also
where an end itself lies off the limits. A target of fixed formula is its only end.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from campaigns.composition import Site, composed, ends
from campaigns.materials.formula import Formula
from campaigns.materials.reactions import gas_balance
from campaigns.precursors import PrecursorSet
from campaigns.reagents import formula_of
from campaigns.spec import CampaignSpec
from loop.propose.features import (
    Facts,
    SetChemistry,
    carbonate_held,
    cation_moles,
    source_at,
)
from loop.propose.points import Points

MOST_KNOTS = 256
"""Temperatures at which free energies are asked for one by one."""
STEP_KELVIN = 10.0
"""Between more temperatures they are interpolated over such steps, in which a free
energy of reaction bends by less than 0.1 kJ/mol: a heat capacity of 100 J/(mol K)
over 10 K."""
Floats = NDArray[np.float64]
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Ends:
    """The ends of a campaign's composition space, for each precursor set."""

    sites: tuple[Site, ...]
    chemistry: tuple[tuple[SetChemistry, ...], ...]
    """Shape sets x ends; amounts below 0 where an end lies beyond what a set makes."""
    sources: tuple[str, ...]
    """Names of sources that tell sets apart, as in `features.SetFeatures`."""
    celsius: float
    """Temperature by which reagents have become those sources."""
    facts: Facts

    def weights(self, points: Points) -> Floats:
        """Return how much of each end a composition holds, `n x ends`, sums 1."""
        weights = np.ones((len(points), 1))
        for site in self.sites:
            shares = np.stack([points.numbers(key) for key in site.keys], axis=1)
            both = weights[:, :, None] * shares[:, None, :]
            weights = both.reshape(len(points), -1)
        return weights

    @cached_property
    def elements(self) -> frozenset[str]:
        """Return the elements of the target at all compositions."""
        targets = (end.target for one in self.chemistry for end in one)
        return frozenset[str]().union(*(Formula.parse(t).elements for t in targets))

    def mixed(self, row: int, weights: Floats) -> SetChemistry:
        """Return a set's amounts at a composition.

        Args:
            row: The set's.
            weights: Of the ends, shape ends.
        """
        found = self.chemistry[row]
        if len(found) == 1:
            return found[0]
        parts = list(zip(found, weights.tolist(), strict=True))
        moles = {
            text: sum(w * end.moles.get(text, 0.0) for end, w in parts)
            for text in found[0].moles
        }
        names = dict.fromkeys(gas for end in found for gas in end.gases)
        gases = {
            gas: sum(w * end.gases.get(gas, 0.0) for end, w in parts) for gas in names
        }
        kept = {text: n for text, n in moles.items() if n > 1e-9}
        return replace(found[0], moles=kept, gases=gases)

    def stable_carbonate(self, rows: Rows, weights: Floats) -> Floats:
        """Return CO2 in carbonates that outlast heating, mol per mol of cations.

        Args:
            rows: Of the sets, shape n.
            weights: Of the ends, shape `n x ends`.
        """
        held = (weights * self._carbonates[rows]).sum(axis=-1)
        whole = (weights * self._cations[rows]).sum(axis=-1)
        return np.asarray(
            np.divide(held, whole, out=np.zeros_like(held), where=whole > 0)
        )

    def are_dosed(self, rows: Rows, weights: Floats) -> NDArray[np.bool_]:
        """Return which sources take part, `n x sources`.

        That of a cation which a composition lacks is not dosed.
        """
        if not self.sites:
            return np.ones((len(rows), len(self.sources)), dtype=bool)
        moles = np.einsum("ne,nes->ns", weights, self._brought[rows])
        return np.asarray(moles > 1e-9)

    def chances(
        self, kelvin: Floats, gases: NDArray[np.object_], rows: Rows, weights: Floats
    ) -> Floats:
        """Return probabilities that the reaction runs at all, 1 if not known.

        Args:
            kelvin: Of n profiles.
            gases: Of n profiles.
            rows: Sets that go with each profile, shape n or `n x w`.
            weights: Of the ends, one axis more.
        """
        found = np.ones(rows.shape)
        for gas in dict.fromkeys(gases):
            here = np.flatnonzero(gases == gas)
            mean, sd = self.driving_forces(
                kelvin[here], str(gas), rows[here], weights[here]
            )
            chance = chance_of(mean, sd)
            found[here] = np.where(np.isnan(chance), 1.0, chance)
        return found

    def driving_forces(
        self, kelvin: Floats, gas: str, rows: Rows, weights: Floats
    ) -> tuple[Floats, Floats]:
        """Return free energies of the reaction and their sigmas, kJ per mol of target.

        Between the ends they are those of a mixture of them: a solid solution lies
        lower, where there is one. Their sigmas are taken to go together. Not a number
        where nothing is known; arguments as in `chances`.
        """
        mean, sd = self._forces(kelvin, gas)
        at = np.arange(len(kelvin)).reshape(-1, *[1] * (rows.ndim - 1))
        # An end of which a composition holds nothing need not be known.
        parts = [
            [np.where(weights[..., e] > 0, weights[..., e] * part[rows, e, at], 0.0)
             for e in range(weights.shape[-1])]
            for part in (mean, sd)
        ]  # fmt: skip
        return np.sum(parts[0], axis=0), np.sum(parts[1], axis=0)

    def _forces(self, kelvin: Floats, gas: str) -> tuple[Floats, Floats]:
        """Return free energies and sigmas at the ends, each sets x ends x n."""
        knots = np.unique(np.round(kelvin, 3))
        if len(knots) > MOST_KNOTS:
            n = int(np.ceil((knots[-1] - knots[0]) / STEP_KELVIN)) + 1
            knots = np.linspace(knots[0], knots[-1], n)
        shape = (len(self.chemistry), len(self.chemistry[0]), len(kelvin))
        mean, sd = np.empty(shape), np.empty(shape)
        for i, one in enumerate(self.chemistry):
            for j, end in enumerate(one):
                known = [self._known(end, i, j, float(k), gas) for k in knots]
                mean[i, j] = np.interp(kelvin, knots, [m for m, _ in known])
                sd[i, j] = np.interp(kelvin, knots, [s for _, s in known])
        return mean, sd

    def _known(
        self, end: SetChemistry, row: int, column: int, kelvin: float, gas: str
    ) -> tuple[float, float]:
        key = (row, column, kelvin, gas)
        if key not in self._asked:
            known = self.facts.driving_force(end, kelvin, gas)
            self._asked[key] = (np.nan, np.nan) if known is None else known
        return self._asked[key]

    @cached_property
    def _asked(self) -> dict[tuple[int, int, float, str], tuple[float, float]]:
        return {}

    @cached_property
    def _carbonates(self) -> Floats:
        return np.array(
            [[carbonate_held(end) for end in one] for one in self.chemistry]
        )

    @cached_property
    def _cations(self) -> Floats:
        return np.array([[cation_moles(end) for end in one] for one in self.chemistry])

    @cached_property
    def _brought(self) -> Floats:
        """Return moles of each source, sets x ends x sources."""
        found = [
            [[sum(n for text, n in end.moles.items()
                  if source_at(text, self.celsius) == name) for name in self.sources]
             for end in one]
            for one in self.chemistry
        ]  # fmt: skip
        return np.array(found, dtype=np.float64).reshape(
            len(self.chemistry), len(self.chemistry[0]), len(self.sources)
        )


def chance_of(mean: Floats, sd: Floats) -> Floats:
    """Return the probability that a reaction of some free energy runs at all.

    Args:
        mean: Free energies, kJ/mol.
        sd: Their standard deviations, kJ/mol; at least 1 is taken.
    """
    found: Floats = norm.cdf(-mean / np.maximum(sd, 1.0))
    return found


def chemistry_at_ends(
    spec: CampaignSpec, found: PrecursorSet, shown: SetChemistry
) -> tuple[SetChemistry, ...]:
    """Return a set's amounts at each end of the composition space.

    Args:
        spec: The campaign.
        found: The set.
        shown: Its amounts at the composition that it is shown with: what is returned
            where the formula is fixed, or amounts at an end have no meaning.
    """
    if not spec.space.composition:
        return (shown,)
    reached = [_at_end(found, composed(spec, end), shown) for end in ends(spec)]
    return tuple(shown if one is None else one for one in reached)


def _at_end(
    found: PrecursorSet, target: Formula, shown: SetChemistry
) -> SetChemistry | None:
    moles = found.supply(target, {})
    if moles is None:
        return None
    formulas = [formula_of(precursor) for precursor in found.precursors]
    gases = gas_balance(list(zip(formulas, moles, strict=True)), target)
    if gases is None:
        return None
    amounts: dict[str, float] = {}
    for precursor, n in zip(found.precursors, moles, strict=True):
        amounts[precursor.formula] = amounts.get(precursor.formula, 0.0) + float(n)
    given = {str(gas): float(n) for gas, n in gases}
    return replace(shown, target=str(target), moles=amounts, gases=given)
