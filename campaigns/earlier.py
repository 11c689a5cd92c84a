"""Results of earlier campaigns, as a later one keeps them."""

import hashlib
import json
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]


class Frozen(BaseModel):
    """An immutable record that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class EarlierHold(Frozen):
    """One hold in a furnace, as measured."""

    celsius: float
    hours: Positive
    atmosphere: str


class EarlierResult(Frozen):
    """One sample in terms that mean the same in any campaign."""

    sample: str
    precursors: dict[str, Positive]
    """Formula to moles per mole of target, as dosed."""
    holds: Annotated[tuple[EarlierHold, ...], Field(min_length=1)]
    share: Share
    """Weight share of the target in the crystalline part."""
    variance: Annotated[float, Field(ge=0)]


class EarlierFailure(Frozen):
    """One sample that gave nothing to measure, in the same terms."""

    sample: str
    status: Literal["failed", "lost"]
    """As in `results.Trial`."""
    precursors: dict[str, Positive]
    """As in `EarlierResult`; as planned where nothing was weighed."""
    holds: Annotated[tuple[EarlierHold, ...], Field(min_length=1)]
    """As measured, as planned where nothing was."""


class EarlierCampaign(Frozen):
    """What one earlier campaign found out.

    Kept whole in the later campaign's database, so that it goes on and its decisions
    are replayed without the earlier one.
    """

    name: str
    file: str
    """Name of the file it was read from, without its folder."""
    campaign: str
    """sha256 of the event that opened it: tells campaigns apart."""
    mode: str
    """`virtual`, `emulated` or `real`."""
    target: str
    """Formula of the compound sought there."""
    results: Annotated[tuple[EarlierResult, ...], Field(min_length=1)]
    failures: Annotated[
        tuple[EarlierFailure, ...], Field(exclude_if=lambda found: not found)
    ] = ()

    @property
    def sha256(self) -> str:
        """Return the hash of all of it as JSON with sorted keys."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


EarlierCampaigns = Annotated[
    tuple[EarlierCampaign, ...], Field(exclude_if=lambda found: not found)
]
"""None where none were given: then nothing is written."""
