"""Chemical formulas with exact amounts: `Formula.parse("Y2(CO3)3.3H2O")`.

Amounts are `Fraction`s, so that a reaction balances exactly or not at all.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from math import gcd, lcm
from types import MappingProxyType

from campaigns.errors import MaterialError
from campaigns.materials.elements import ATOMIC_WEIGHTS, WITHOUT_WEIGHT

_PLAIN = str.maketrans("₀₁₂₃₄₅₆₇₈₉•⋅∙*", "0123456789····")
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_NUMBER = re.compile(r"\d+/\d+|\d+(?:\.\d+)?")
_SYMBOL = re.compile(r"[A-Z][a-z]?")
_HYDRATE = re.compile(r"(\d+)((?:\.\d+)+)(/\d+)?H2O(?![\d(\[{])(?=$|[·.])")


@dataclass(frozen=True, slots=True)
class Formula:
    """A composition, equal to any other with the same amounts."""

    composition: tuple[tuple[str, Fraction], ...]
    """(element symbol, amount per formula unit > 0), sorted by symbol."""
    text: str = field(compare=False)
    """As written, with hydrate dots as `·`; parses to this composition."""

    @staticmethod
    def parse(text: str) -> "Formula":
        """Read a formula.

        Brackets nest; amounts are whole, decimal (`O6.93`) or fractions (`Ti1/2`), all
        exact. A hydrate or adduct follows `·`, `*` or `.`; a full stop between digits
        and before a final `H2O` is a hydrate dot (`Y2(CO3)3.3H2O` holds 3 H2O),
        unless the digit before it is a lone 0.

        Args:
            text: Formula such as `YBa2Cu3O6.93` or `CaSO4·1/2H2O`.

        Raises:
            MaterialError: If the text is no formula; says where and what is wrong.
        """
        return _parse(text)

    @staticmethod
    def of(amounts: Mapping[str, Fraction | int]) -> "Formula":
        """Build a formula from element amounts, written in the order given.

        Args:
            amounts: Element symbol to amount; zeros are left out.

        Raises:
            MaterialError: If an amount is negative, none is left, or a symbol is not
                an element.
        """
        kept = {symbol: Fraction(n) for symbol, n in amounts.items() if n}
        for symbol, amount in kept.items():
            if symbol not in ATOMIC_WEIGHTS:
                raise MaterialError(_not_an_element(symbol))
            if amount < 0:
                raise MaterialError(f"amount of {symbol} is {amount}, below 0")
        if not kept:
            raise MaterialError("a formula needs at least one element")
        composition = tuple(sorted(kept.items()))
        text = _write(kept, _decimal)
        try:
            is_same = _parse(text).composition == composition
        except MaterialError:
            is_same = False
        # `C3.3H2O` would be read as a hydrate: fall back to C33/10H2O.
        return Formula(composition, text if is_same else _write(kept, str))

    def __str__(self) -> str:
        """Return the text that parses to this formula."""
        return self.text

    @property
    def amounts(self) -> Mapping[str, Fraction]:
        """Return element symbol to amount per formula unit, > 0."""
        return MappingProxyType(dict(self.composition))

    @property
    def elements(self) -> frozenset[str]:
        """Return the symbols of the elements."""
        return frozenset(symbol for symbol, _ in self.composition)

    @property
    def in_written_order(self) -> dict[str, Fraction]:
        """Return amounts in the order in which the text first names each element."""
        amounts = dict(self.composition)
        written = dict.fromkeys(_SYMBOL.findall(self.text))
        return {symbol: amounts[symbol] for symbol in written}

    def amount(self, element: str) -> Fraction:
        """Return an element's amount per formula unit, 0 if absent."""
        return dict(self.composition).get(element, Fraction(0))

    @property
    def molar_mass(self) -> float:
        """Return the mass of one mole of formula units, g/mol."""
        return sum(float(n) * ATOMIC_WEIGHTS[symbol] for symbol, n in self.composition)

    @property
    def reduced(self) -> "Formula":
        """Return the formula in smallest whole numbers: Ba2Ti2O6 becomes BaTiO3."""
        values = [n for _, n in self.composition]
        factor = Fraction(
            lcm(*(n.denominator for n in values)),
            gcd(*(n.numerator for n in values)),
        )
        return self if factor == 1 else self * factor

    def __mul__(self, factor: Fraction | int) -> "Formula":
        """Return the formula with every amount times a positive factor."""
        ordered = self.in_written_order
        return Formula.of({symbol: n * factor for symbol, n in ordered.items()})

    __rmul__ = __mul__

    def __add__(self, other: "Formula") -> "Formula":
        """Return the sum of two formulas."""
        total = self.in_written_order
        for symbol, n in other.in_written_order.items():
            total[symbol] = total.get(symbol, Fraction(0)) + n
        return Formula.of(total)


def _write(amounts: Mapping[str, Fraction], number: Callable[[Fraction], str]) -> str:
    return "".join(
        symbol + ("" if n == 1 else number(n)) for symbol, n in amounts.items()
    )


def _decimal(value: Fraction) -> str:
    """Write a number as a decimal if that is exact and short, else as p/q."""
    rounded = f"{float(value):.6f}".rstrip("0").rstrip(".")
    return rounded if Fraction(rounded) == value else str(value)


def _not_an_element(symbol: str) -> str:
    if symbol in WITHOUT_WEIGHT:
        return f"{symbol} has no standard atomic weight"
    return f"{symbol!r} is not an element"


def _fail(text: str, position: int, problem: str) -> MaterialError:
    return MaterialError(f"formula {text!r}, character {position + 1}: {problem}")


def _mark_dots(text: str) -> str:
    """Turn every full stop that separates parts into `·`, keeping positions."""
    for match in _HYDRATE.finditer(text):
        whole, tail, _ = match.groups()
        dots = tail.count(".")
        if dots == 1 and whole == "0":
            continue  # O0.5H2O: a decimal, since no amount is 0
        if dots > 1 and not (dots == 2 and tail.startswith(".0.")):
            raise _fail(
                text, match.end(1), "this dot may be decimal or hydrate; write `·`"
            )
        text = f"{text[: match.end(1)]}·{text[match.end(1) + 1 :]}"
    return re.sub(r"(?<!\d)\.|\.(?!\d)", "·", text)


@lru_cache(maxsize=4096)
def _parse(text: str) -> Formula:
    plain = _mark_dots(text.strip().translate(_PLAIN))
    if not plain:
        raise MaterialError("a formula needs at least one element; found an empty text")
    total: dict[str, Fraction] = {}
    start = 0
    has_parts = "·" in plain
    for part in plain.split("·"):
        stop = start + len(part)
        factor, at = Fraction(1), start
        if has_parts:
            factor, at = _number(plain, start, stop)
        if at == stop:
            raise _fail(plain, at, "expected an element, found the end of a part")
        amounts, at = _group(plain, at, stop, closing="")
        for symbol, n in amounts.items():
            total[symbol] = total.get(symbol, Fraction(0)) + n * factor
        start = stop + 1
    return Formula(tuple(sorted(total.items())), plain)


def _group(
    text: str, at: int, stop: int, *, closing: str
) -> tuple[dict[str, Fraction], int]:
    """Read elements and brackets up to `closing`, or to the stop; return where."""
    total: dict[str, Fraction] = {}
    opened = at - 1
    while at < stop and text[at] != closing:
        symbol = _SYMBOL.match(text, at, stop)
        if text[at] in _BRACKETS:
            inner, at = _group(text, at + 1, stop, closing=_BRACKETS[text[at]])
        elif symbol:
            inner, at = {_element(text, at, symbol[0]): Fraction(1)}, symbol.end()
        else:
            raise _fail(text, at, f"expected an element, found {text[at]!r}")
        factor, at = _number(text, at, stop)
        for name, n in inner.items():
            total[name] = total.get(name, Fraction(0)) + n * factor
    if closing and at == stop:
        raise _fail(text, opened, f"bracket {text[opened]!r} is never closed")
    if closing and not total:
        raise _fail(text, opened, "empty brackets")
    return total, at + len(closing)


def _element(text: str, at: int, symbol: str) -> str:
    if symbol not in ATOMIC_WEIGHTS:
        raise _fail(text, at, _not_an_element(symbol))
    return symbol


def _number(text: str, at: int, stop: int) -> tuple[Fraction, int]:
    """Read an amount, 1 if none stands here; return it and where it ends."""
    match = _NUMBER.match(text, at, stop)
    if not match:
        return Fraction(1), at
    numerator, _, denominator = match[0].partition("/")
    if not float(numerator) or (denominator and not int(denominator)):
        raise _fail(text, at, f"an amount must be above 0, found {match[0]}")
    return Fraction(match[0]), match.end()
