"""Errors of the loop.

LoopError
├─ ProposalError    fall to review, never to a random guess
│  └─ ExhaustedError    no candidate is left, as far as is known now
├─ ScheduleError    no order of tasks satisfies the lab
├─ AnalysisError    a pattern that cannot be analysed
├─ InstrumentFileError    an instrument file that cannot be used
├─ EnergyModelError    a structure or model that gives no energy
├─ DatabaseError    a database of structures that does not answer as it should
├─ MissingPackageError    an optional package that a command needs
├─ LearnedFileError    a file of learned reactions that cannot be used
└─ LiteratureError    a file of text-mined reactions that cannot be used
"""


class LoopError(Exception):
    """Anything wrong in deciding or acting."""


class ProposalError(LoopError):
    """No proposal could be made from this history."""


class ExhaustedError(ProposalError):
    """No candidate may be proposed until those on their way are known."""


class ScheduleError(LoopError):
    """No order of tasks satisfies the lab."""


class AnalysisError(LoopError):
    """A pattern that cannot be analysed; carries what was reached, if anything."""

    def __init__(self, message: str, *, residual: float | None = None) -> None:
        """Keep the weighted residual (Rwp, 0 to 1) reached before giving up."""
        super().__init__(message)
        self.residual = residual


class InstrumentFileError(LoopError):
    """An instrument file that cannot be used, with every fault."""


class EnergyModelError(LoopError):
    """A structure or a model that gives no energy; says which and why."""


class DatabaseError(LoopError):
    """A database of structures that does not answer as it should."""


class MissingPackageError(LoopError):
    """An optional package that a command needs and that is not installed."""

    def __init__(self, package: str, extra: str, reason: object) -> None:
        """Say how to install it.

        Args:
            package: Name of the package, such as `chgnet`.
            extra: Group of optional packages that brings it.
            reason: Why it could not be imported; it may be one of its own needs.
        """
        self.package, self.extra = package, extra
        super().__init__(
            f"this needs the package {package} ({reason}); install it by"
            f" `pip install 'athanor-lab[{extra}]'`"
        )


class LearnedFileError(LoopError):
    """A file of learned reactions that cannot be used, or may not be merged."""


class LiteratureError(LoopError):
    """A file of text-mined reactions that cannot be used; says which record."""
