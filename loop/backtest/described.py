"""Candidates as Athanor's model sees them: settings, chemistry, physics columns."""

import re
from dataclasses import dataclass
from math import log

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from campaigns.errors import MaterialError
from campaigns.materials.formula import Formula
from loop.backtest.encoding import is_numeric, one_hot, unit_column
from loop.backtest.table import Space
from loop.propose.columns import Columns
from loop.propose.features import slowest_carbonate, source_at
from loop.propose.means import RatePrior

KELVIN = 273.15
USUAL_CELSIUS = 1100.0
"""Reaction temperature where no column tells it.

Source: Kononova et al., Sci. Data 6 (2019) 203: the median hottest firing of the 23,461
reactions of the data set of 2019-12-03 that state one; quartiles 900 and 1300 °C."""
USUAL_HOURS = 10.0
"""Hold where no column tells it; the rate law's onset is defined by it."""
FIRST_CELSIUS = 600.0
"""Where powders begin to react on their way up to whatever temperature: a carbonate
that lasts until then takes part as one.

Source: the same data set: 91 % of its reactions are fired hotter."""
NOISE_SPREAD = 0.5
"""Deviation of the logarithm of a yield's noise variance. A share is weighed by a known
method, which `surrogate.NOISE_FLOOR` states, so its noise is known within a factor of
two or three. What the models leave unexplained is no noise: it belongs to the set."""
_TEMPERATURE = re.compile(r"temp|celsius|kelvin|°C|(^|_)T(_|$)", re.IGNORECASE)
_IN_KELVIN = re.compile(r"kelvin|[_(\[ /]K[)\]]?$")
_HOLD = re.compile(r"hold|dwell|hour|time", re.IGNORECASE)
_IN_MINUTES = re.compile(r"min", re.IGNORECASE)
_IN_SECONDS = re.compile(r"sec|[_(\[ /]s[)\]]?$", re.IGNORECASE)


@dataclass(frozen=True)
class Described:
    """Candidates, and what physics says of them before any result."""

    X: Tensor
    """Shape `n x columns.n`."""
    columns: Columns
    rate: RatePrior | None
    """Prior of the rate law; None unless sets of solids are heated."""
    n_inputs: int
    """Columns of settings alone."""


def describe(space: Space, *, has_chemistry: bool = True) -> Described:
    """Return the candidates' columns.

    Amounts on a simplex enter as square roots of shares: their distance is Hellinger's,
    in which a first percent of an additive counts for more than the fiftieth.

    Args:
        space: The candidates.
        has_chemistry: Use formulas; else a set is its members' names.
    """
    process = [_amounts(space, n) for n in space.names if is_numeric(space, n)]
    hot = [one_hot(space, n) for n in space.names if not is_numeric(space, n)]
    own: list[NDArray[np.float64]] = []
    descriptors: list[NDArray[np.float64]] = []
    physics = _physics(space)
    rate = None
    for name in space.names:
        values = space.column(name)
        sets = [one for one in values if isinstance(one, frozenset)]
        if not sets:
            continue
        if not has_chemistry or not any(map(_is_formula, frozenset().union(*sets))):
            continue
        celsius = min(float(physics[:, 0].min()) - KELVIN, FIRST_CELSIUS)
        hot = [one_hot(space, n) for n in space.names
               if n != name and not is_numeric(space, n)]  # fmt: skip
        own.append(_sources(sets, celsius))
        share = np.array([slowest_carbonate(filter(_is_formula, one)) for one in sets])
        physics[:, 2] = share
        descriptors += _standard(np.array([share, [float(len(s)) for s in sets]]))
        rate = _rate_prior(physics[:, 0])
    identity = [_normed(block) for block in (*hot, *own)]
    blocks = [*process, *identity, *descriptors]
    n_identity = sum(block.shape[1] for block in identity)
    columns = Columns(len(process), 0, n_identity, len(descriptors))
    shaped = [b if b.ndim == 2 else b[:, None] for b in (*blocks, physics)]
    X = torch.from_numpy(np.concatenate(shaped, axis=1))
    return Described(X, columns, rate, len(process) + n_identity)


def _amounts(space: Space, name: str) -> NDArray[np.float64]:
    """Return a setting from 0 to 1 over the candidates."""
    values = np.array(space.column(name), dtype=float)
    if name in space.simplex:
        whole = sum(np.array(space.column(n), dtype=float) for n in space.simplex)
        values = np.sqrt(values / whole)
    return unit_column(values)


def _normed(block: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return rows such that two with nothing in common are about root 2 apart."""
    # A member that all have says nothing.
    block = block[:, np.ptp(block, axis=0) > 0]
    typical = block.sum(axis=1).mean() if block.size else 1.0
    found: NDArray[np.float64] = block / np.sqrt(max(1.0, typical))
    return found


def _is_formula(text: str) -> bool:
    """Return whether a name is a formula of more than one element, as salts are.

    One letter, or letter and digit, names ligands and catalysts as well.
    """
    try:
        return len(Formula.parse(text).elements) > 1
    except MaterialError:
        return False


def _sources(sets: list[frozenset[str]], celsius: float) -> NDArray[np.float64]:
    """Return what sets are made of by a temperature: CuCO3 and CuO are one column."""
    found = [
        {source_at(m, celsius) if _is_formula(m) else m for m in members}
        for members in sets
    ]
    names = sorted({name for one in found for name in one})
    return np.array([[float(name in one) for name in names] for one in found])


def _standard(rows: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Return rows of mean 0 and standard deviation 1; those that vary."""
    return [(r - r.mean()) / r.std() for r in rows if r.std() > 1e-9]


def _physics(space: Space) -> NDArray[np.float64]:
    """Return the physics columns; see `loop.propose.columns`."""
    numeric = [name for name in space.names if is_numeric(space, name)]
    hot = next((n for n in numeric if _TEMPERATURE.search(n)), None)
    held = next((n for n in numeric if n != hot and _HOLD.search(n)), None)
    kelvin = np.full(space.n, USUAL_CELSIUS + KELVIN)
    if hot is not None:
        kelvin = np.array(space.column(hot), dtype=float)
        kelvin = kelvin + (0.0 if _IN_KELVIN.search(hot) else KELVIN)
    hours = np.full(space.n, USUAL_HOURS)
    if held is not None:
        unit = 60.0 if _IN_MINUTES.search(held) else 1.0
        unit = 3600.0 if _IN_SECONDS.search(held) else unit
        hours = np.array(space.column(held), dtype=float) / unit
    no = np.zeros(space.n)
    logs = [log(max(h, 1e-3)) for h in hours.tolist()]
    one = np.ones(space.n)
    return np.column_stack([kelvin, logs, no, one, no, no, hours, no])


def _rate_prior(kelvin: NDArray[np.float64]) -> RatePrior:
    """Return the belief about the rate law: the range straddles the onset.

    The onset is that of `AthanorProposer`. The limit lies half a range above: who made
    the table did not heat its samples until they melted, but may have come near it.
    """
    low, high = float(kelvin.min()), float(kelvin.max())
    width = max(high - low, 150.0)
    return RatePrior(
        onset_kelvin=high - 0.55 * width,
        onset_sd_kelvin=0.2 * width,
        limit_kelvin=high + 0.5 * width,
        limit_sd_kelvin=0.25 * width,
        is_gate=True,
        is_each_own=True,
        noise_spread=NOISE_SPREAD,
    )
