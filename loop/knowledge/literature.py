"""First guesses from the literature: what is made from what, how fired, by whom.

The one door to the other modules of the name: a file is read and learned from once,
then loaded from the user's cache folder in a moment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from campaigns.errors import MaterialError
from campaigns.guesses import Citation
from campaigns.materials.formula import Formula
from loop.errors import LiteratureError
from loop.knowledge import literatureconditions as conditions
from loop.knowledge.literaturecache import Kept, fetch, keep
from loop.knowledge.literatureconditions import Conditions
from loop.knowledge.literaturefile import file_sha256, read_records
from loop.knowledge.literatureindex import Index, build
from loop.knowledge.literaturemodel import Model, train
from loop.knowledge.literatureranking import Guess, Slots, guesses
from loop.knowledge.literaturereports import (
    Kind,
    Report,
    Tally,
    needed,
    reports,
    target_amounts,
)
from loop.knowledge.literaturesimilarity import learn

N_CITED = 5
"""Nearest reports that an answer names."""


@dataclass(frozen=True)
class Read:
    """What became of a file's records."""

    records: int
    reports: int
    dropped: Mapping[str, int]
    """Reason to records."""
    targets_dropped: Mapping[str, int]
    """Reason to compounds."""
    misread: int
    """Precursors whose formulas were put right."""


@dataclass(frozen=True)
class Answer:
    """What the literature suggests for a compound."""

    target: str
    guesses: tuple[Guess, ...]
    powder: Conditions
    """Of the firing that makes the powder."""
    firings: Mapping[Kind, Conditions]
    citations: tuple[Citation, ...]
    unknown: tuple[str, ...]
    """Elements that no report holds."""


@dataclass(frozen=True)
class Literature:
    """A file of text-mined reactions, read and learned from."""

    name: str
    sha256: str
    model: Model
    read: Read

    @property
    def index(self) -> Index:
        """Return all reports."""
        return self.model.index

    def answer(
        self, target: str, *, shelf: Sequence[str] | None = None, top: int = 5
    ) -> Answer:
        """Return precursor sets, conditions and reports for a compound.

        Args:
            target: Formula.
            shelf: Formulas of precursors to choose from; all of the file if absent.
            top: Sets wanted at most.

        Raises:
            MaterialError: If a formula cannot be read or names no powder.
        """
        formula = _powder(target)
        index, similar = self.index, self._similar(formula)
        near = conditions.nearest(
            index, similar, only=self._fired, n=conditions.N_REPORTS
        )
        known = set(index.elements)
        return Answer(
            target,
            guesses(self.model, formula, shelf=shelf, top=top),
            conditions.of_powder(index, near),
            conditions.by_kind(index, near),
            self._citations(similar),
            tuple(sorted(needed(formula.elements) - known)),
        )

    def slots(self, target: str) -> Slots:
        """Return what scores any precursor set of a compound.

        Raises:
            MaterialError: If the formula cannot be read or names no powder.
        """
        return Slots(self.model, _powder(target))

    def _similar(self, formula: Formula) -> NDArray[np.float32]:
        row = self.index.fraction(dict(target_amounts(formula)))
        return self.model.similarity.to_all(row)

    @cached_property
    def _fired(self) -> NDArray[np.bool_]:
        return conditions.is_fired(self.index)

    def _citations(self, similar: NDArray[np.float32]) -> tuple[Citation, ...]:
        index = self.index
        every = np.ones(len(index.reports), dtype=bool)
        near = self._one_a_paper(
            conditions.nearest(index, similar, only=every, n=8 * N_CITED)
        )
        fired = conditions.powder_firings(index, near)
        return tuple(
            Citation(
                doi=index.dois[index.reports[index.makings[making, 1], 1]],
                target=index.targets[index.makings[making, 0]],
                similarity=round(likeness, 4),
                precursors=self._precursors(making),
                celsius=float(index.firing_values[row, 0]) if row >= 0 else None,
            )
            for making, likeness, row in zip(
                near.makings.tolist(), near.similarities.tolist(), fired, strict=True
            )
        )

    def _one_a_paper(self, near: conditions.Nearest) -> conditions.Nearest:
        """Return the nearest reports of as many papers as are named."""
        dois = self.index.reports[self.index.makings[near.makings, 1], 1]
        texts = [self.index.dois[doi].lower() for doi in dois.tolist()]
        first = [i for i, text in enumerate(texts) if text not in texts[:i]][:N_CITED]
        return conditions.Nearest(near.makings[first], near.similarities[first])

    def _precursors(self, making: int) -> tuple[str, ...]:
        """Return what a making was made from."""
        found: dict[int, None] = {}
        for element in range(len(self.index.elements)):
            votes = self.index.element_votes(element)
            at = int(np.searchsorted(votes[:, 0], making))
            if at < len(votes) and votes[at, 0] == making:
                found |= dict.fromkeys(self.index.sources[votes[at, 1]])
        return tuple(self.index.precursors[p] for p in sorted(found))


def _powder(text: str) -> Formula:
    formula = Formula.parse(text)
    if not needed(formula.elements):
        raise MaterialError(
            f"target: found {text}, of C, H, N and O alone; allowed: a compound with"
            " another element; name one that is made by firing"
        )
    return formula


def learned(found: Sequence[Report], tally: Tally, *, name: str, sha256: str) -> (
    Literature
):  # fmt: skip
    """Return what reports teach."""
    index = build(found, tally)
    model = Model(index, learn(index), train(index))
    read = Read(
        tally.records,
        tally.reports,
        dict(tally.dropped.most_common()),
        dict(tally.targets_dropped.most_common()),
        tally.misread,
    )
    return Literature(name, sha256, model, read)


def open_literature(path: Path, folder: Path | None) -> Literature:
    """Return a file's literature, from the cache if it is there.

    Args:
        path: File in the format of Kononova et al. 2019, packed or not.
        folder: Where to keep what was learned; nowhere if absent.

    Raises:
        FileNotFoundError: If there is no such file.
        LiteratureError: If it is torn, empty or something else.
    """
    sha256 = file_sha256(path)
    kept = fetch(folder, sha256) if folder else None
    if kept is not None:
        return Literature(path.name, sha256, kept.model, Read(**kept.read))
    found, tally = reports(read_records(path))
    if not found:
        reasons = {**tally.dropped, **tally.targets_dropped}
        listed = "; ".join(f"{reason}: {n}" for reason, n in reasons.items())
        raise LiteratureError(
            f"{path}: none of {tally.records} records can be used ({listed}); give a"
            " file of reactions that end in solids with formulas"
        )
    literature = learned(found, tally, name=path.name, sha256=sha256)
    if folder:
        keep(folder, sha256, Kept(literature.model, vars(literature.read)))
    return literature
