"""Energies kept in a database, so that each structure is computed once by each model.

The database is one SQLite file in the user's cache folder, not a campaign's: an energy
depends on a structure and a model alone, may be computed again at any time, and serves
every campaign. A campaign's own database holds only what happened.
"""

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import registry
from sqlalchemy.pool import NullPool
from sqlmodel import Field, Session, SQLModel, col, create_engine, select

from loop.knowledge.cachefolder import default_folder
from loop.knowledge.energies import EnergyModel, Relaxed, prepared, structure_sha256
from loop.knowledge.relaxation import LARGEST_FORCE, MOST_STEPS

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

_T = TypeVar("_T")
FILE_NAME = "energies.sqlite"
_BUSY_SECONDS = 10.0
"""How long one process waits while another writes."""
_DAMAGED = ("malformed", "not a database", "no such column", "disk image")
"""What SQLite says of a file that is none, is torn, or has another layout."""
_ENERGY = "energy"
_RELAX = f"relax {LARGEST_FORCE} {MOST_STEPS}"
_FEATURES = "features"


class CacheTable(SQLModel, registry=registry()):
    """Parent of the tables here, apart from any other SQLModel in the process."""


class ModelEnergyRow(CacheTable, table=True):
    """One result of one model for one structure."""

    __tablename__ = "model_energy"
    key: str = Field(primary_key=True)
    """SHA-256 of structure digest, model identity and task."""
    structure_sha256: str = Field(index=True)
    model: str
    """Identity of the model, with the digest of its weights."""
    task: str
    result: str
    """JSON: a number, a list of numbers, or a relaxed structure."""


@dataclass(frozen=True, slots=True)
class EnergyCache:
    """Results by key; may be used by several processes at once.

    A file that cannot be read or written costs time, not the answer: nothing is raised.
    One that is torn or foreign is put aside as `energies.sqlite.damaged`.
    """

    path: Path

    def fetch(self, keys: Iterable[str]) -> dict[str, Any]:
        """Return key to result, for those that are kept."""
        if not self.path.exists():
            return {}
        chosen = col(ModelEnergyRow.key).in_(list(keys))

        def read(session: Session) -> dict[str, Any]:
            rows = session.exec(select(ModelEnergyRow).where(chosen)).all()
            return {row.key: json.loads(row.result) for row in rows}

        return self._try(read, is_writing=False) or {}

    def keep(self, rows: Sequence[ModelEnergyRow]) -> None:
        """Keep results; those kept already stay as they are."""
        if not rows:
            return
        values = [row.model_dump() for row in rows]

        def write(session: Session) -> None:
            statement = insert(ModelEnergyRow).values(values)
            session.execute(statement.on_conflict_do_nothing())
            session.commit()

        self._try(write, is_writing=True)

    def _try(self, work: Callable[[Session], _T], *, is_writing: bool) -> _T | None:
        """Return what the work returns, none where the file does not let it."""
        try:
            engine = self._engine(is_writing=is_writing)
            try:
                with Session(engine) as session:
                    return work(session)
            finally:
                engine.dispose()
        except (SQLAlchemyError, sqlite3.Error, OSError, ValueError) as error:
            if any(word in str(error) for word in _DAMAGED):
                self._put_aside()
            return None

    def _engine(self, *, is_writing: bool) -> Engine:
        if is_writing:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        mode = "rwc" if is_writing else "ro"
        address = f"{self.path.absolute().as_uri()}?mode={mode}"
        engine = create_engine(
            "sqlite://",
            creator=lambda: sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS),
            poolclass=NullPool,
        )
        if is_writing:
            CacheTable.metadata.create_all(engine)
        return engine

    def _put_aside(self) -> None:
        with contextlib.suppress(OSError):
            self.path.replace(self.path.with_name(f"{self.path.name}.damaged"))


def user_cache() -> EnergyCache | None:
    """Return the user's cache; none where there is no place for it."""
    folder = default_folder()
    return EnergyCache(folder / FILE_NAME) if folder else None


class CachedModel:
    """A model whose results are kept; itself an `EnergyModel`."""

    def __init__(self, model: EnergyModel, cache: EnergyCache | None) -> None:
        """Wrap a model; without a cache each structure is computed anew."""
        self._model, self._cache = model, cache
        self.identity = model.identity

    def energy(self, structures: Sequence["Structure"]) -> NDArray[np.float64]:
        """Return eV per atom of n structures as they stand, shape `n`."""

        def compute(missing: Sequence["Structure"]) -> list[float]:
            return [float(each) for each in self._model.energy(missing)]

        found = self._through(_ENERGY, structures, compute)
        return np.array(found, dtype=np.float64)

    def features(self, structures: Sequence["Structure"]) -> NDArray[np.float64]:
        """Return the model's own description of n structures, shape `n x d`."""

        def compute(missing: Sequence["Structure"]) -> list[list[float]]:
            return [[float(x) for x in row] for row in self._model.features(missing)]

        found = self._through(_FEATURES, structures, compute)
        return np.array(found, dtype=np.float64)

    def relax(self, structures: Sequence["Structure"]) -> list[Relaxed]:
        """Return n structures with cell and positions relaxed."""

        def compute(missing: Sequence["Structure"]) -> list[dict[str, Any]]:
            return [_as_plain(each) for each in self._model.relax(missing)]

        return [_relaxed(x) for x in self._through(_RELAX, structures, compute)]

    def _through(
        self,
        task: str,
        structures: Sequence["Structure"],
        compute: Any,  # noqa: ANN401
    ) -> list[Any]:
        """Return a task's results, computed for structures that are not kept."""
        ready = [prepared(each) for each in structures]
        digests = [structure_sha256(each) for each in ready]
        keys = [_key(digest, self.identity, task) for digest in digests]
        kept = self._cache.fetch(keys) if self._cache else {}
        first = {key: i for i, key in reversed(list(enumerate(keys)))}
        missing = [i for key, i in first.items() if key not in kept]
        results = compute([ready[i] for i in missing]) if missing else []
        fresh = dict(zip((keys[i] for i in missing), results, strict=True))
        if self._cache and fresh:
            self._cache.keep(
                [
                    ModelEnergyRow(
                        key=keys[i], structure_sha256=digests[i], model=self.identity,
                        task=task, result=json.dumps(fresh[keys[i]]),
                    )
                    for i in missing
                ]
            )  # fmt: skip
        return [fresh[key] if key in fresh else kept[key] for key in keys]


def _key(digest: str, identity: str, task: str) -> str:
    return hashlib.sha256(f"{digest}\n{identity}\n{task}".encode()).hexdigest()


def _as_plain(relaxed: Relaxed) -> dict[str, Any]:
    return {
        "matrix": relaxed.structure.lattice.matrix.tolist(),
        "elements": [site.specie.symbol for site in relaxed.structure],
        "positions": relaxed.structure.frac_coords.tolist(),
        "energy": relaxed.energy,
        "n_steps": relaxed.n_steps,
        "is_converged": relaxed.is_converged,
    }


def _relaxed(kept: Mapping[str, Any]) -> Relaxed:
    from pymatgen.core.structure import Structure

    structure = Structure(kept["matrix"], kept["elements"], kept["positions"])
    return Relaxed(structure, kept["energy"], kept["n_steps"], kept["is_converged"])
