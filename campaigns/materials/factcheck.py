"""Faults in what a row says besides its structure: charges, heat, polymorphs.

These tests need no structure, so rows of reagents known by composition alone have them
as well. Each yields a text: what was found, and what is allowed.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import pairwise, product

from campaigns.errors import MaterialError
from campaigns.materials.bonds import CATIONS
from campaigns.materials.formula import Formula
from campaigns.materials.heat import ANY, Change
from campaigns.materials.phases import Phase

COLDEST_CELSIUS, HOTTEST_CELSIUS = 0.0, 4000.0
"""No reagent of this trade melts below, no oxide or carbide above."""
_FROM_GAS = frozenset("OH")
"""Elements that furnace gases and moisture may add to what a phase becomes."""
_TO_GAS = frozenset("CHNO")
"""Elements that may leave altogether when a phase decomposes."""


def usual_charges(phase: Phase) -> Mapping[str, tuple[int, ...]]:
    """Return the positive charges that each cation may have, where the formula says.

    Of elements with several usual charges only those that balance the oxygens are
    kept, all of them in a phase of mixed valence.
    """
    amounts = {s: n for s, n in phase.formula.composition if s in CATIONS}
    choices = [CATIONS[symbol].charges for symbol in amounts]
    anions = _anion_charge(phase)
    fitting = [
        picked
        for picked in product(*choices)
        if sum(n * c for n, c in zip(amounts.values(), picked, strict=True)) == anions
    ]
    if phase.valence == "mixed" or not fitting:
        fitting = list(product(*choices))
    columns = zip(amounts, zip(*fitting, strict=True), strict=True)
    positive = {s: tuple(sorted({c for c in picked if c > 0})) for s, picked in columns}
    return {symbol: charges for symbol, charges in positive.items() if charges}


def charge(phase: Phase) -> Iterator[str]:
    """Yield a text where no usual charges balance the anions."""
    if phase.valence == "metal":
        return
    amounts = {s: n for s, n in phase.formula.composition if s != "O"}
    unknown = sorted(set(amounts) - set(CATIONS))
    if unknown:
        yield f"no usual charge is known for {', '.join(unknown)}; add it here"
        return
    anions = _anion_charge(phase)
    choices = [CATIONS[symbol].charges for symbol in amounts]
    totals = [
        sum(n * charge for n, charge in zip(amounts.values(), picked, strict=True))
        for picked in product(*choices)
    ]
    if phase.valence == "mixed":
        # Copper is the one metal here that a mixed oxide takes above its usual charge.
        is_balanced = min(totals) <= anions <= max(totals) + amounts.get("Cu", 0)
    else:
        is_balanced = anions in totals
    if not is_balanced:
        sums = ", ".join(sorted({f"{float(total):g}" for total in totals}))
        yield f"anions need {float(anions):g}, cations give {sums} ({phase.valence})"


def _anion_charge(phase: Phase) -> Fraction:
    oxide = 1 if phase.valence == "peroxide" else 2
    return phase.formula.amount("O") * oxide


def heat(phase: Phase) -> Iterator[str]:
    """Yield a text for each change on heating that cannot be as it is stated."""
    for change in phase.heat:
        if not COLDEST_CELSIUS <= change.celsius <= HOTTEST_CELSIUS:
            yield (
                f"{change.event} at {change.celsius:g} °C; allowed:"
                f" {COLDEST_CELSIUS:g} to {HOTTEST_CELSIUS:g} °C"
            )
        yield from _products(phase, change)
    for one, other in pairwise(phase.heat):
        if other.celsius < one.celsius:
            yield f"it {other} after it {one}; allowed: rising temperatures"
    yield from _order(phase)


def _order(phase: Phase) -> Iterator[str]:
    """Yield a text where a change repeats, or a solid turns that is none any more."""
    seen: set[tuple[str, str]] = set()
    for change in phase.heat:
        key = change.event, change.gas
        if key in seen and change.event in {"melts", "decomposes"}:
            yield f"it {change.event} in {change.gas} twice; allowed: once in one gas"
        seen.add(key)
        is_molten = not seen.isdisjoint({("melts", change.gas), ("melts", ANY)})
        if change.event == "turns" and is_molten:
            yield f"it {change}, molten already; allowed: below the melting point"


def _products(phase: Phase, change: Change) -> Iterator[str]:
    """Yield a text where elements appear from nowhere, or metals vanish."""
    if change.event == "turns" or not change.into:
        if change.event == "evaporates":
            yield f"it {change}; allowed: with the vapour, such as MoO3"
        return
    try:
        made = [Formula.parse(text) for text in change.into.split(" + ")]
    except MaterialError as error:
        yield f"it {change}: {error}"
        return
    found = frozenset[str]().union(*(formula.elements for formula in made))
    if strange := sorted(found - phase.elements - _FROM_GAS):
        needs = ", ".join(strange)
        yield f"it {change}, which needs {needs}; allowed: its own elements"
    lost = sorted(phase.elements - found - _TO_GAS)
    if lost and change.event == "decomposes":
        yield f"it {change}, without {', '.join(lost)}; allowed: all its metals"


def transitions(table: Mapping[str, Phase]) -> Iterator[tuple[str, str]]:
    """Yield name and text where a phase turns into something of another composition."""
    for phase in table.values():
        for change in phase.heat:
            if change.event != "turns" or not change.into:
                continue
            text = f"it {change}; allowed: a row of the same formula, or nothing"
            is_other = change.into in table and change.into != phase.name
            if not is_other or _reduced(table[change.into]) != _reduced(phase):
                yield phase.name, text


def _reduced(phase: Phase) -> tuple[object, ...]:
    return tuple(sorted(phase.formula.reduced.composition))


def occupancy(phase: Phase) -> Iterator[str]:
    """Yield a text for each position that holds more than one atom."""
    filled: dict[tuple[float, float, float], float] = {}
    for site in phase.sites:
        filled[site.xyz] = filled.get(site.xyz, 0.0) + site.occupancy
    for xyz, total in filled.items():
        if total > 1 + 1e-6:
            yield f"{total:g} atoms share the site at {xyz}; allowed: at most 1"
