"""Seconds and memory of a proposal in pools of three kinds."""

import resource
import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
from figures.bars import Bar
from figures.optimizer_tables import table_of

from loop.backtest.athanor import AthanorMethod
from loop.backtest.question import Objective
from loop.backtest.replay import starts
from loop.backtest.table import Setting, Space

GOALS = (Objective("u", "max"), Objective("v", "max"))


def bars(bench: Path, *, is_quick: bool) -> list[Bar]:
    """Time proposals, one after another as in a campaign."""
    table = table_of("ybco", bench)
    mixed, ends = _mixed()
    found = [
        _bar("188 candidates, 50 results", table.space, table.gains, 50, 4, 1.0),
        _bar("mixed space, 200 results, 2 objectives", mixed, ends, 200, 3, 2.0),
    ]
    if not is_quick:
        large, gains = _large()
        found += [
            _bar("100,000 candidates, 50 results", large, gains, 50, 2, 10.0),
            Bar("memory then, at most", _gibibytes(), "GiB", 1.9, "min"),
        ]
    return found


def _mixed() -> tuple[Space, np.ndarray]:
    """Return a name and two numbers, with results of two objectives."""
    sides = product("pqrst", *2 * [np.linspace(0, 1, 20).tolist()])
    space = Space(("name", "x", "z"), tuple(sides), (), GOALS)
    return space, _draw(1).normal(size=(space.n, 2))


def _large() -> tuple[Space, np.ndarray]:
    draw = _draw(2)
    points: list[tuple[Setting, ...]] = [
        tuple(row) for row in draw.random((100_000, 5)).tolist()
    ]
    space = Space(tuple("abcde"), tuple(points), (), GOALS[:1])
    return space, draw.normal(size=(space.n, 1))


def _bar(
    what: str, space: Space, gains: np.ndarray, results: int, times: int, bar: float
) -> Bar:
    """Return the longest time of some proposals after the first, which loads code."""
    made = AthanorMethod(space, 0)
    seen: list[int] = starts(space, results - times // 2, 0)
    spent: list[float] = []
    for _ in range(times):
        began = time.process_time()
        seen += made.propose(seen, gains[seen], 1)
        spent.append(time.process_time() - began)
    _show(what, spent)
    return Bar(f"CPU a proposal, {what}", max(spent[1:]), "s", bar, "min")


def _show(what: str, spent: Sequence[float]) -> None:
    each = ", ".join(f"{s:.2f}" for s in spent)
    print(f"  {what}: {each} (the first loads code)", flush=True)


def _gibibytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def _draw(key: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=key))
