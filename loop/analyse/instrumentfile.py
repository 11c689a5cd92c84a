"""Instrument files: TOML that says what a diffractometer does to every line."""

import json
import tomllib
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from instruments.quantities import Pattern
from loop.analyse.profile import Instrument
from loop.errors import AnalysisError, InstrumentFileError

_SAME_RADIUS = 0.02
_SAME_WAVELENGTH = 1e-3
Wavelength = Annotated[float, Field(gt=0.1, lt=10.0)]
Width = Annotated[float, Field(ge=0.0, le=1.0)]
_DEFAULT = Instrument()


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Radiation(_Table):
    """The tube's lines."""

    wavelengths_angstrom: tuple[Wavelength, Wavelength] = _DEFAULT.wavelengths
    alpha_ratio: Annotated[float, Field(ge=0.0, le=1.0)] = _DEFAULT.alpha_ratio
    beta_ratio: Annotated[float, Field(ge=0.0, le=0.5)] = _DEFAULT.beta_ratio
    tungsten_ratio: Annotated[float, Field(ge=0.0, le=0.5)] = _DEFAULT.tungsten_ratio


class Geometry(_Table):
    """Lengths and angles of the goniometer and the specimen."""

    radius_millimetres: Annotated[float, Field(ge=20.0, le=2000.0)] = (
        _DEFAULT.radius_millimetres
    )
    divergence_degrees: Annotated[float, Field(gt=0.0, le=10.0)] = (
        _DEFAULT.divergence_degrees
    )
    sample_millimetres: Annotated[float, Field(gt=0.5, le=200.0)] = (
        _DEFAULT.sample_millimetres
    )
    zero_degrees: Annotated[float, Field(ge=-1.0, le=1.0)] = 0.0
    displacement_millimetres: Annotated[float, Field(ge=-2.0, le=2.0)] = 0.0
    transparency_millimetres: Annotated[float, Field(ge=0.0, le=5.0)] = 0.0


class Profile(_Table):
    """Widths of the lines as the optics make them."""

    gauss_degrees: Annotated[float, Field(gt=0.0, le=1.0)] = _DEFAULT.gauss_degrees
    lorentz_degrees: Width = 0.0
    lorentz_tan_degrees: Width = 0.0
    asymmetry_degrees: Width = _DEFAULT.asymmetry_degrees


class Made(_Table):
    """How the file came about; for readers, not for analysis."""

    standard: str
    pattern: str
    pattern_sha256: str
    standard_displacement_millimetres: float = 0.0
    rwp: float
    sigma: dict[str, float] = {}


class InstrumentFile(_Table):
    """The whole file."""

    version: Literal[1]
    is_calibrated: bool = False
    radiation: Radiation = Radiation()
    geometry: Geometry = Geometry()
    profile: Profile = Profile()
    calibration: Made | None = None

    @classmethod
    def of(
        cls, instrument: Instrument, *, calibration: Made | None = None
    ) -> "InstrumentFile":
        """Return the file that gives this instrument."""
        values = asdict(instrument)
        return cls(
            version=1,
            is_calibrated=instrument.is_calibrated,
            radiation=Radiation(
                wavelengths_angstrom=instrument.wavelengths,
                **_only(Radiation, values),
            ),
            geometry=Geometry(**_only(Geometry, values)),
            profile=Profile(**_only(Profile, values)),
            calibration=calibration,
        )

    @property
    def instrument(self) -> Instrument:
        """Return the instrument that the file describes."""
        radiation = self.radiation.model_dump()
        return Instrument(
            wavelengths=radiation.pop("wavelengths_angstrom"),
            **radiation,
            **self.geometry.model_dump(),
            **self.profile.model_dump(),
            is_calibrated=self.is_calibrated,
        )

    def text(self) -> str:
        """Return the file's content."""
        lines = [
            "# What this diffractometer does to every line. Lengths in mm, angles in",
            "# degrees, wavelengths in angstrom; see docs/how-to.",
        ]
        _write(lines, "", self.model_dump(exclude_none=True))
        return "\n".join(lines) + "\n"


def _only(table: type[_Table], values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key in table.model_fields}


def _write(lines: list[str], path: str, table: dict[str, object]) -> None:
    for key, value in table.items():
        if not isinstance(value, dict):
            lines.append(f"{key} = {_literal(value)}")
    for key, value in table.items():
        if isinstance(value, dict):
            name = f"{path}{key}"
            lines += ["", f"[{name}]"]
            _write(lines, f"{name}.", value)


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value)  # JSON's strings are strings of TOML
    if isinstance(value, tuple):
        return f"[{', '.join(map(_literal, value))}]"
    return repr(round(value, 7)) if isinstance(value, float) else repr(value)


def load_instrument(path: Path) -> Instrument:
    """Read an instrument file.

    Raises:
        InstrumentFileError: With every fault, if it cannot be read, is not TOML, or
            holds what no instrument can have.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InstrumentFileError(
            f"{path}: cannot be read ({error.strerror}); write one with `athanor "
            "calibrate xrd STANDARD`"
        ) from error
    except UnicodeDecodeError as error:
        raise InstrumentFileError(f"{path}: not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise InstrumentFileError(f"{path}: not TOML: {error}") from error
    try:
        return InstrumentFile.model_validate(content).instrument
    except ValidationError as error:
        faults = "".join(
            f"\n  {'.'.join(map(str, fault['loc']))}: found {_short(fault['input'])}; "
            f"{_remedy(fault['type'], fault['msg'])}"
            for fault in error.errors()
        )
        raise InstrumentFileError(f"{path} cannot be used:{faults}") from error


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) < 40 else f"{text[:37]}..."


def _remedy(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "not a key of instrument files; remove it or mend its spelling"
    if kind == "missing":
        return "this key must be given"
    return f"allowed: {message[0].lower()}{message[1:]}"


def write_instrument(path: Path, content: InstrumentFile) -> None:
    """Write an instrument file.

    Raises:
        InstrumentFileError: If it cannot be written.
    """
    try:
        path.write_text(content.text(), encoding="utf-8")
    except OSError as error:
        raise InstrumentFileError(
            f"{path}: cannot be written ({error.strerror})"
        ) from error


def for_pattern(instrument: Instrument, pattern: Pattern, *, name: str) -> Instrument:
    """Return the instrument as it measured one pattern.

    Wavelengths, radius and slit are the pattern's, which `patterns.read` has taken from
    the instrument where the file was mute.

    Args:
        instrument: As its file says.
        pattern: Read with `instrument` at hand.
        name: What to call the pattern in messages.

    Raises:
        AnalysisError: If the pattern's file states another radius or tube: it was not
            measured on this instrument.
    """
    theirs, ours = pattern.radius_millimetres, instrument.radius_millimetres
    if abs(theirs / ours - 1.0) > _SAME_RADIUS:
        raise AnalysisError(
            f"{name}: measured with a radius of {theirs:g} mm, the instrument file "
            f"says {ours:g} mm; give the file of the diffractometer that measured it"
        )
    line, own = pattern.wavelengths[0], instrument.wavelengths[0]
    if instrument.is_calibrated and abs(line / own - 1.0) > _SAME_WAVELENGTH:
        raise AnalysisError(
            f"{name}: measured at {line:.6f} angstrom, the instrument was calibrated "
            f"at {own:.6f}; calibrate it with this tube"
        )
    return replace(
        instrument,
        wavelengths=pattern.wavelengths,
        alpha_ratio=pattern.alpha_ratio,
        radius_millimetres=theirs,
        divergence_degrees=pattern.divergence_degrees,
    )
