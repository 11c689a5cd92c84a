"""Reading campaign files: TOML to `CampaignSpec`, with every fault explained."""

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from campaigns.candidates import embed
from campaigns.conduct import Budget, Loads, StopRule
from campaigns.errors import Fault, SpecError
from campaigns.goals import InputConstraint, Objective, OutcomeConstraint
from campaigns.spec import (
    Accepted,
    CampaignSpec,
    CandidateTable,
    Choice,
    Controls,
    Precursor,
    Range,
    Safety,
    SolidSolution,
    Space,
    StepSpace,
    Target,
)
from campaigns.steps import StepTemplate

_MODELS: dict[str, type[BaseModel]] = {
    "target": Target,
    "target.solid_solution": SolidSolution,
    "precursors": Precursor,
    "steps": StepTemplate,
    "space": Space,
    "space.candidates": CandidateTable,
    "space.steps.*": StepSpace,
    "objectives": Objective,
    "input_constraints": InputConstraint,
    "outcome_constraints": OutcomeConstraint,
    "controls": Controls,
    "budget": Budget,
    "stop": StopRule,
    "loads": Loads,
    "safety": Safety,
    "safety.accept": Accepted,
}
"""Table of the file to the model that reads it; `*` stands for any one name."""
_UNION_TAGS = frozenset({"range", "choice"})
_POSITION = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)")


def load(path: Path | str) -> CampaignSpec:
    """Read a campaign file.

    Checks the file alone; chemistry and the lab are checked by `campaigns.check`.

    Args:
        path: TOML file, UTF-8.

    Raises:
        SpecError: With every fault found, if the file cannot be read, is not TOML, or
            does not describe a campaign.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise SpecError.single(
            str(path),
            f"no readable file ({error.strerror or error})",
            "a campaign file in TOML",
            "give the path of one, or write one with `athanor new NAME`",
        ) from error
    except UnicodeDecodeError as error:
        raise SpecError.single(
            str(path),
            f"a byte that is not UTF-8 at position {error.start}",
            "UTF-8 text",
            "save the file as UTF-8",
        ) from error
    return parse(text, folder=Path(path).parent)


def parse(text: str, *, folder: Path = Path()) -> CampaignSpec:
    """Read a campaign from the text of its file.

    Args:
        text: TOML.
        folder: Where a table of candidates is looked for.

    Raises:
        SpecError: With every fault found.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SpecError((_syntax_fault(text, str(error)),)) from error
    try:
        return CampaignSpec.model_validate(embed(data, folder))
    except ValidationError as error:
        raise SpecError(explain(error)) from error


def explain(error: ValidationError) -> tuple[Fault, ...]:
    """Turn pydantic's errors on a `CampaignSpec` into faults, one for each place."""
    details = error.errors(include_url=False)
    places = [tuple(_clean(detail["loc"])) for detail in details]
    faults: dict[str, Fault] = {}
    for detail, place in zip(details, places, strict=True):
        has_cause_within = any(
            len(other) > len(place) and other[: len(place)] == place for other in places
        )
        if detail["type"] == "too_short" and has_cause_within:
            continue  # pydantic leaves bad entries out before it counts
        fault = _fault(detail, place)
        if (other := faults.get(fault.path)) is not None:
            allowed = f"{other.allowed}, or {fault.allowed}"
            fault = replace(other, allowed=allowed)
        faults[fault.path] = fault
    return tuple(faults.values())


def dotted(location: Iterable[str | int]) -> str:
    """Write a location as `precursors[2].formula`."""
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return path.removeprefix(".") or "file"


def closest(word: str, known: Iterable[str]) -> str:
    """Return `did you mean X?` for the nearest known word, or nothing."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else ""


def _syntax_fault(text: str, message: str) -> Fault:
    match = _POSITION.fullmatch(message)
    if not match:
        return Fault("file", message, "TOML 1.0", "correct the syntax")
    problem, line, column = match.groups()
    number = int(line) if line else max(1, len(text.splitlines()))
    shown = (text.splitlines() or [""])[number - 1].strip()
    where = f"line {number}" + (f", column {column}" if column else "")
    return Fault(
        where,
        f"`{shown}`",
        "TOML 1.0",
        f"{problem[:1].lower()}{problem[1:]}; {_syntax_remedy(problem)}",
    )


def _syntax_remedy(problem: str) -> str:
    if "value" in problem:
        return "text needs quotes, dates and numbers do not"
    if "twice" in problem or "overwrite" in problem:
        return "a name may stand only once; merge the two"
    return "compare the line with the one `athanor new` writes"


def _fault(
    detail: Any,  # noqa: ANN401  (pydantic's ErrorDetails)
    place: Sequence[str | int],
) -> Fault:
    kind, given = detail["type"], detail["input"]
    context = detail.get("ctx", {})
    path = dotted(place)
    if kind == "extra_forbidden":
        known = sorted(_keys_of(place[:-1]))
        hint = closest(str(place[-1]), known) or "remove it"
        return Fault(path, "an unknown key", ", ".join(known), hint)
    if kind == "missing":
        return Fault(path, "nothing", "a value", f"add `{place[-1]}`")
    if kind == "literal_error":
        allowed = context["expected"].replace("'", '"')
        words = re.findall(r'"([^"]*)"', allowed)
        hint = closest(str(given), words) or "use what is allowed"
        return Fault(path, _shown(given), allowed, hint)
    if kind == "value_error":
        allowed, _, remedy = str(context["error"]).partition("; ")
        return Fault(path, _shown(given), allowed, remedy)
    allowed, remedy = _PLAIN.get(kind, (kind.replace("_", " "), "correct it"))
    if kind == "less_than_equal" and context["le"] == 1:
        remedy = "shares are fractions of 1: write 0.95 for 95 %"
    numbers = {k: f"{v:g}" for k, v in context.items() if isinstance(v, int | float)}
    return Fault(path, _shown(given), allowed.format(**numbers), remedy)


def _clean(location: Sequence[str | int]) -> list[str | int]:
    """Drop the parts that name alternatives of a union, not keys of the file."""
    parts: list[str | int] = []
    for part in location:
        if isinstance(part, str) and (
            part in _UNION_TAGS or "[" in part or part.startswith("function-")
        ):
            continue
        parts.append(part)
    return parts


def _keys_of(location: Sequence[str | int]) -> Iterable[str]:
    """Return the keys that the table at a location may have."""
    names = [part for part in location if isinstance(part, str)]
    if not names:
        return _names(CampaignSpec)
    exact = ".".join(names)
    wild = ".".join([*names[:-1], "*"])
    model = _MODELS.get(exact) or _MODELS.get(wild)
    if model is None:  # an interval or a list of values
        return (*_names(Range), *_names(Choice))
    return _names(model)


def _names(model: type[BaseModel]) -> Iterable[str]:
    return (field.alias or name for name, field in model.model_fields.items())


_PLAIN = {
    "greater_than": ("a number above {gt}", "raise it"),
    "greater_than_equal": ("a number of at least {ge}", "raise it"),
    "less_than": ("a number below {lt}", "lower it"),
    "less_than_equal": ("a number of at most {le}", "lower it"),
    "finite_number": ("a finite number", "give a number"),
    "float_type": ("a number", "write it without quotes"),
    "float_parsing": ("a number", "write a number without quotes"),
    "int_type": ("a whole number", "write it without quotes"),
    "int_parsing": ("a whole number", "write a number without quotes"),
    "int_from_float": ("a whole number", "round it"),
    "string_type": ("text", "put it in quotes"),
    "string_too_short": ("text of at least {min_length} character", "write something"),
    "string_too_long": ("text of at most {max_length} characters", "shorten it"),
    "too_short": ("a list with at least {min_length} in it", "add what is missing"),
    "too_long": ("a list with at most {max_length} in it", "shorten it"),
    "tuple_type": ("a list", "put it in [ ]"),
    "dict_type": ("a table", "write { key = value }"),
    "model_type": ("a table", "write { key = value }"),
    "model_attributes_type": ("a table", "write { key = value }"),
}
"""pydantic's error type to what is allowed and the remedy."""


def _shown(value: object) -> str:
    """Write what was found, shortened."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
