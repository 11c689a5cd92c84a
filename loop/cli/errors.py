"""Errors as a person reads them: one message, and the exit code that goes with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BAD_INPUT = 2
FAILURE = 1
INTERRUPTED = 130
"""128 and the number of the signal, as shells count."""


class BadFileError(Exception):
    """A file of the user that cannot be used, with everything wrong in it."""

    def __init__(self, path: Path, faults: str) -> None:
        """Name the file and list its faults below.

        Args:
            path: The file.
            faults: One line a fault.
        """
        self.path = path
        lines = "".join(f"\n  {line}" for line in faults.splitlines())
        super().__init__(f"{path} cannot be used:{lines}")


class InterruptedRunError(Exception):
    """A person stopped a run, which can go on."""

    def __init__(self, database: Path) -> None:
        """Say how to go on."""
        super().__init__(f"interrupted; go on with `athanor resume {database}`")


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Say which file the faults found inside are of.

    Raises:
        BadFileError: In place of the file's own error.
    """
    from campaigns.errors import SpecError
    from instruments.errors import LabFileError

    try:
        yield
    except (SpecError, LabFileError) as error:
        raise BadFileError(path, str(error)) from error


def explain(error: Exception) -> tuple[str, int]:
    """Return an error as one readable message, and the exit code.

    Foreign errors are not expected here; they are shown with their class, so that
    they can be reported.
    """
    from campaigns.errors import CampaignError, MaterialError, SpecError
    from instruments.errors import InstrumentError, LabFileError
    from loop.errors import (
        InstrumentFileError,
        LearnedFileError,
        LiteratureError,
        LoopError,
    )

    if isinstance(error, InterruptedRunError):
        return str(error), INTERRUPTED
    if isinstance(
        error,
        BadFileError
        | SpecError
        | LabFileError
        | MaterialError
        | InstrumentFileError
        | LearnedFileError
        | LiteratureError,
    ):
        return str(error), BAD_INPUT
    if isinstance(error, CampaignError | InstrumentError | LoopError):
        return str(error), FAILURE
    if isinstance(error, FileNotFoundError):
        return f"{error.filename}: no such file", BAD_INPUT
    if isinstance(error, OSError):
        return f"{error.filename or 'file'}: {error.strerror or error}", FAILURE
    detail = f"{type(error).__name__}: {error}"
    hint = "run `athanor --debug ...` for the traceback"
    return f"unexpected {detail} ({hint})", FAILURE
