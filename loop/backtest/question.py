"""What is asked of a measured table: which columns are goals, which are settings."""

from dataclasses import dataclass
from typing import Literal

from campaigns.errors import Fault, SpecError

Goal = Literal["max", "min"]
GOALS: tuple[Goal, ...] = ("max", "min")


@dataclass(frozen=True)
class Objective:
    """A measured column, and which way is better."""

    column: str
    goal: Goal

    @property
    def sign(self) -> float:
        """Return 1 where more is better, else -1."""
        return 1.0 if self.goal == "max" else -1.0

    @staticmethod
    def parse(text: str) -> "Objective":
        """Return the objective that `COLUMN:max` or `COLUMN:min` names.

        The last colon counts: names of columns may hold others.

        Raises:
            SpecError: If the goal is missing or another word.
        """
        column, _, goal = text.rpartition(":")
        for known in GOALS:
            if goal == known and column:
                return Objective(column, known)
        raise SpecError.single(
            "--objective", text, "COLUMN:max or COLUMN:min",
            "name a column of the table, a colon, and which way is better",
        )  # fmt: skip


@dataclass(frozen=True)
class Roles:
    """What the columns of a table are."""

    objectives: tuple[Objective, ...]
    parameters: tuple[str, ...] | None = None
    """Settings; None for every column that is no objective."""
    categorical: tuple[str, ...] = ()
    set_column: str | None = None
    """Column whose texts are unordered sets."""
    separator: str = ", "
    simplex: tuple[str, ...] = ()
    """Columns that are shares of one whole."""

    def settings(self, header: tuple[str, ...]) -> tuple[str, ...]:
        """Return the settings of a table in the order asked for.

        Args:
            header: Names of the table's columns.

        Raises:
            SpecError: With every column that is named and missing, or named twice.
        """
        goals = [o.column for o in self.objectives]
        chosen = self.parameters
        if chosen is None:
            chosen = tuple(name for name in header if name not in goals)
        named = {
            "--objective": goals,
            "--parameters": list(chosen),
            "--categorical": list(self.categorical),
            "--set-column": [self.set_column] if self.set_column else [],
            "--simplex": list(self.simplex),
        }
        faults = [
            Fault(
                option, name, ", ".join(header), "take the column's name as it stands"
            )
            for option, names in named.items()
            for name in names
            if name not in header
        ]
        faults += [
            Fault(option, name, "each column once", "name it once")
            for option, names in named.items()
            for name in sorted({n for n in names if names.count(n) > 1})
        ]
        faults += [
            Fault(option, name, "a setting", "leave it out, or add it to --parameters")
            for option in ("--categorical", "--set-column", "--simplex")
            for name in named[option]
            if name in header and name not in chosen
        ]
        faults += self._clashes(chosen, goals)
        if faults:
            raise SpecError(tuple(faults))
        return chosen

    def _clashes(self, chosen: tuple[str, ...], goals: list[str]) -> list[Fault]:
        """Return columns that would be two things at once, and what is missing."""
        kinds = {
            "--categorical": set(self.categorical),
            "--set-column": {self.set_column} if self.set_column else set(),
            "--simplex": set(self.simplex),
        }
        faults = [
            Fault("--parameters", name, "settings", "an objective is no setting")
            for name in chosen
            if name in goals
        ]
        for name in chosen:
            told = [option for option, names in kinds.items() if name in names]
            if len(told) > 1:
                what = "one kind of column"
                faults.append(Fault(" and ".join(told), name, what, "choose one"))
        if not self.objectives:
            faults.append(
                Fault("--objective", "none", "one or more", "add COLUMN:max or :min")
            )
        if not chosen:
            faults.append(
                Fault("--parameters", "none", "one or more", "name the settings")
            )
        return faults
