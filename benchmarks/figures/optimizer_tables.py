"""Measured tables that proposers are compared on; light enough for rivals' own Pythons.

Source of the tables: ../shared/bench/README.md beside the repository.
"""

from functools import lru_cache
from pathlib import Path

from loop.backtest.question import Objective, Roles
from loop.backtest.table import MeasuredTable, Space, read_table

NUMBERS = ("p3ht", "agnp", "perovskite")
"""Tables of numbers alone, one objective each."""
_P3HT = tuple(f"{name} content (%)" for name in ("P3HT", "D1", "D2", "D6", "D8"))
_YBCO = Roles((Objective("ybco_wt_pct", "max"),), set_column="precursors")
_TABLES: dict[str, tuple[str, Roles]] = {
    "p3ht": (
        "pvlab_p3ht.csv",
        Roles((Objective("Conductivity (measured) (S/cm)", "max"),), simplex=_P3HT),
    ),
    "agnp": ("pvlab_agnp.csv", Roles((Objective("loss", "min"),))),
    "perovskite": (
        "pvlab_perovskite.csv",
        Roles(
            (Objective("Instability index", "min"),),
            simplex=("CsPbI", "FAPbI", "MAPbI"),
        ),
    ),
    "suzuki": (
        "olympus_suzuki_i.csv",
        Roles(
            (Objective("yield", "max"), Objective("turnover", "max")),
            categorical=("ligand",),
        ),
    ),
    "ybco": ("ybco_arrows3.csv", _YBCO),
    "ybco900": ("ybco_arrows3.csv", _YBCO),
}
TABLES = tuple(_TABLES)


@lru_cache
def table_of(name: str, bench: Path) -> MeasuredTable:
    """Return a table by its name; `ybco900` holds the candidates at 900 °C alone."""
    file, roles = _TABLES[name]
    table = read_table(bench / file, roles)
    if name != "ybco900":
        return table
    space = table.space
    hot = [i for i, c in enumerate(space.candidates) if 900.0 in c]
    few = Space(
        space.names, tuple(space.candidates[i] for i in hot), space.simplex,
        space.objectives,
    )  # fmt: skip
    return MeasuredTable(few, table.Y[hot], table.gains[hot])
