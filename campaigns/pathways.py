"""Expected pathways of precursor sets, as a campaign keeps them."""

import hashlib
import json
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Frozen(BaseModel):
    """An immutable record that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class SetPathway(Frozen):
    """What one precursor set is expected to do on heating."""

    begins_celsius: float | None
    """Where the target becomes more likely than not in ten hours, degrees Celsius; None
    if it does not up to the highest temperature looked at."""
    left_kilojoules: float
    """Free energy that is left there for the reactions which form the target, kJ per
    mol of atoms of the whole reaction, gases included; negative if driven. At the
    highest temperature looked at where the target does not begin."""
    left_sigma_kilojoules: Annotated[float, Field(ge=0)]
    """Standard deviation of that."""
    by_way_of: tuple[str, ...] = ()
    """What else forms there in steps that take at least 5 % of the powder's atoms on
    average, in order of time."""


class LearnedPathways(Frozen):
    """What a file of learned reactions leads to expect of a campaign's sets.

    Kept whole in the campaign's database, so that a campaign goes on and its decisions
    are replayed without the file.
    """

    file: str
    """Name of the file, without its folder."""
    file_sha256: str
    powders: Annotated[int, Field(gt=0)]
    """Measured powders in the file that teach something."""
    atmosphere: str
    """Furnace gas for which pathways were worked out."""
    highest_celsius: float
    """Up to which temperature, degrees Celsius."""
    sets: Annotated[dict[str, SetPathway], Field(min_length=1)]
    """Label of each precursor set of which something is known, to its pathway."""

    @property
    def sha256(self) -> str:
        """Return the hash of all of it as JSON with sorted keys."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


OptionalPathways = Annotated[
    LearnedPathways | None, Field(exclude_if=lambda found: found is None)
]
"""None where no file was given: then nothing is written."""
