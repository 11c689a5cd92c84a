"""Instruments measured on standards: `athanor calibrate xrd`."""

import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from loop.analyse.calibration import Calibration
    from loop.analyse.instrumentfile import Made

app = typer.Typer(help="Measure an instrument on a standard.", no_args_is_help=True)


@app.callback()
def _instruments() -> None:
    """Keep the instrument's name a word of its own, though there is one so far."""


@app.command()
def xrd(
    pattern: Annotated[Path, typer.Argument(help="Pattern measured on a standard.")],
    standard: Annotated[
        str | None, typer.Option(help="LaB6, Si or Al2O3; else the one that fits.")
    ] = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Instrument file to write.")
    ] = Path("instrument.toml"),
    scan: Annotated[
        int | None, typer.Option(help="Which scan of several; else their sum.")
    ] = None,
) -> None:
    """Find a diffractometer's zero, widths and intensity from a standard powder."""
    from loop.analyse.calibration import calibrate
    from loop.analyse.instrumentfile import InstrumentFile, write_instrument
    from loop.analyse.patterns import read
    from loop.analyse.standards import standard_of
    from loop.errors import InstrumentFileError

    chosen = standard_of(standard) if standard else None
    if output.exists():
        raise InstrumentFileError(
            f"{output}: exists; give another name with -o, or remove the file"
        )
    found = calibrate(read(pattern, scan=scan), standard=chosen, name=pattern.name)
    made = _made(found, pattern)
    write_instrument(output, InstrumentFile.of(found.instrument, calibration=made))
    sys.stdout.write(_report(found))
    sys.stdout.write(f"wrote {output}\n")


def _made(found: "Calibration", pattern: Path) -> "Made":
    from loop.analyse.instrumentfile import Made

    return Made(
        standard=found.standard.source,
        pattern=pattern.name,
        pattern_sha256=hashlib.sha256(pattern.read_bytes()).hexdigest(),
        standard_displacement_millimetres=round(
            found.value("displacement_millimetres").value, 5
        ),
        rwp=round(found.rwp, 5),
        sigma={item.name: round(item.sigma, 6) for item in found.fitted},
    )


def _report(found: "Calibration") -> str:
    lines = [
        f"standard  {found.standard.name}: {found.standard.source}",
        f"fit       Rwp {100 * found.rwp:.1f} %, {100 * found.rest:.1f} % of the "
        "intensity above background unexplained",
        "",
        f"{'fitted':28s}{'value':>10s}{'sigma':>10s}",
    ]
    for item in found.fitted:
        remark = "" if item.is_told else "   as assumed: this range does not tell"
        name = f"{item.name} {item.unit}".replace("_degrees degrees", "_degrees")
        name = name.replace("_millimetres mm", "_millimetres")
        lines.append(f"{name:28s}{item.value:10.4f}{item.sigma:10.4f}{remark}")
    lines += ["", _separation(found.correlation)]
    lines += [f"note: {note}" for note in found.notes]
    lines += ["", f"{'line':>12s}{'2 theta':>10s}{'shift':>18s}{'obs/calc':>10s}"]
    for line in found.lines:
        shift = f"{line.shift_degrees:+.4f} ± {line.sigma_degrees:.4f}"
        indices = " ".join(map(str, line.hkl))
        lines.append(
            f"{indices:>12s}{line.two_theta:10.3f}{shift:>18s}{line.ratio:10.2f}"
        )
    return "\n".join([*lines, "", ""])


def _separation(correlation: float) -> str:
    return (
        f"zero and displacement are correlated by {correlation:+.3f}: the one shifts "
        "all lines alike,\nthe other as cos theta; the displacement is this "
        "specimen's, not the instrument's"
    )
