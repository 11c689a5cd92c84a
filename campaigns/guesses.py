"""First guesses from the literature, as a campaign keeps them."""

import hashlib
import json
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Frozen(BaseModel):
    """An immutable record that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Citation(Frozen):
    """A report that guesses rest on."""

    doi: str
    target: str
    """What was made there."""
    similarity: float
    """To the target sought, at most 1."""
    precursors: tuple[str, ...]
    celsius: float | None = None
    """At which its powder was fired, where told."""


class LiteratureGuesses(Frozen):
    """What a file of text-mined reactions says of a campaign's target.

    Kept whole in the campaign's database, so that a campaign goes on and its decisions
    are replayed without the file.
    """

    file: str
    """Name of the file, without its folder."""
    file_sha256: str
    reports: int
    """Readable reports in the file."""
    sets: dict[str, float]
    """Label of each precursor set to its probability; they sum to 1."""
    celsius: tuple[float, ...] = ()
    """Firing temperatures of the nearest reports at 10, 25, 50, 75 and 90 %, degrees
    Celsius; empty if none is told."""
    hours: tuple[float, ...] = ()
    """Holds at the same shares."""
    atmospheres: dict[str, float] = {}
    """Furnace gas to its share of the nearest reports that name one."""
    citations: tuple[Citation, ...] = ()
    """The nearest reports, the most similar first."""

    @property
    def sha256(self) -> str:
        """Return the hash of the guesses as JSON with sorted keys."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


OptionalGuesses = Annotated[
    LiteratureGuesses | None, Field(exclude_if=lambda found: found is None)
]
"""None where no file was given: then nothing is written."""
