"""Checks across a whole lab: what single fields cannot show to be wrong."""

import re
import string
from collections.abc import Iterator
from itertools import pairwise
from pathlib import PurePath
from urllib.parse import urlsplit

from instruments.faulty import PREFIX, split
from instruments.labspec import FurnaceSpec, LabSpec
from instruments.ports import serial_settings

Fault = tuple[str, str, str, str]
"""(path in the lab file, what was found, what is allowed, what to do)."""

NAME = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")
MAX_FURNACE_CELSIUS = 1800.0
"""Above what MoSi2-heated box furnaces reach in air; a typing error beyond."""
MAX_COOLING_CELSIUS_PER_MINUTE = 200.0
"""Faster than any furnace cools by itself; a typing error beyond."""
RACKS = ("vial", "crucible", "jar", "holder", "head", "archive")
NO_CUTOUT = {"", "no", "none", "n/a", "na", "-", "todo", "tbd", "?"}


def faults_of(spec: LabSpec) -> list[Fault]:
    """Return every fault of a lab that has passed the checks of its single fields."""
    return [
        *_names(spec), *_urls(spec), *_dosing(spec), *_mixing(spec), *_firing(spec),
        *_measuring(spec), *_moving(spec), *_racks(spec),
    ]  # fmt: skip


def _groups(spec: LabSpec) -> dict[str, list[str]]:
    return {
        "dosers": list(spec.dosers), "balances": list(spec.balances),
        "mixers": list(spec.mixers), "furnaces": list(spec.furnaces),
        "diffractometers": list(spec.diffractometers), "arms": list(spec.arms),
        "operators": list(spec.operators), "racks": list(spec.racks),
    }  # fmt: skip


def _names(spec: LabSpec) -> Iterator[Fault]:
    for group, names in _groups(spec).items():
        for name in names:
            if not NAME.fullmatch(name):
                yield (
                    f"{group}.{name}", repr(name), "letters, digits and single `-`",
                    "rename it: names become parts of slots and of robot programs",
                )  # fmt: skip


def instrument_urls(spec: LabSpec) -> dict[str, str]:
    """Return the URL of every instrument by its path in the lab file."""
    return {
        f"{group}.{name}": instrument.url
        for group, instruments in (
            ("dosers", spec.dosers), ("balances", spec.balances),
            ("mixers", spec.mixers), ("furnaces", spec.furnaces),
            ("diffractometers", spec.diffractometers), ("arms", spec.arms),
            ("operators", spec.operators),
        )
        for name, instrument in instruments.items()
    }  # fmt: skip


def _urls(spec: LabSpec) -> Iterator[Fault]:
    first_with: dict[str, str] = {}
    for path, url in instrument_urls(spec).items():
        allowed = "serial:///device, tcp://host:port, sim://name"
        if path.startswith("operators."):
            allowed += ", console://"
        wrong = _url_fault(url, is_operator=path.startswith("operators."))
        if wrong:
            yield f"{path}.url", f"{url} ({wrong})", allowed, "correct the URL"
        device = url.removeprefix(PREFIX).partition("?")[0]
        if device in first_with:
            yield (
                f"{path}.url", url, "one instrument per port",
                f"{first_with[device]} already has it: give each its own port",
            )  # fmt: skip
        first_with.setdefault(device, path)


def _url_fault(url: str, *, is_operator: bool) -> str:
    """Return what is wrong with a URL, nothing if it can be opened."""
    try:
        target, _ = split(url) if url.startswith(PREFIX) else (url, None)
        parts = urlsplit(target)
        if parts.scheme == "serial":
            serial_settings(parts)
        elif parts.scheme == "tcp" and not (parts.hostname and parts.port):
            return "no host and port"
        elif parts.scheme == "sim" and not parts.netloc:
            return "no name"
        elif parts.scheme == "console" and not is_operator:
            return "only an operator sits at the terminal"
        elif parts.scheme not in {"serial", "tcp", "sim", "console"}:
            return "unknown scheme"
    except ValueError as failed:
        return str(failed)
    return ""


def _dosing(spec: LabSpec) -> Iterator[Fault]:
    for name, doser in spec.dosers.items():
        path = f"dosers.{name}"
        if doser.min_grams >= doser.max_grams:
            yield (
                f"{path}.min_grams", f"{doser.min_grams:g}",
                f"below max_grams ({doser.max_grams:g})", "swap or correct the two",
            )  # fmt: skip
        if doser.max_grams > 250.0:
            yield (
                f"{path}.max_grams", f"{doser.max_grams:g}",
                "at most 250 (the Quantos command set takes up to 250000 mg)",
                "give the limit in grams",
            )  # fmt: skip
    for name, balance in spec.balances.items():
        if balance.readability_grams >= balance.max_grams / 1000:
            yield (
                f"balances.{name}.readability_grams",
                f"{balance.readability_grams:g}",
                f"below a thousandth of max_grams ({balance.max_grams:g})",
                "give the last displayed digit in grams",
            )  # fmt: skip


def _mixing(spec: LabSpec) -> Iterator[Fault]:
    covered = {purpose for mixer in spec.mixers.values() for purpose in mixer.purposes}
    for purpose in ("mix", "grind"):
        if purpose not in covered:
            yield (
                "mixers", f"purposes {sorted(covered)}", "both mix and grind",
                f"add a mixer with purpose `{purpose}`",
            )  # fmt: skip


def _firing(spec: LabSpec) -> Iterator[Fault]:
    purposes = {furnace.purpose for furnace in spec.furnaces.values()}
    for purpose in ("fire", "dry"):
        if purpose not in purposes:
            yield (
                "furnaces", f"purposes {sorted(purposes)}", "one to fire, one to dry",
                f'add a furnace with purpose = "{purpose}"',
            )  # fmt: skip
    for name, furnace in spec.furnaces.items():
        yield from _furnace(f"furnaces.{name}", furnace)


def _furnace(path: str, furnace: FurnaceSpec) -> Iterator[Fault]:
    if furnace.max_celsius > MAX_FURNACE_CELSIUS:
        yield (
            f"{path}.max_celsius", f"{furnace.max_celsius:g}",
            f"at most {MAX_FURNACE_CELSIUS:g}", "give degrees Celsius",
        )  # fmt: skip
    if not furnace.open_below_celsius < furnace.max_celsius:
        yield (
            f"{path}.open_below_celsius", f"{furnace.open_below_celsius:g}",
            f"below max_celsius ({furnace.max_celsius:g})", "lower it",
        )  # fmt: skip
    if furnace.cutout.strip().lower() in NO_CUTOUT:
        yield (
            f"{path}.cutout", repr(furnace.cutout),
            "the independent over-temperature protection, in words",
            "name it, or fit one: software must not be the only protection",
        )  # fmt: skip
    if not furnace.crucibles:
        yield f"{path}.crucibles", "[]", "one material or more", 'add "Al2O3"'
    yield from _gases(path, furnace)
    yield from _cooling(f"{path}.cooling", furnace)


def _gases(path: str, furnace: FurnaceSpec) -> Iterator[Fault]:
    outputs = list(furnace.atmospheres.values())
    if not outputs:
        yield f"{path}.atmospheres", "{}", "one gas or more", "add air = 0"
    if len(set(outputs)) != len(outputs):
        yield (
            f"{path}.atmospheres", str(furnace.atmospheres),
            "other logic outputs for each gas",
            "correct them: a running program's gas is known by its outputs",
        )  # fmt: skip
    if furnace.purpose == "dry" and "air" not in furnace.atmospheres:
        yield (
            f"{path}.atmospheres", str(furnace.atmospheres), "air among them",
            "add air = 0: drying is done in air",
        )  # fmt: skip


def _cooling(path: str, furnace: FurnaceSpec) -> Iterator[Fault]:
    curve = furnace.cooling
    if not curve:
        yield (
            path, "[]", "one [celsius, celsius per minute] pair or more",
            "measure how fast the empty furnace cools, or take its data sheet",
        )  # fmt: skip
        return
    for (hot, fast), (cold, slow) in pairwise(curve):
        if hot <= cold:
            yield (
                path, f"{hot:g} before {cold:g}", "falling temperatures",
                "sort the pairs, hottest first",
            )  # fmt: skip
        if fast < slow:
            yield (
                path, f"{fast:g} C/min above {hot:g} C, {slow:g} above {cold:g} C",
                "slower cooling at lower temperature", "correct the rates",
            )  # fmt: skip
    if max(rate for _, rate in curve) > MAX_COOLING_CELSIUS_PER_MINUTE:
        yield (
            path, f"{max(rate for _, rate in curve):g} C/min",
            f"at most {MAX_COOLING_CELSIUS_PER_MINUTE:g}", "give degrees per minute",
        )  # fmt: skip
    if curve[0][0] >= furnace.max_celsius:
        yield (
            path, f"{curve[0][0]:g}", f"below max_celsius ({furnace.max_celsius:g})",
            "start the curve within the furnace's range",
        )  # fmt: skip
    if curve[-1][0] > furnace.open_below_celsius:
        yield (
            path, f"ends at {curve[-1][0]:g}",
            f"down to open_below_celsius ({furnace.open_below_celsius:g}) or lower",
            "add a pair for the last part of the cooling",
        )  # fmt: skip


def _measuring(spec: LabSpec) -> Iterator[Fault]:
    for name, xrd in spec.diffractometers.items():
        path = f"diffractometers.{name}"
        if xrd.default_program not in xrd.programs:
            yield (
                f"{path}.default_program", repr(xrd.default_program),
                ", ".join(xrd.programs) or "one of `programs`",
                "name one of the programs, or add it to them",
            )  # fmt: skip
        scheme, is_url, _ = xrd.results.partition("://")
        if (is_url and scheme != "sim") or not PurePath(xrd.results).name:
            yield (
                f"{path}.results", repr(xrd.results), "a folder, or sim://name",
                "give the folder where the instrument leaves its .xrdml files",
            )  # fmt: skip


def _moving(spec: LabSpec) -> Iterator[Fault]:
    for name, arm in spec.arms.items():
        try:
            fields = {field for _, field, _, _ in string.Formatter().parse(arm.program)}
        except ValueError:
            fields = set()
        if fields - {None} != {"source", "destination"}:
            yield (
                f"arms.{name}.program", repr(arm.program),
                "a name with {source} and {destination}",
                'write "{source}-to-{destination}.urp"',
            )  # fmt: skip


def _racks(spec: LabSpec) -> Iterator[Fault]:
    slots = dict.fromkeys(RACKS, 0)
    for rack in spec.racks.values():
        slots[rack.holds] += rack.slots
    load = max(furnace.slots for furnace in spec.furnaces.values())
    needed = {"vial": load, "crucible": load, "jar": load, "holder": load,
              "head": len(spec.dosers) + 1, "archive": 1}  # fmt: skip
    why = {"head": "one more than there are dosers, so that heads can be changed"}
    for kind, least in needed.items():
        if slots[kind] == 0:
            yield (
                "racks", f"none that holds `{kind}`", "a rack for each container",
                f'add a rack with holds = "{kind}"',
            )  # fmt: skip
        elif slots[kind] < least:
            reason = why.get(kind, "as many as the largest furnace load")
            yield (
                "racks", f"{slots[kind]} slots for `{kind}`",
                f"at least {least}: {reason}", "add slots or another rack",
            )  # fmt: skip
