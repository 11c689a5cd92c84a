"""What an earlier table leads to expect of the candidates of another."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from campaigns.errors import SpecError
from loop.backtest.described import Described, describe
from loop.backtest.question import Roles
from loop.backtest.scale import figure_of
from loop.backtest.table import MeasuredTable, Space, header_of, read_table
from loop.propose.columns import N_PHYSICS
from loop.propose.library import Process, scale_of
from loop.propose.means import RateMean
from loop.propose.reproducible import reproducible
from loop.propose.scaling import YIELD_SCALE

Array = NDArray[np.float64]


def read_earlier(path: Path, roles: Roles, settings: tuple[str, ...]) -> MeasuredTable:
    """Return an earlier table by the columns that it shares with another.

    Args:
        path: A file of comma-separated values.
        roles: What the columns of the other are.
        settings: The settings of the other; those missing here are left out.

    Raises:
        SpecError: If no setting or not every objective is shared, or with the faults of
            the table.
        FileNotFoundError: If there is no such file.
    """
    header = header_of(path)
    shared = tuple(name for name in settings if name in header)
    if not shared:
        raise SpecError.single(
            "--earlier", f"{path}: columns {', '.join(header)}",
            f"some of {', '.join(settings)}", "name its columns alike",
        )  # fmt: skip
    return read_table(
        path,
        replace(
            roles,
            parameters=shared,
            categorical=tuple(n for n in roles.categorical if n in shared),
            set_column=roles.set_column if roles.set_column in shared else None,
            simplex=roles.simplex if set(roles.simplex) <= set(shared) else (),
        ),
    )


def recalled(
    known: Described, space: Space, tables: Sequence[MeasuredTable]
) -> Described:
    """Return candidates with forecasts: for each objective one column a table.

    Args:
        known: The candidates as described without them.
        space: The candidates.
        tables: Results of earlier campaigns.
    """
    columns = [
        _forecast(known, space, table, objective)
        for objective in range(len(space.objectives))
        for table in tables
    ]
    if not columns:
        return known
    told = torch.from_numpy(np.stack(columns, axis=1))
    parts = [known.X[:, :-N_PHYSICS], told, known.X[:, -N_PHYSICS:]]
    return replace(
        known,
        X=torch.cat(parts, dim=1),
        columns=replace(known.columns, n_forecasts=len(columns)),
    )


def _forecast(
    known: Described, space: Space, table: MeasuredTable, objective: int
) -> Array:
    """Return by how much a table moves what is believed of each candidate, scaled.

    Its own model is a Gaussian process over settings and chemistry of both tables
    together, with the prior of the candidates' own.
    """
    both, n = _together(space, table.space), table.space.n
    described = describe(both)
    gains = table.gains[:, objective].copy()
    figure = figure_of(known.rate, space.objectives[objective], gains)
    with reproducible(0):
        made = Process(
            described.X[:n], figure, scale_of(figure), described.columns
        ).fitted
        X: Tensor = described.X[n:]
        with torch.no_grad():
            told = made.mean_at(X)
            if figure.rate is None:
                return np.asarray(told.numpy())
            before = RateMean(figure.rate, YIELD_SCALE)(X)
            return np.asarray((told - before).numpy())


def _together(space: Space, earlier: Space) -> Space:
    """Return the candidates of both tables by their shared settings, earlier first."""
    names = earlier.names
    at = [space.names.index(name) for name in names]
    own = tuple(tuple(one[i] for i in at) for one in space.candidates)
    simplex = space.simplex if set(space.simplex) <= set(names) else ()
    return Space(names, (*earlier.candidates, *own), simplex, space.objectives)
