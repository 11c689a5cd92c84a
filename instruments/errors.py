"""Errors of instruments; the class tells the executor what to do.

InstrumentError
├─ LimitExceededError   never retry; hold the sample
├─ NoAnswerError        read the state back, then decide
├─ RefusedError         do not retry; hold the instrument
└─ FaultError           stop the lab safely
LabFileError            a lab file that cannot be used
"""


class InstrumentError(Exception):
    """Something an instrument did or did not do."""

    def __init__(self, instrument: str, message: str) -> None:
        """Name the instrument and say what happened."""
        super().__init__(f"{instrument}: {message}")
        self.instrument = instrument
        self.message = message


class LimitExceededError(InstrumentError):
    """A request outside the instrument's limits; refused before any byte."""


class NoAnswerError(InstrumentError):
    """No valid answer in time: the request may or may not have taken effect."""


class RefusedError(InstrumentError):
    """The instrument understood and declined."""

    def __init__(self, instrument: str, message: str, *, code: str = "") -> None:
        """Keep the instrument's own code beside the message."""
        super().__init__(instrument, message)
        self.code = code


class FaultError(InstrumentError):
    """The instrument reports a fault that makes going on unsafe."""


class LabFileError(Exception):
    """A lab file that cannot be used as it stands.

    `faults` holds one (path, found, allowed, remedy) per fault.
    """

    def __init__(self, faults: tuple[tuple[str, str, str, str], ...]) -> None:
        """Join the faults into one readable message."""
        self.faults = faults
        super().__init__(
            "\n".join(
                f"{path}: found {found}; allowed: {allowed}; {remedy}"
                for path, found, allowed, remedy in faults
            )
        )
