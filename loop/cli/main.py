"""The command `athanor`: groups of commands, and how their errors are shown."""

import sys
from typing import Annotated

import typer

from loop.cli import campaign, labs, phases, records, running, simulated

app = typer.Typer(
    name="athanor",
    help="The controller that an autonomous materials lab runs on.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(labs.app, name="lab")
app.add_typer(phases.app, name="phases")
for module in (campaign, simulated, running, records):
    module.register(app)


@app.callback()
def _options(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error.")
    ] = False,
) -> None:
    """Take the options that stand before the command."""
    # Read by `main` from the arguments: an error may come before this runs.


def main() -> None:
    """Run the command line; exit 2 for bad input, 1 for any other failure."""
    debug = "--debug" in sys.argv
    try:
        app()
    except KeyboardInterrupt:
        _fail("interrupted; `athanor resume` goes on from here", 130)
    except BrokenPipeError:
        sys.exit(0)
    except Exception as error:
        if debug:
            raise
        _fail(*explain(error))


def explain(error: Exception) -> tuple[str, int]:
    """Return an error as one readable message, and the exit code.

    Foreign errors are not expected here; they are shown with their class, so that
    they can be reported.
    """
    from campaigns.errors import CampaignError, MaterialError, SpecError
    from instruments.errors import InstrumentError, LabFileError
    from loop.errors import LoopError

    if isinstance(error, SpecError | LabFileError | MaterialError):
        return str(error), 2
    if isinstance(error, CampaignError | InstrumentError | LoopError):
        return str(error), 1
    if isinstance(error, FileNotFoundError):
        return f"{error.filename}: no such file", 2
    if isinstance(error, OSError):
        return f"{error.filename or 'file'}: {error.strerror}", 1
    detail = f"{type(error).__name__}: {error}"
    return f"unexpected {detail} (run again with --debug for the traceback)", 1


def _fail(message: str, code: int) -> None:
    sys.stderr.write(f"athanor: {message}\n")
    sys.exit(code)
