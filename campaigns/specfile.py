"""Reading campaign files: TOML to `CampaignSpec`, with every fault explained."""

import re
import tomllib
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from campaigns.errors import Fault, SpecError
from campaigns.spec import (
    Budget,
    CampaignSpec,
    Choice,
    Controls,
    InputConstraint,
    Objective,
    OutcomeConstraint,
    Precursor,
    Range,
    SolidSolution,
    Space,
    StepSpace,
    StepTemplate,
    StopRule,
    Target,
)

_MODELS: dict[str, type[BaseModel]] = {
    "target": Target,
    "target.solid_solution": SolidSolution,
    "precursors": Precursor,
    "steps": StepTemplate,
    "space": Space,
    "space.steps.*": StepSpace,
    "objectives": Objective,
    "input_constraints": InputConstraint,
    "outcome_constraints": OutcomeConstraint,
    "controls": Controls,
    "budget": Budget,
    "stop": StopRule,
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
    return parse(text)


def parse(text: str) -> CampaignSpec:
    """Read a campaign from the text of its file.

    Raises:
        SpecError: With every fault found.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SpecError((_syntax_fault(text, str(error)),)) from error
    try:
        return CampaignSpec.model_validate(data)
    except ValidationError as error:
        raise SpecError(explain(error)) from error


def explain(error: ValidationError) -> tuple[Fault, ...]:
    """Turn pydantic's errors on a `CampaignSpec` into faults, in file order."""
    details = error.errors(include_url=False)
    faults = [_fault(detail) for detail in details]
    return tuple(dict.fromkeys(faults))


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
        f"{problem[:1].lower()}{problem[1:]}; text values need quotes",
    )


def _fault(detail: Any) -> Fault:  # noqa: ANN401  (pydantic's ErrorDetails)
    location = _clean(detail["loc"])
    kind, given = detail["type"], detail["input"]
    context = detail.get("ctx", {})
    path = dotted(location)
    if kind == "extra_forbidden":
        known = sorted(_keys_of(location[:-1]))
        hint = closest(str(location[-1]), known) or "remove it"
        return Fault(path, "an unknown key", ", ".join(known), hint)
    if kind == "missing":
        return Fault(path, "nothing", "a value", f"add `{location[-1]}`")
    if kind == "literal_error":
        allowed = context["expected"].replace("'", '"')
        words = re.findall(r'"([^"]*)"', allowed)
        hint = closest(str(given), words) or "use one of these"
        return Fault(path, _shown(given), allowed, hint)
    if kind == "value_error":
        message = str(context["error"])
        return Fault(path, _shown(given), "a consistent entry", message)
    return Fault(path, _shown(given), _allowed(kind, context), "correct the value")


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
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "less_than": "a number below {lt}",
    "less_than_equal": "a number of at most {le}",
    "finite_number": "a finite number",
    "float_type": "a number",
    "float_parsing": "a number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "string_type": "text in quotes",
    "string_too_short": "at least {min_length} characters",
    "string_too_long": "at most {max_length} characters",
    "too_short": "at least {min_length} entries",
    "tuple_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
}


def _allowed(kind: str, context: dict[str, Any]) -> str:
    """Say in words what pydantic's error type would have let pass."""
    if kind in _PLAIN:
        return _PLAIN[kind].format(**context)
    return kind.replace("_", " ")


def _shown(value: object) -> str:
    """Write what was found, shortened."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
