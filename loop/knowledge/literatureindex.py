"""Reports as arrays: small enough to load in a moment, whole enough to answer from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from campaigns.errors import MaterialError
from campaigns.materials.formula import Formula
from loop.knowledge.literaturereports import KINDS, Amounts, Report, Tally, needed

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Index:
    """Everything that reports say, as arrays.

    A *making* is one compound of one report. A *source* of an element is the set of
    precursors of a making that hold it: most often one, such as `BaCO3` for Ba.
    """

    elements: tuple[str, ...]
    precursors: tuple[str, ...]
    """As most often written, length p."""
    precursor_amounts: tuple[Amounts, ...]
    """By which each is known, length p."""
    targets: tuple[str, ...]
    """As first written, length t."""
    dois: tuple[str, ...]
    atmospheres: tuple[str, ...]
    sources: tuple[tuple[int, ...], ...]
    """Sorted numbers of precursors, length s; the same for two elements twice."""
    source_elements: Ints
    """Of each source, the number of the element that it brings, length s."""
    target_rows: Ints
    """Target of each amount below, ascending."""
    target_columns: Ints
    """Element of each amount."""
    target_amounts: Floats
    """Amount per formula unit, the least 1."""
    makings: Ints
    """Target and report of each making, shape m x 2."""
    weights: Floats
    """Of each making, 1 over the makings of its report, length m."""
    votes: Ints
    """Making and source of each choice, by element and then making, shape v x 2."""
    vote_ends: Ints
    """Where the votes of each element end."""
    reports: Ints
    """Number in the file and DOI of each report, shape r x 2."""
    firings: Ints
    """Report, kind and atmosphere of each firing, by report, shape f x 3."""
    firing_values: Floats
    """Degrees Celsius and hours of each firing, NaN where not told, shape f x 2."""

    @cached_property
    def fractions(self) -> NDArray[np.float32]:
        """Return amounts per cation or anion other than O and H, `t x elements`."""
        dense = np.zeros((len(self.targets), len(self.elements)), dtype=np.float32)
        dense[self.target_rows, self.target_columns] = self.target_amounts
        return per_other(dense, self.elements)

    @cached_property
    def precursor_numbers(self) -> Mapping[Amounts, int]:
        """Return precursors by their amounts."""
        return {known: i for i, known in enumerate(self.precursor_amounts)}

    @cached_property
    def source_numbers(self) -> Mapping[tuple[int, tuple[int, ...]], int]:
        """Return sources by element and precursors."""
        pairs = zip(self.source_elements.tolist(), self.sources, strict=True)
        return {pair: i for i, pair in enumerate(pairs)}

    def element_votes(self, element: int) -> Ints:
        """Return makings and sources of an element, shape n x 2."""
        start = self.vote_ends[element - 1] if element else 0
        return self.votes[start : self.vote_ends[element]]

    def fraction(self, amounts: Mapping[str, float]) -> NDArray[np.float32]:
        """Return a compound's row of `fractions`; elements never met are left out."""
        row = np.zeros((1, len(self.elements)), dtype=np.float32)
        for element, n in amounts.items():
            if element in self.elements:
                row[0, self.elements.index(element)] = n
        found: Floats = per_other(row, self.elements)[0]
        return found


def per_other(dense: Floats, elements: Sequence[str]) -> Floats:
    """Return amounts over the sum of all but O and H."""
    is_other = np.array([e not in {"O", "H"} for e in elements], dtype=bool)
    total = dense[:, is_other].sum(axis=1, keepdims=True)
    found: Floats = dense / np.maximum(total, 1e-6)
    return found


def build(reports: Sequence[Report], tally: Tally) -> Index:
    """Return the index of reports."""
    elements = sorted({e for r in reports for m in r.made for e, _ in m.amounts})
    columns = {element: i for i, element in enumerate(elements)}
    targets: dict[Amounts, int] = {}
    texts: list[str] = []
    precursors: dict[Amounts, int] = {}
    sources: dict[tuple[int, tuple[int, ...]], int] = {}
    makings: list[tuple[int, int]] = []
    weights: list[float] = []
    votes: list[tuple[int, int, int]] = []
    for r, report in enumerate(reports):
        for made in report.made:
            if made.amounts not in targets:
                targets[made.amounts] = len(targets)
                texts.append(made.text)
            numbers = {p: precursors.setdefault(p, len(precursors)) for p in sorted(
                made.precursors)}  # fmt: skip
            for element, chosen in _sources(made.amounts, numbers).items():
                key = columns[element], chosen
                source = sources.setdefault(key, len(sources))
                votes.append((columns[element], len(makings), source))
            makings.append((targets[made.amounts], r))
            weights.append(1 / len(report.made))
    votes.sort()
    voted = np.array(votes, dtype=np.int32).reshape(-1, 3)
    dois = list(dict.fromkeys(report.doi for report in reports))
    doi_numbers = {doi: i for i, doi in enumerate(dois)}
    heated = [(i, f) for i, report in enumerate(reports) for f in report.firings]
    gases = list(dict.fromkeys(f.atmosphere for _, f in heated))
    amounts = [(row, columns[e], n) for known, row in targets.items() for e, n in known]
    rows, cols, values = zip(*amounts, strict=True) if amounts else ((), (), ())
    return Index(
        elements=tuple(elements),
        precursors=tuple(_spelled(p, tally) for p in precursors),
        precursor_amounts=tuple(precursors),
        targets=tuple(texts),
        dois=tuple(dois),
        atmospheres=tuple(gases),
        sources=tuple(chosen for _, chosen in sources),
        source_elements=np.array([e for e, _ in sources], dtype=np.int32),
        target_rows=np.array(rows, dtype=np.int32),
        target_columns=np.array(cols, dtype=np.int32),
        target_amounts=np.array(values, dtype=np.float32),
        makings=np.array(makings, dtype=np.int32).reshape(-1, 2),
        weights=np.array(weights, dtype=np.float32),
        votes=np.ascontiguousarray(voted[:, 1:]),
        vote_ends=np.searchsorted(
            voted[:, 0], np.arange(len(elements)), side="right"
        ).astype(np.int32),
        reports=_table(((r.number, doi_numbers[r.doi]) for r in reports), 2),
        firings=_table(
            ((i, KINDS.index(f.kind), gases.index(f.atmosphere)) for i, f in heated), 3
        ),
        firing_values=np.array(
            [(_or_nan(f.celsius), _or_nan(f.hours)) for _, f in heated],
            dtype=np.float32,
        ).reshape(-1, 2),
    )


def _sources(
    target: Amounts, numbers: Mapping[Amounts, int]
) -> dict[str, tuple[int, ...]]:
    """Return for each element to be brought the precursors that hold it."""
    found: dict[str, list[int]] = {}
    cations = needed(element for element, _ in target)
    for precursor, number in numbers.items():
        for element, _ in precursor:
            if element in cations:
                found.setdefault(element, []).append(number)
    return {element: tuple(sorted(chosen)) for element, chosen in found.items()}


def _spelled(precursor: Amounts, tally: Tally) -> str:
    """Return the most frequent spelling that can be read, else a plain one."""
    known = tally.spellings.get(precursor)
    for text, _ in known.most_common() if known else ():
        plain = text.replace("-", "·")
        try:
            Formula.parse(plain)
        except MaterialError:
            continue
        return plain
    return "".join(e if n == 1 else f"{e}{n:g}" for e, n in precursor)


def _table(rows: Iterable[tuple[int, ...]], width: int) -> Ints:
    return np.array(list(rows), dtype=np.int32).reshape(-1, width)


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value
