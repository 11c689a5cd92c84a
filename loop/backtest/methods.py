"""Methods by name; the libraries behind one are loaded when it is made."""

from collections.abc import Sequence

from campaigns.errors import SpecError
from loop.backtest.replay import Maker, Method
from loop.backtest.table import MeasuredTable, Space

RECALLING = "athanor+earlier"
"""Name under which the method that knows earlier results is reported."""


def _athanor(space: Space, seed: int) -> Method:
    from loop.backtest.athanor import AthanorMethod

    return AthanorMethod(space, seed)


def _gp(space: Space, seed: int) -> Method:
    from loop.backtest.rivals import PlainMethod

    return PlainMethod(space, seed)


def _forest(space: Space, seed: int) -> Method:
    from loop.backtest.rivals import ForestMethod

    return ForestMethod(space, seed)


def _random(space: Space, seed: int) -> Method:
    from loop.backtest.rivals import RandomMethod

    return RandomMethod(space, seed)


METHODS: dict[str, Maker] = {
    "athanor": _athanor,
    "gp": _gp,
    "forest": _forest,
    "random": _random,
}


def chosen_methods(
    names: tuple[str, ...], earlier: Sequence[MeasuredTable] = ()
) -> dict[str, Maker]:
    """Return methods in the order asked for.

    Args:
        names: Of `METHODS`.
        earlier: Results of earlier campaigns; `athanor` runs without them and, as
            `RECALLING`, with them.

    Raises:
        SpecError: If a name is not known, or none is given.
    """
    unknown = [name for name in names if name not in METHODS]
    if unknown or not names:
        raise SpecError.single(
            "--methods", ", ".join(unknown) or "none", ", ".join(METHODS),
            "separate the names by commas",
        )  # fmt: skip
    chosen = {name: METHODS[name] for name in names}
    if not earlier:
        return chosen
    if "athanor" not in names:
        raise SpecError.single(
            "--earlier", f"the methods {', '.join(names)}", "athanor among them",
            "add it to --methods, or leave --earlier out",
        )  # fmt: skip
    return {RECALLING: _recalling(earlier), **chosen}


def _recalling(earlier: Sequence[MeasuredTable]) -> Maker:
    def make(space: Space, seed: int) -> Method:
        from loop.backtest.athanor import AthanorMethod

        return AthanorMethod(space, seed, earlier=earlier)

    return make
