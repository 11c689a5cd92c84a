"""What a person may ask of a campaign: recipes to make or to forbid, other goals.

An order is checked against the campaign before it is placed. It goes straight into the
log where nobody else is writing; beside a running campaign it waits in a folder, and is
taken in before the next load is proposed.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from campaigns.check.space import is_numeric, searched_parameters
from campaigns.errors import SpecError, StoreError, TransitionError
from campaigns.ledger import Ledger
from campaigns.lifecycle import (
    Amended,
    OrderWithdrawn,
    Pinned,
    SampleEnded,
    Vetoed,
)
from campaigns.precursors import precursor_sets
from campaigns.recipe import Parameters
from campaigns.results import Limits
from campaigns.spec import CampaignSpec, Choice, Range
from campaigns.wholefile import write_whole

Order = Annotated[
    Pinned | Vetoed | OrderWithdrawn | Amended | SampleEnded,
    Field(discriminator="kind"),
]
ORDER: TypeAdapter[Order] = TypeAdapter(Order)
CHANGEABLE = (
    "space", "objectives", "input_constraints", "outcome_constraints", "controls",
    "budget", "stop", "loads", "safety",
)  # fmt: skip
"""Tables of the campaign file that may change while it runs."""


def identifier(letter: str, content: Mapping[str, object], seconds: float) -> str:
    """Return a name for an order, which taking it in twice would repeat.

    Args:
        letter: `P` for pins, `V` for vetoes.
        content: What is ordered.
        seconds: When, s since 1970.
    """
    text = json.dumps([content, seconds], sort_keys=True, default=str)
    return letter + hashlib.sha256(text.encode()).hexdigest()[:6]


def read_recipe(spec: CampaignSpec, texts: Sequence[str]) -> Parameters:
    """Return the parameters of a recipe that is to be made.

    Args:
        spec: The campaign.
        texts: `KEY=VALUE`, `precursors` among them; settings left out are free.

    Raises:
        SpecError: If a key or value is not of the campaign's space.
    """
    known = _known(spec)
    found: Parameters = {}
    for key, text in _pairs(texts, known):
        found[key] = _value(key, text, known[key])
    if "precursors" not in found:
        raise SpecError.single(
            "precursors", "nothing", "one of the campaign's sets",
            "add precursors=SET, as `athanor check` lists them",
        )  # fmt: skip
    for index, constraint in enumerate(spec.input_constraints):
        if set(constraint.terms) <= set(found) and not constraint.holds(found):
            raise SpecError.single(
                f"input_constraints[{index}]", "a recipe that breaks it",
                f"at most {constraint.at_most:g}", "choose other values",
            )  # fmt: skip
    return found


def read_matching(spec: CampaignSpec, texts: Sequence[str]) -> dict[str, str | Limits]:
    """Return what a veto matches, from `KEY=VALUE` or `KEY=LOW:HIGH`.

    Raises:
        SpecError: If a key or value is not of the campaign's space.
    """
    known = _known(spec)
    found: dict[str, str | Limits] = {}
    for key, text in _pairs(texts, known):
        low, colon, high = text.partition(":")
        is_range = bool(colon) and is_numeric(known[key])
        ends = [_value(key, one, known[key]) for one in ([low, high] if is_range
                else [text])]  # fmt: skip
        if isinstance(ends[0], str):
            found[key] = ends[0]
        else:
            numbers = sorted(float(one) for one in ends)
            found[key] = (numbers[0], numbers[-1])
    if not found:
        raise SpecError.single(
            "KEY=VALUE", "nothing", "at least one", "say what is not to be made"
        )
    return found


def amended(old: CampaignSpec, new: CampaignSpec, *, by: str, reason: str) -> Amended:
    """Return the change from one campaign file to another.

    Raises:
        SpecError: If nothing changed, or something that may not.
    """
    before, after = (one.model_dump(mode="json", by_alias=True) for one in (old, new))
    changed = tuple(key for key in after if before.get(key) != after[key])
    fixed = [key for key in changed if key not in CHANGEABLE]
    if fixed or not changed:
        raise SpecError.single(
            fixed[0] if fixed else "the file",
            "another value than the campaign began with" if fixed else "no change",
            f"changes in {', '.join(CHANGEABLE)}",
            "begin a new campaign for the rest" if fixed else "change something in it",
        )
    return Amended(
        spec=after, spec_sha256=new.sha256, changed=changed, by=by, reason=reason
    )


def check_judgeable(ledger: Ledger, sample: str) -> None:
    """Refuse that a person calls a sample failed that is not for a person to judge.

    What is still being made ends by itself; a score says more than a verdict, and what
    is lost or failed says the same already.

    Raises:
        TransitionError: If it was not dosed, or did not end held or unusable.
    """
    free = [
        name
        for name, end in ledger.held.items()
        if end.status in ("held", "unusable") and ledger.dosed_grams(name)
    ]
    if sample not in free:
        listed = ", ".join(free) or "none"
        raise TransitionError(
            f"SAMPLE: found {sample!r}; allowed: samples that were dosed and ended"
            f" held or unusable: {listed}"
        )


def folder_of(database: Path) -> Path:
    """Return where orders for a running campaign wait."""
    return database.with_name(database.name + ".orders")


def leave(database: Path, order: Order, seconds: float) -> None:
    """Leave an order for the process that is running the campaign.

    Args:
        database: The campaign's.
        order: What is asked.
        seconds: When, s since 1970: orders are taken in by age.

    Raises:
        StoreError: If it cannot be written.
    """
    folder = folder_of(database)
    text = ORDER.dump_json(order)
    name = f"{int(seconds * 1000):015d}-{hashlib.sha256(text).hexdigest()[:6]}"
    try:
        folder.mkdir(exist_ok=True)
        write_whole(folder / f"{name}.json", text.decode())
    except OSError as error:
        raise StoreError(f"{folder}: cannot be written ({error.strerror})") from error


def waiting(database: Path) -> Iterator[tuple[Path, Order | str]]:
    """Yield the orders that wait, oldest first, or why one cannot be read."""
    folder = folder_of(database)
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        try:
            yield path, ORDER.validate_json(path.read_bytes())
        except (ValidationError, OSError) as error:
            yield path, f"cannot be read: {error}"


def _known(spec: CampaignSpec) -> dict[str, Range | Choice]:
    labels = tuple(found.label for found in precursor_sets(spec))
    return {"precursors": Choice(values=labels), **dict(searched_parameters(spec))}


def _pairs(
    texts: Sequence[str], known: Mapping[str, object]
) -> Iterator[tuple[str, str]]:
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or key.strip() not in known:
            raise SpecError.single(
                text, "no parameter of the campaign with a value" if equals
                else "no equals sign",
                f"KEY=VALUE with one of {', '.join(known)}", "correct it",
            )  # fmt: skip
        yield key.strip(), value.strip()


def _value(key: str, text: str, allowed: Range | Choice) -> float | str:
    """Return a value within what is searched."""
    if not is_numeric(allowed):
        words = [str(value) for value in allowed.values]
        if text not in words:
            raise SpecError.single(key, repr(text), "; ".join(words), "choose one")
        return text
    low, high = (
        (allowed.min, allowed.max) if isinstance(allowed, Range)
        else (min(map(float, allowed.values)), max(map(float, allowed.values)))
    )  # fmt: skip
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not low <= number <= high:
        raise SpecError.single(
            key, repr(text), f"a number from {low:g} to {high:g}",
            "change the space first, with `athanor steer change`, to go beyond",
        )  # fmt: skip
    return number
