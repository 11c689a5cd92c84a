"""Made-up tables whose answers are known."""

from itertools import product
from math import cos, exp

from loop.backtest.question import Objective, Roles
from loop.backtest.table import read_table

MAX = (Objective("y", "max"),)


def write(path, header, rows):
    lines = [",".join(header), *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def hill(folder):
    """36 candidates on a smooth hill with its top at (3, 4)."""
    rows = [
        (a, b, round(exp(-((a - 3) ** 2 + (b - 4) ** 2) / 8), 6))
        for a, b in product(range(6), range(6))
    ]
    return write(folder / "hill.csv", ("a", "b", "y"), rows)


def firings(folder):
    """Sets x 3 temperatures: hotter goes further, barium carbonate is slow."""
    rows = []
    for copper, barium in product(("CuO", "CuCO3", "Cu2O"), ("BaCO3", "BaO2", "BaO")):
        for celsius in (700, 800, 900):
            got = max(0, (celsius - 700) / 2 - 40 * (barium == "BaCO3"))
            rows.append((f'"{barium}, {copper}"', celsius, got))
    return write(folder / "firings.csv", ("set", "temperature_C", "y_pct"), rows)


def two_goals(folder):
    """24 candidates, a name and a number, two objectives at odds."""
    rows = [
        (name, x, round(x + weight, 6), round(cos(x / 5) + weight, 6))
        for (name, weight), x in product((("p", 0), ("q", 0.3), ("r", 0.1)), range(8))
    ]
    return write(folder / "two.csv", ("name", "x", "u", "v"), rows)


def read_hill(folder):
    return read_table(hill(folder), Roles(MAX))


def read_firings(folder):
    return read_table(
        firings(folder), Roles((Objective("y_pct", "max"),), set_column="set")
    )


def read_two(folder):
    goals = (Objective("u", "max"), Objective("v", "max"))
    return read_table(two_goals(folder), Roles(goals, categorical=("name",)))
