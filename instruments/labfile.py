"""Read a lab file (TOML) into a `LabSpec`, or say everything that is wrong with it."""

import difflib
import tomllib
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from instruments.errors import LabFileError
from instruments.labcheck import Fault, faults_of
from instruments.labspec import LabSpec


def load_lab_file(path: Path | str) -> LabSpec:
    """Return the lab a file describes.

    Raises:
        LabFileError: With every fault found, each as (path, found, allowed, remedy).
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failed:
        raise LabFileError(
            ((str(path), str(failed), "a readable UTF-8 file", "check the path"),)
        ) from failed
    return parse_lab(text, source=str(path))


def parse_lab(text: str, *, source: str = "lab.toml") -> LabSpec:
    """Return the lab that TOML text describes; see `load_lab_file`."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as failed:
        raise LabFileError(
            ((source, str(failed), "TOML", "correct the line named"),)
        ) from failed
    try:
        spec = LabSpec.model_validate(data)
    except ValidationError as failed:
        raise LabFileError(tuple(_fault(error) for error in failed.errors())) from None
    faults = faults_of(spec)
    if faults:
        raise LabFileError(tuple(faults))
    return spec


def _fault(error: ErrorDetails) -> Fault:
    where = ".".join(str(part) for part in error["loc"]) or "lab"
    found = repr(error["input"])
    if len(found) > 60:
        found = found[:57] + "..."
    kind = error["type"]
    if kind == "missing":
        return where, "nothing", "a value", f"add `{error['loc'][-1]}`"
    if kind == "extra_forbidden":
        known = _fields_at(error["loc"][:-1])
        close = difflib.get_close_matches(str(error["loc"][-1]), known, n=1)
        hint = f"did you mean `{close[0]}`?" if close else "remove it"
        return where, f"unknown key `{error['loc'][-1]}`", ", ".join(known), hint
    message = error["msg"].removeprefix("Value error, ")
    allowed = message.removeprefix("Input should be ")
    return where, found, allowed, f"correct `{where}`"


def _fields_at(location: tuple[int | str, ...]) -> list[str]:
    """Return the keys allowed in the table at a location of the lab file."""
    if not location:
        return [field.alias or name for name, field in LabSpec.model_fields.items()]
    group = LabSpec.model_fields.get(str(location[0]))
    arguments: list[Any] = list(get_args(group.annotation)) if group else []
    for argument in arguments:
        if isinstance(argument, type) and issubclass(argument, BaseModel):
            return list(argument.model_fields)
    return []
