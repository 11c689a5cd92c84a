"""One row of `phases.toml`, read and checked field by field."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from campaigns.errors import MaterialError
from campaigns.materials.elements import ATOMIC_WEIGHTS
from campaigns.materials.formula import Formula
from campaigns.materials.heat import EVENTS, GASES, Change

POSITIONS = ("refined", "model")
"""Where the positions of a row come from."""
VALENCES = ("plain", "mixed", "peroxide", "metal")
"""What charge balance may expect of a phase."""

_GROUPS = {
    "structure": ("hall", "cell", "sites"),
    "density": ("xray_density",),
    "thermal": ("heat",),
    "handling": ("hazards", "crucibles", "atmospheres", "spoiled_by"),
    "reagent": ("assay", "loss_on_ignition"),
    "habit": ("habit",),
}
"""Fields that one citation covers."""
_NUMBERS = ("xray_density",)
_SHARES = ("assay", "loss_on_ignition")
_LISTS = {
    "hazards": None,
    "crucibles": ("alumina", "magnesia", "zirconia", "silica", "platinum", "gold",
                  "silver", "graphite"),
    "atmospheres": ("air", "O2", "N2", "Ar", "CO2"),
    "spoiled_by": ("H2O", "CO2", "O2"),
}  # fmt: skip
"""Field to the words that are allowed there; none where any text is."""
_OTHERS = ("name", "formula", "hall", "cell", "sites", "valence", "habit", "sources")
_KNOWN = frozenset(
    ("positions", "heat", "note", *_OTHERS, *_NUMBERS, *_SHARES, *_LISTS)
)


def parse_row(row: Mapping[str, Any], citations: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of a row, complete and typed.

    Args:
        row: One `[[phase]]` of the file.
        citations: Key to citation, from the file's `[citations]`.

    Raises:
        MaterialError: If a field is missing, unknown, of the wrong kind, or without
            a source.
    """
    name = row.get("name")
    if not isinstance(name, str) or not name:
        message = f"a phase has name {name!r}; allowed: text; give each row a name"
        raise MaterialError(message)
    unknown = sorted(set(row) - _KNOWN)
    if unknown:
        raise _fault(name, unknown[0], "a field", f"one of {sorted(_KNOWN)}")
    if "formula" not in row:
        raise _fault(name, "formula", "nothing", "a formula such as BaCO3")
    values: dict[str, Any] = {
        "name": name,
        "formula": _formula(name, row["formula"]),
        "valence": _one_of(name, "valence", row.get("valence", "plain"), VALENCES),
        "positions": _one_of(
            name, "positions", row.get("positions", "refined"), POSITIONS
        ),
        "hall": row.get("hall"),
        "cell": _cell(name, row.get("cell")),
        "sites": [_site(name, site) for site in row.get("sites", ())],
        "habit": _habit(name, row.get("habit")),
        "heat": tuple(_change(name, entry) for entry in row.get("heat", ())),
        "note": str(row.get("note", "")),
    }
    for field in _NUMBERS:
        values[field] = _number(name, field, row.get(field))
    for field in _SHARES:
        values[field] = _share(name, field, row.get(field))
    for field, allowed in _LISTS.items():
        values[field] = _words(name, field, row.get(field, ()), allowed)
    whole = [values["hall"] is None, values["cell"] is None, not values["sites"]]
    if any(whole) and not all(whole):
        raise _fault(
            name, "hall", "a part of a structure", "hall, cell and sites, or none"
        )
    values["sources"] = _sources(name, row, citations)
    return values


def _fault(name: str, field: str, found: str, allowed: str) -> MaterialError:
    message = (
        f"phase {name}, field {field}: found {found}; allowed: {allowed};"
        " correct it after the cited source"
    )
    return MaterialError(message)


def _formula(name: str, value: object) -> Formula:
    try:
        return Formula.parse(str(value))
    except MaterialError as error:
        raise _fault(name, "formula", str(error), "a formula such as BaCO3") from error


def _one_of(name: str, field: str, value: object, allowed: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise _fault(name, field, repr(value), ", ".join(allowed))
    return value


def _number(name: str, field: str, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _fault(name, field, repr(value), "a number")
    return float(value)


def _share(name: str, field: str, value: object) -> float | None:
    share = _number(name, field, value)
    if share is not None and not 0 <= share <= 1:
        raise _fault(name, field, repr(value), "a mass share from 0 to 1")
    return share


def _words(
    name: str, field: str, values: object, allowed: tuple[str, ...] | None
) -> tuple[str, ...]:
    if not isinstance(values, list | tuple):
        raise _fault(name, field, repr(values), "a list of texts")
    for value in values:
        if allowed is not None and value not in allowed:
            raise _fault(name, field, repr(value), ", ".join(allowed))
    return tuple(str(value) for value in values)


def _change(name: str, value: object) -> Change:
    """Read `[event, celsius, gas]` or the same with what becomes of it at the end."""
    if not isinstance(value, list) or len(value) not in {3, 4}:
        shape = "[event, celsius, gas] or [event, celsius, gas, into]"
        raise _fault(name, "heat", repr(value), shape)
    event, celsius, gas, *into = value
    number = _number(name, "heat", celsius)
    if number is None:
        raise _fault(name, "heat", repr(value), "a temperature in °C")
    return Change(
        event=_one_of(name, "heat", event, EVENTS),
        celsius=number,
        gas=_one_of(name, "heat", gas, GASES),
        into=str(into[0]) if into else "",
    )


def _cell(name: str, value: object) -> tuple[float, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 6:
        raise _fault(name, "cell", repr(value), "[a, b, c, α, β, γ] in Å and degrees")
    numbers = [isinstance(n, int | float) for n in value]
    cell = tuple(float(n) for n in value) if all(numbers) else (0.0,) * 6
    if min(cell) <= 0 or max(cell[3:]) >= 180:
        raise _fault(name, "cell", repr(value), "edges above 0, angles below 180")
    return cell


def _site(name: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """Read `[label, element, x, y, z, B]` or the same with an occupancy at the end."""
    shape = "[label, element, x, y, z, B] or [..., B, occupancy]; B may be ''"
    if not isinstance(value, list) or len(value) not in {6, 7}:
        raise _fault(name, "sites", repr(value), shape)
    label, element, x, y, z, b_iso, *rest = value
    if element not in ATOMIC_WEIGHTS:
        raise _fault(name, f"sites.{label}", f"element {element!r}", "element symbols")
    try:
        occupancy = float(rest[0]) if rest else 1.0
    except ValueError as error:
        raise _fault(name, f"sites.{label}", repr(value), shape) from error
    if not 0 < occupancy <= 1:
        raise _fault(name, f"sites.{label}", f"occupancy {occupancy}", "above 0 to 1")
    try:
        xyz = tuple(float(Fraction(str(number))) for number in (x, y, z))
        b_value = None if b_iso == "" else float(b_iso)
    except ValueError as error:
        raise _fault(name, f"sites.{label}", repr(value), shape) from error
    return {
        "label": str(label),
        "element": str(element),
        "xyz": xyz,
        "occupancy": occupancy,
        "b_iso_angstrom2": b_value,
    }


def _habit(name: str, value: object) -> tuple[int, int, int] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 3:
        raise _fault(name, "habit", repr(value), "three whole indices [h, k, l]")
    h, k, l_ = (int(index) for index in value)
    return h, k, l_


def _sources(
    name: str, row: Mapping[str, Any], citations: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """Resolve the citations; every group of fields in use needs one."""
    given = row.get("sources", {})
    for group, fields in _GROUPS.items():
        if group not in given and any(row.get(field) for field in fields):
            used = ", ".join(field for field in fields if row.get(field))
            raise _fault(name, f"sources.{group}", "nothing", f"a source for {used}")
    resolved = []
    for group, key in given.items():
        if group not in _GROUPS:
            raise _fault(name, f"sources.{group}", "a group", f"{', '.join(_GROUPS)}")
        keys = key if isinstance(key, list) else [key]
        missing = [each for each in keys if each not in citations]
        if missing:
            raise _fault(name, f"sources.{group}", missing[0], "a key of [citations]")
        resolved.append((group, "; ".join(citations[each] for each in keys)))
    return tuple(resolved)
