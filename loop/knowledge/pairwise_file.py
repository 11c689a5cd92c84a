"""Files of measured products that predictions learn from, shared between campaigns.

A file holds what was measured, never what was concluded: beliefs are worked out anew
from all observations, so that files can be merged in any order, and a better model
learns more from the same file.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from campaigns.wholefile import write_whole
from loop.errors import LearnedFileError

FORMAT = "athanor learned reactions"
VERSION = 1
WAIT_SECONDS = 60.0
"""How long a writer waits for another one, s."""
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Hold(_Frozen):
    """One hold in a furnace, as measured."""

    celsius: Annotated[float, Field(gt=0, le=1700)]
    hours: Positive
    atmosphere: str


class Observation(_Frozen):
    """One powder, how it was fired and what it became."""

    campaign: str
    """sha256 of the event that opened the campaign: tells campaigns apart."""
    name: str
    """Name of the campaign, for readers."""
    mode: Literal["virtual", "emulated", "real"]
    sample: str
    event: Annotated[int, Field(ge=0)]
    """Sequence number of the identification; of two, the later counts."""
    target: str
    precursors: dict[str, Positive]
    """Formula to moles per mole of target."""
    holds: Annotated[tuple[Hold, ...], Field(min_length=1)]
    phases: tuple[str, ...]
    """As identified, `unknown` and `amorphous` among them."""
    mean: tuple[Share, ...]
    """Weight shares."""
    covariance: tuple[tuple[float, ...], ...]
    is_complete: bool = True
    """Whether every phase is listed; false where only some were looked for."""

    @model_validator(mode="after")
    def _shapes_agree(self) -> "Observation":
        n = len(self.phases)
        if len(self.mean) != n:
            raise ValueError(f"mean with one number for each of {n} phases")
        if len(self.covariance) != n or any(len(row) != n for row in self.covariance):
            raise ValueError(f"covariance with {n} rows of {n}")
        return self

    @property
    def key(self) -> tuple[str, str]:
        """Return what is the same for two analyses of one powder."""
        return self.campaign, self.sample


def read_learned(path: Path) -> tuple[Observation, ...]:
    """Return the observations of a file.

    Raises:
        FileNotFoundError: If there is none.
        LearnedFileError: If it is cut short, something else, or of another version.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise LearnedFileError(f"{path}: not UTF-8 text; {_REMEDY}") from error
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        what = "cut short" if error.pos >= len(text.rstrip()) - 1 else "damaged"
        raise LearnedFileError(
            f"{path}: {what} at line {error.lineno} ({error.msg}); {_REMEDY}"
        ) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise LearnedFileError(f"{path}: no file of learned reactions; {_REMEDY}")
    if content.get("version") != VERSION:
        raise LearnedFileError(
            f"{path}, version: found {content.get('version')!r}; allowed: {VERSION};"
            " read it with the Athanor that wrote it, or learn again from the databases"
        )
    return _checked(path, content.get("observations"))


_REMEDY = "give a file that `athanor learn` wrote, or learn again from the databases"


def _checked(path: Path, rows: Any) -> tuple[Observation, ...]:  # noqa: ANN401
    if not isinstance(rows, list):
        raise LearnedFileError(f"{path}, observations: no list; {_REMEDY}")
    found = []
    for i, row in enumerate(rows):
        try:
            found.append(Observation.model_validate(row))
        except ValidationError as error:
            fault = error.errors()[0]
            field = ".".join(map(str, fault["loc"]))
            raise LearnedFileError(
                f"{path}, observations[{i}].{field}: {fault['msg']}; {_REMEDY}"
            ) from error
    return merged([found])


def merged(parts: Iterable[Iterable[Observation]]) -> tuple[Observation, ...]:
    """Return each powder once, in a fixed order; the latest identification counts.

    Raises:
        LearnedFileError: If one identification says two things, or if simulated powders
            stand among real ones: they would teach a made-up chemistry.
    """
    kept: dict[tuple[str, str], Observation] = {}
    for observation in (o for part in parts for o in part):
        known = kept.get(observation.key)
        if known and known.event == observation.event and known != observation:
            raise LearnedFileError(
                f"sample {observation.sample} of campaign {observation.name}: event"
                f" {observation.event} stands twice with different results; one file"
                " was changed by hand: learn again from the database"
            )
        if known is None or known.event < observation.event:
            kept[observation.key] = observation
    real = {o.mode == "real" for o in kept.values()}
    if len(real) > 1:
        raise LearnedFileError(
            "simulated and real powders in one file; allowed: one kind, because a"
            " simulated world has a chemistry of its own; write to another file"
        )
    return tuple(kept[key] for key in sorted(kept))


def add_learned(path: Path, new: Sequence[Observation]) -> tuple[Observation, ...]:
    """Merge observations into a file, made if there is none; return all of them.

    Readers see the old file or the new one, whole; writers take turns.

    Raises:
        LearnedFileError: If the file cannot be used or the merge is refused; the file
            then stays as it was.
    """
    with _turn(path):
        old = read_learned(path) if path.exists() else ()
        found = merged([old, new])
        write_whole(path, text_of(found))
    return found


def text_of(observations: Sequence[Observation]) -> str:
    """Return the content of a file, one observation a line."""
    rows = ",\n".join(
        json.dumps(o.model_dump(mode="json"), ensure_ascii=False) for o in observations
    )
    head = f'{{"format": "{FORMAT}", "version": {VERSION}, "observations": [\n'
    return f"{head}{rows}\n]}}\n"


@contextmanager
def _turn(path: Path) -> Iterator[None]:
    """Wait until no other process writes; a dead one's turn ends with it."""
    side = path.with_name(f"{path.name}.lock")
    try:
        connection = sqlite3.connect(side, timeout=WAIT_SECONDS, isolation_level=None)
        try:
            connection.execute("BEGIN EXCLUSIVE")
            yield
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise LearnedFileError(
            f"{path}: cannot be written ({error}); another process may be writing, or"
            " the folder may be read-only"
        ) from error
