"""Collecting what is wrong and what deserves a look."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from campaigns.errors import Fault
from campaigns.safety.findings import Finding
from campaigns.specfile import closest


@dataclass(frozen=True, slots=True)
class Warn:
    """Something that does not stop a campaign but that a person should know."""

    path: str
    """Where, as in a fault."""
    text: str

    def __str__(self) -> str:
        """Write the warning on one line."""
        return f"{self.path}: {self.text}"


@dataclass(slots=True)
class Findings:
    """Faults, warnings and hazards, in the order found, each once."""

    faults: list[Fault] = field(default_factory=list)
    warnings: list[Warn] = field(default_factory=list)
    safety: list[Finding] = field(default_factory=list)

    def refuse(self, path: str, found: str, allowed: str, remedy: str) -> None:
        """Add a fault."""
        fault = Fault(path, found, allowed, remedy)
        if fault not in self.faults:
            self.faults.append(fault)

    def unknown(self, path: str, word: str, known: Iterable[str], remedy: str) -> None:
        """Add a fault about a name that is not known, with the nearest one."""
        names = tuple(dict.fromkeys(known))
        hint = closest(word, names)
        self.refuse(
            path,
            f"`{word}`",
            ", ".join(names) or "nothing",
            f"{hint} Otherwise {remedy}" if hint else remedy,
        )

    def warn(self, path: str, text: str) -> None:
        """Add a warning."""
        warning = Warn(path, text)
        if warning not in self.warnings:
            self.warnings.append(warning)
