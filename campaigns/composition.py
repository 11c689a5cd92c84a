"""Targets of variable composition: sites that several cations share.

A site is an element of the target's formula whose place the cations named for it take
in shares that add up to 1: `Ba` of `BaTiO3` shared by Ba and Sr is `Ba(1-x)Sr(x)TiO3`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import log, prod

from campaigns.errors import MaterialError, SpecError
from campaigns.materials.formula import Formula
from campaigns.recipe import Parameters
from campaigns.spec import CampaignSpec, Range

PREFIX = "share."
"""Of the parameters: `share.Sr` is strontium's share of its site."""
PLACES = 3
"""Decimals of a share without a step: of a gram, a milligram is weighed well."""
MAX_GRID = 20_000
"""Compositions of one site that are listed; finer grids are drawn from."""
TOLERANCE = Fraction(1, 1_000_000)
"""By how much shares may miss 1 in all: digits lost in writing."""
Shares = dict[str, Fraction]
"""Cation to its share of the site, 0 to 1."""


@dataclass(frozen=True)
class Site:
    """A place of the formula that cations share."""

    element: str
    """As the target's formula names it."""
    ranges: tuple[tuple[str, Range], ...]
    """Cation and its limits, two or more."""

    @property
    def cations(self) -> tuple[str, ...]:
        """Return the cations in the order of the file."""
        return tuple(name for name, _ in self.ranges)

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the parameters of the shares, in the same order."""
        return tuple(PREFIX + name for name in self.cations)

    @cached_property
    def corners(self) -> tuple[Shares, ...]:
        """Return the vertices of the allowed compositions, none if there are none.

        All cations but one stand at a limit there, and the last makes up the rest.
        """
        ends = [(_exact(r.min), _exact(r.max)) for _, r in self.ranges]
        found: dict[tuple[Fraction, ...], None] = {}
        for free in range(len(ends)):
            others = [end for i, end in enumerate(ends) if i != free]
            for chosen in product(*others):
                rest = 1 - sum(chosen, Fraction(0))
                if ends[free][0] <= rest <= ends[free][1]:
                    found[(*chosen[:free], rest, *chosen[free:])] = None
        return tuple(dict(zip(self.cations, one, strict=True)) for one in sorted(found))

    @cached_property
    def grid(self) -> tuple[dict[str, float], ...]:
        """Return every composition on the steps; empty if continuous or too many.

        One cation may be without a step: it makes up the rest.
        """
        loose = [i for i, (_, r) in enumerate(self.ranges) if r.step is None]
        if len(loose) > 1:
            return ()
        last = loose[0] if loose else len(self.ranges) - 1
        values = [[_exact(v) for v in r.values]
                  for i, (_, r) in enumerate(self.ranges) if i != last]  # fmt: skip
        if prod(map(len, values)) > MAX_GRID:
            return ()
        found = []
        for chosen in product(*values):
            rest = 1 - sum(chosen, Fraction(0))
            if _is_allowed(rest, self.ranges[last][1]):
                found.append((*chosen[:last], rest, *chosen[last:]))
        return tuple(self._written(one) for one in found)

    @property
    def is_stepped(self) -> bool:
        """Return whether at most one cation is without a step."""
        return sum(r.step is None for _, r in self.ranges) <= 1

    @property
    def middle(self) -> dict[str, float]:
        """Return the allowed composition nearest to the mean of the corners."""
        n = len(self.corners)
        mean = [
            sum((c[name] for c in self.corners), Fraction(0)) / n
            for name in self.cations
        ]
        return self._near(mean)

    def draw(self, places: Sequence[float]) -> dict[str, float] | None:
        """Return the composition at a point of the unit cube, None off the limits.

        Evenly spread places give evenly spread compositions of those above all lower
        limits; the upper limits are met by leaving out what breaks them.

        Args:
            places: One for each cation, each above 0 and below 1.

        Source:
            Devroye, Non-Uniform Random Variate Generation (1986), section V.2: scaled
            exponentials are uniform on a simplex. Cornell, Experiments with Mixtures
            (3rd ed., 2002), section 3.2: lower limits leave a simplex.
        """
        waits = [-log(min(max(u, 1e-12), 1 - 1e-12)) for u in places]
        lows = [_exact(r.min) for _, r in self.ranges]
        room = 1 - sum(lows)
        total = sum(waits)
        shares = [
            low + room * Fraction(wait / total)
            for low, wait in zip(lows, waits, strict=True)
        ]
        if any(
            s > _exact(r.max) for s, (_, r) in zip(shares, self.ranges, strict=True)
        ):
            return None
        return self._near(shares)

    def around(self, shares: Mapping[str, float]) -> Iterator[dict[str, float]]:
        """Yield compositions with some of one cation replaced by another."""
        for gains, (_, more) in zip(self.cations, self.ranges, strict=True):
            for loses in self.cations:
                for shift in (more.step,) if more.step else (0.02, 0.07):
                    moved = {name: _exact(shares[name]) for name in self.cations}
                    moved[gains] += _exact(shift)
                    moved[loses] -= _exact(shift)
                    if gains != loses and self.allows(moved):
                        yield self._written(tuple(moved.values()))

    def moved(self, shares: Mapping[str, float], name: str, to: float) -> Shares:
        """Return the composition with one share changed, the others in proportion.

        Source:
            Cox, Biometrika 58 (1971) 155: the direction in which a component's effect
            is read.
        """
        rest = sum(_exact(shares[other]) for other in self.cations if other != name)
        n = len(self.cations) - 1
        left = 1 - _exact(to)
        return {
            other: _exact(to) if other == name
            else left * _exact(shares[other]) / rest if rest else left / n
            for other in self.cations
        }  # fmt: skip

    def allows(self, shares: Mapping[str, Fraction | float]) -> bool:
        """Return whether shares lie on the steps, within the limits, and add to 1."""
        values = [_exact(shares[name]) for name in self.cations]
        return abs(sum(values, Fraction(0)) - 1) <= TOLERANCE and all(
            _is_allowed(value, limits)
            for value, (_, limits) in zip(values, self.ranges, strict=True)
        )

    def _near(self, shares: Sequence[Fraction]) -> dict[str, float]:
        """Return the allowed composition nearest to one within the limits."""
        if self.grid:
            return min(self.grid, key=lambda one: sum(
                abs(float(s) - one[name])
                for s, name in zip(shares, self.cations, strict=True)
            ))  # fmt: skip
        rounded = [round(share, PLACES) for share in shares]
        # The largest share takes up what rounding left: it feels it least.
        largest = rounded.index(max(rounded))
        rounded[largest] += 1 - sum(rounded)
        return self._written(tuple(rounded))

    def _written(self, shares: Sequence[Fraction]) -> dict[str, float]:
        return {n: float(s) for n, s in zip(self.cations, shares, strict=True)}


def _exact(value: float | Fraction) -> Fraction:
    return value if isinstance(value, Fraction) else Fraction(repr(float(value)))


def _is_allowed(share: Fraction, limits: Range) -> bool:
    low, high = _exact(limits.min), _exact(limits.max)
    if not low - TOLERANCE <= share <= high + TOLERANCE:
        return False
    if limits.step is None:
        return True
    steps = (share - low) / _exact(limits.step)
    return abs(steps - round(steps)) * _exact(limits.step) <= TOLERANCE


def sites(spec: CampaignSpec) -> tuple[Site, ...]:
    """Return the shared sites of a campaign's target, none if its formula is fixed."""
    return tuple(
        Site(element, tuple(shared.items()))
        for element, shared in spec.space.composition.items()
    )


def composed(spec: CampaignSpec, shares: Mapping[str, Fraction]) -> Formula:
    """Return the target's formula with its sites filled.

    Args:
        spec: The campaign.
        shares: Of every cation that shares a site.
    """
    found = sites(spec)
    target = Formula.parse(spec.target.formula)
    if not found:
        return target
    by_element = {site.element: site for site in found}
    amounts: dict[str, Fraction] = {}
    for element, whole in target.in_written_order.items():
        site = by_element.get(element)
        parts = {element: Fraction(1)} if site is None else {
            name: shares[name] for name in site.cations
        }  # fmt: skip
        for name, share in parts.items():
            if share:
                amounts[name] = amounts.get(name, Fraction(0)) + whole * share
    return Formula.of(amounts)


def shares_of(spec: CampaignSpec, parameters: Parameters) -> Shares:
    """Return the shares that parameters give, exactly, adding up to 1 on each site.

    Raises:
        SpecError: If one is missing or below 0, or they do not add up to 1.
    """
    found: Shares = {}
    for site in sites(spec):
        missing = [key for key in site.keys if key not in parameters]
        if missing:
            raise SpecError.single(
                f"parameters.{missing[0]}", "nothing", "a share from 0 to 1",
                f"give the shares of all cations on the {site.element} site",
            )  # fmt: skip
        values = [_exact(float(parameters[key])) for key in site.keys]
        total = sum(values, Fraction(0))
        if abs(total - 1) > TOLERANCE or min(values) < 0:
            raise SpecError.single(
                f"parameters.{site.keys[0]}",
                f"shares of the {site.element} site that add up to {float(total):g}",
                "shares from 0 on that add up to 1", "correct one of them",
            )  # fmt: skip
        found |= {
            name: value / total
            for name, value in zip(site.cations, values, strict=True)
        }
    return found


def target_of(spec: CampaignSpec, parameters: Parameters) -> Formula:
    """Return the compound that a sample is to be: the campaign's, at its composition.

    Raises:
        SpecError: As `shares_of`.
    """
    if not spec.space.composition:
        return Formula.parse(spec.target.formula)
    return composed(spec, shares_of(spec, parameters))


def corners(spec: CampaignSpec) -> tuple[Shares, ...]:
    """Return the extreme compositions of all sites together; one, empty, if fixed."""
    return _joined([site.corners for site in sites(spec)])


def ends(spec: CampaignSpec) -> tuple[Shares, ...]:
    """Return the compositions with one cation alone on each site, in or off limits."""
    return _joined([
        [{n: Fraction(int(n == name)) for n in site.cations} for name in site.cations]
        for site in sites(spec)
    ])  # fmt: skip


def _joined(choices: Sequence[Sequence[Shares]]) -> tuple[Shares, ...]:
    return tuple(
        {name: share for one in chosen for name, share in one.items()}
        for chosen in product(*choices)
    )


def generic(spec: CampaignSpec) -> tuple[Shares, ...]:
    """Return compositions within the limits that no reagent is likely to have.

    One near the middle and one near each corner: a precursor set that balances on some
    part of the space balances at one of them. One, empty, if the formula is fixed.

    Raises:
        MaterialError: If no shares within the limits add up to 1.
    """
    if not spec.space.composition:
        return ({},)
    if not (extreme := corners(spec)):
        raise MaterialError("space.composition: no shares within the limits add to 1")
    # Weights without a common divisor keep clear of simple ratios.
    weights = [Fraction(1, 97 + 10 * i) for i in range(len(extreme))]
    total = sum(weights, Fraction(0))
    middle = {
        name: sum(
            (w * c[name] for w, c in zip(weights, extreme, strict=True)), Fraction(0)
        )
        / total
        for name in extreme[0]
    }
    near = Fraction(9, 10)
    return (
        middle,
        *(
            {name: near * one[name] + (1 - near) * middle[name] for name in one}
            for one in extreme
        ),
    )
