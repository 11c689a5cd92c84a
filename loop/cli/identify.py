"""The phases of measured patterns: `athanor identify`."""

import json
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from loop.analyse.answers import Answered


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(identify)


def identify(
    context: typer.Context,
    patterns: Annotated[
        list[Path], typer.Argument(help="Files of measured powder patterns.")
    ],
    references: Annotated[
        Path | None,
        typer.Option(help="Folder of CIF files, or a phase table (.toml); else ours."),
    ] = None,
    is_computed: Annotated[
        bool,
        typer.Option("--computed", help="The CIF files are of computed structures."),
    ] = False,
    elements: Annotated[
        str | None,
        typer.Option(help='What the powder is made of, such as "Ni Ti O".'),
    ] = None,
    campaign: Annotated[
        Path | None,
        typer.Option(help="Campaign file or database, whose candidates to take."),
    ] = None,
    sample: Annotated[
        str | None,
        typer.Option(help="Sample of the campaign's database, such as S0003."),
    ] = None,
    instrument: Annotated[
        Path | None,
        typer.Option(help="Instrument file, as `athanor calibrate xrd` writes it."),
    ] = None,
    grain: Annotated[
        list[str] | None,
        typer.Option(help="Measured grain size, NAME=MICROMETRES; repeat for others."),
    ] = None,
    scan: Annotated[
        int | None,
        typer.Option(min=1, help="Which scan of each file; else the sum of all."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
    plot: Annotated[
        Path | None,
        typer.Option(
            help="Picture to write (.png, .svg, .html); -NAME.png of several."
        ),
    ] = None,
    is_root: Annotated[
        bool, typer.Option("--sqrt", help="Draw square roots of counts.")
    ] = False,
) -> None:
    """Say which phases are in powders, how much of each, and how surely."""
    from campaigns.errors import MaterialError, SpecError
    from loop.analyse.answers import identify_file
    from loop.analyse.instrumentfile import load_instrument
    from loop.cli.candidates import choose
    from loop.cli.errors import FAILURE

    _refuse_same_stems(patterns)
    if plot is None and is_root:
        raise SpecError.single("--sqrt", "no --plot", "both", "say what file to draw")
    refuse_place(plot)
    chosen = choose(
        references=references,
        elements=elements,
        campaign=campaign,
        sample=sample,
        is_computed=is_computed,
        grains=grain or (),
    )
    known = load_instrument(instrument) if instrument else None
    answered: dict[str, Answered] = {}
    for path in patterns:
        try:
            answered[path.stem] = identify_file(
                path,
                chosen.library,
                instrument=known,
                expected=chosen.expected,
                scan=scan,
            )
        except MaterialError:
            raise  # the references are at fault, whatever the pattern
        except Exception as error:  # whatever ails one file, the others are answered
            _report(error, path, is_debugged=context.find_root().params["debug"])
            continue
        if plot is not None:
            from loop.cli.drawing import draw

            picture = plot if len(patterns) == 1 else _beside(plot, path.stem)
            draw(path.stem, answered[path.stem], picture, is_root=is_root)
        if not as_json:
            from loop.cli.identified import show

            show(path.stem, answered[path.stem])
    if as_json:
        answers = {stem: one.answer for stem, one in answered.items()}
        sys.stdout.write(json.dumps(answers, indent=1) + "\n")
    if len(answered) < len(patterns):
        raise typer.Exit(FAILURE)


def _refuse_same_stems(paths: list[Path]) -> None:
    """Refuse patterns that would be answered under one name."""
    from campaigns.errors import SpecError

    seen: dict[str, Path] = {}
    for path in paths:
        if path.stem in seen:
            raise SpecError.single(
                "PATTERN", f"{seen[path.stem]} and {path}", "one file of each name",
                f"both would be answered as {path.stem!r}: identify them in two calls",
            )  # fmt: skip
        seen[path.stem] = path


def refuse_place(plot: Path | None) -> None:
    """Refuse a kind of picture that cannot be written, and a folder that is not there.

    Before any work is done: an answer is not lost for want of its picture.

    Args:
        plot: File to write; None for no picture.

    Raises:
        SpecError: If the picture cannot be written there.
    """
    from campaigns.errors import SpecError

    if plot is None:
        return
    from campaigns.review.pictures import WRITERS

    if plot.suffix.lower() not in WRITERS:
        raise SpecError.single(
            "--plot", f"{plot}", f"files ending in {', '.join(WRITERS)}",
            "give the file one of these endings",
        )  # fmt: skip
    if not plot.parent.is_dir():
        raise SpecError.single(
            "--plot", f"{plot}", "a file in a folder that exists", "make its folder"
        )


def _beside(plot: Path, stem: str) -> Path:
    """Return where the picture of one of several patterns goes."""
    return plot.with_name(f"{plot.stem}-{stem}{plot.suffix}")


def _report(error: Exception, path: Path, *, is_debugged: bool) -> None:
    """Say on standard error why a pattern has no answer."""
    from loop.cli.errors import explain

    if is_debugged:
        traceback.print_exception(error)
    message, _ = explain(error)
    name = "" if message.startswith(path.name) else f"{path.name}: "
    sys.stderr.write(f"athanor: {name}{message}\n")
