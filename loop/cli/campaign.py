"""Campaign files: `athanor new`, `athanor check`, `athanor schema`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(new)
    app.command()(check)
    app.command()(schema)


def new(
    name: Annotated[str, typer.Argument(help="Name of the campaign; makes NAME.toml.")],
) -> None:
    """Write a commented campaign file to start from."""
    from campaigns.errors import Fault, SpecError
    from campaigns.template import new_campaign

    path = Path(f"{name.removesuffix('.toml')}.toml")
    text = new_campaign(path.name.removesuffix(".toml"))
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        fault = Fault("NAME", f"{path}, which exists", "a new file", "choose another")
        raise SpecError((fault,)) from None
    except OSError as error:
        remedy = "choose a name in a folder where you may write"
        fault = Fault("NAME", f"{path} ({error.strerror})", "a new file", remedy)
        raise SpecError((fault,)) from error
    sys.stdout.write(f"{path}\n")


def check(
    file: Annotated[Path, typer.Argument(help="Campaign file.")],
    lab: Annotated[
        Path | None,
        typer.Option(help="Lab file; else lab.toml beside the campaign, else ours."),
    ] = None,
) -> None:
    """Explain every error of a campaign file, or print what it would make."""
    from campaigns.check import check as examine
    from campaigns.materials.phases import PhaseTable
    from campaigns.specfile import load
    from instruments.labfile import load_lab_file
    from loop.cli.errors import naming
    from loop.cli.setup import lab_file_for

    lab_file = lab or lab_file_for(file)
    with naming(file):
        spec = load(file)
    with naming(lab_file):
        lab_spec = load_lab_file(lab_file)
    report = examine(spec, lab_spec, PhaseTable.load())
    if report.is_unsafe:
        sys.stdout.write(f"{report.safety_text()}\n")
    with naming(file):
        report.require()
    sys.stdout.write(f"{report.text()}\n")


def schema() -> None:
    """Print the JSON Schema of campaign files, for editors."""
    from campaigns.template import json_schema

    sys.stdout.write(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")
