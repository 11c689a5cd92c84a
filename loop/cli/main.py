"""The command `athanor`: groups of commands, and how their errors are shown."""

import os
import sys
from typing import Annotated

import typer

from loop.cli import (
    backtest,
    calibrate,
    campaign,
    decisions,
    energies,
    identify,
    labs,
    learn,
    literature,
    pathway,
    phases,
    reaction,
    reanalyse,
    records,
    running,
    screen,
    simulated,
    steer,
)
from loop.cli.errors import INTERRUPTED, explain

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Read by NumPy's and PyTorch's linear algebra when they are first imported."""

app = typer.Typer(
    name="athanor",
    help="The controller that an autonomous materials lab runs on.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(labs.app, name="lab")
app.add_typer(phases.app, name="phases")
app.add_typer(steer.app, name="steer")
app.add_typer(energies.app, name="energies")
app.add_typer(calibrate.app, name="calibrate")
for module in (
    campaign, simulated, running, records, decisions, identify, reanalyse, reaction,
    pathway, learn, literature, backtest, screen,
):  # fmt: skip
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
    # The matrices here are small: more threads wait for each other in busy loops, three
    # times the processor time on a busy computer. And they add up in another order:
    # the same seed would give another log wherever the environment says otherwise.
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        app()
    except SystemExit as ended:
        if ended.code == INTERRUPTED:
            sys.stderr.write("athanor: interrupted\n")
        raise
    except Exception as error:
        if debug:
            raise
        message, code = explain(error)
        sys.stderr.write(f"athanor: {message}\n")
        for note in getattr(error, "__notes__", ()):
            sys.stderr.write(f"  {note}\n")
        sys.exit(code)
