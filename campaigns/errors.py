"""Errors about campaigns.

CampaignError
├─ SpecError(field)     a campaign file that cannot be used
├─ MaterialError        a formula, phase or reaction that does not exist
├─ TransitionError      an event that may not follow those before it
└─ StoreError           a database that cannot be read or written
"""

from dataclasses import dataclass


class CampaignError(Exception):
    """Anything wrong with what was wanted or recorded."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a file, and what to do about it."""

    path: str
    """Where, as a dotted path with indices, such as `precursors[2].formula`."""
    found: str
    allowed: str
    remedy: str

    def __str__(self) -> str:
        """Write the fault on one line."""
        return (
            f"{self.path}: found {self.found}; allowed: {self.allowed}; {self.remedy}"
        )


class SpecError(CampaignError):
    """A campaign file that cannot be used as it stands."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        """Join the faults, one a line."""
        self.faults = faults
        super().__init__("\n".join(map(str, faults)))

    @classmethod
    def single(cls, path: str, found: str, allowed: str, remedy: str) -> "SpecError":
        """Return the error of one fault."""
        return cls((Fault(path, found, allowed, remedy),))

    @property
    def field(self) -> str:
        """Return the path of the first fault."""
        return self.faults[0].path


class MaterialError(CampaignError):
    """A formula, phase or reaction that does not exist."""


class TransitionError(CampaignError):
    """An event that may not follow those before it."""


class StoreError(CampaignError):
    """A campaign database that cannot be read or written."""
