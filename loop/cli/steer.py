"""A person's hand on a campaign: `athanor steer`."""

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loop.cli.records import Database

if TYPE_CHECKING:
    from campaigns.orders import Order
    from campaigns.recipe import Parameters
    from campaigns.store import Store

app = typer.Typer(
    name="steer",
    help="Ask for recipes, forbid them, drop or judge samples, change the goals.",
    no_args_is_help=True,
)

Settings = Annotated[
    list[str], typer.Argument(metavar="KEY=VALUE...", help="Parameters of the recipe.")
]
Reason = Annotated[str, typer.Option(help="Why; kept in the log.")]
By = Annotated[str, typer.Option(help="Who asks; the user's name if absent.")]


@app.command("list")
def show(database: Database) -> None:
    """Show the loads that were proposed and are not made, and the open orders."""
    from campaigns import labels
    from campaigns.ledger import Ledger
    from campaigns.narrative import matching
    from campaigns.orders import waiting
    from campaigns.store import Store

    with Store.open(database) as store:
        ledger = Ledger()
        ledger.take(store.events())
        history = store.history()
        lines = []
        for name in (name for load in ledger.open_loads() for name in load.samples):
            proposal = ledger.proposed[name].proposal
            state = "dropped" if name in ledger.held else proposal.role
            lines.append(f"{name} ({state}): {labels.parameters(proposal.parameters)}")
            lines.append(f"  {proposal.decision.reason}")
        for pin in history.pins:
            recipe = labels.parameters(pin.parameters)
            lines.append(f"{pin.order} to be made: {recipe} ({pin.by}: {pin.reason})")
        for veto in history.vetoes:
            what = matching(veto.matching)
            lines.append(
                f"{veto.order} not to be made: {what} ({veto.by}: {veto.reason})"
            )
        for path, order in waiting(database):
            kind = order if isinstance(order, str) else order.kind
            lines.append(f"{path.name} waits to be taken in: {kind}")
    sys.stdout.write("\n".join(lines or ["no open load and no order"]) + "\n")


@app.command()
def pin(database: Database, settings: Settings, reason: Reason, by: By = "") -> None:
    """Have a recipe made in the next load; settings left out are free."""
    from campaigns.orders import read_recipe
    from campaigns.store import Store

    with Store.open(database) as store:
        recipe = read_recipe(store.spec, settings)
        _pin(store, recipe, reason=reason, by=by)


@app.command()
def veto(database: Database, settings: Settings, reason: Reason, by: By = "") -> None:
    """Forbid recipes that match all of KEY=VALUE or KEY=LOW:HIGH."""
    from campaigns.orders import read_matching
    from campaigns.store import Store

    with Store.open(database) as store:
        _veto(store, read_matching(store.spec, settings), reason=reason, by=by)


@app.command()
def undo(
    database: Database,
    order: Annotated[str, typer.Argument(help="Order, such as P3f9a1c.")],
    reason: Reason,
    by: By = "",
) -> None:
    """Take a pin or a veto back."""
    from campaigns.errors import StoreError
    from campaigns.lifecycle import OrderWithdrawn
    from campaigns.store import Store

    with Store.open(database) as store:
        history = store.history()
        known = [pin.order for pin in history.pins]
        known += [veto.order for veto in history.vetoes]
        if order not in known:
            listed = ", ".join(known) or "none"
            raise StoreError(f"ORDER: found {order!r}; allowed: {listed}")
        _place(
            store,
            OrderWithdrawn(order=order, by=by or getpass.getuser(), reason=reason),
        )


@app.command()
def drop(
    database: Database,
    sample: Annotated[str, typer.Argument(help="A sample that is not begun.")],
    reason: Reason,
    by: By = "",
) -> None:
    """Leave a proposed sample out, and do not propose its recipe again."""
    from campaigns.store import Store

    with Store.open(database) as store:
        recipe = _drop(store, sample, reason=reason, by=by)
        _veto(store, _exactly(recipe), reason=reason, by=by)


@app.command()
def fail(
    database: Database,
    sample: Annotated[str, typer.Argument(help="A sample that ended unscored.")],
    reason: Reason,
    by: By = "",
) -> None:
    """Say that a synthesis failed: it counts against recipes like it."""
    from campaigns.ledger import Ledger
    from campaigns.lifecycle import SampleEnded
    from campaigns.orders import check_judgeable
    from campaigns.store import Store

    with Store.open(database) as store:
        ledger = Ledger()
        ledger.take(store.events())
        check_judgeable(ledger, sample)
        person = by or getpass.getuser()
        text = f"{person}: {reason}"
        _place(
            store, SampleEnded(sample=sample, status="failed", reason=text, by=person)
        )


@app.command()
def edit(
    database: Database,
    sample: Annotated[str, typer.Argument(help="A sample that is not begun.")],
    settings: Settings,
    reason: Reason,
    by: By = "",
) -> None:
    """Leave a proposed sample out; its recipe with changes rides in the next load."""
    from campaigns.orders import read_recipe
    from campaigns.store import Store

    with Store.open(database) as store:
        changed = _changed(store, sample, settings)
        recipe = read_recipe(store.spec, changed)
        _drop(store, sample, reason=reason, by=by)
        _pin(store, recipe, reason=f"{sample} with changes: {reason}", by=by)


@app.command()
def change(
    database: Database,
    file: Annotated[Path, typer.Argument(help="Campaign file with changes.")],
    reason: Reason,
    by: By = "",
) -> None:
    """Change the space, goals, budget or stop rule from the next load on."""
    from campaigns.orders import amended
    from campaigns.store import Store
    from loop.cli.setup import checked_against, lab_of

    with Store.open(database) as store:
        new = checked_against(file, lab_of(store), seed=store.spec.seed)
        order = amended(store.spec, new, by=by or getpass.getuser(), reason=reason)
        _place(store, order)


def _pin(store: "Store", recipe: "Parameters", *, reason: str, by: str) -> None:
    from campaigns.lifecycle import Pinned
    from campaigns.orders import identifier
    from campaigns.results import Pin
    from instruments.clock import utc_seconds

    name = identifier("P", recipe, utc_seconds())
    one = Pin(order=name, parameters=recipe, by=by or getpass.getuser(), reason=reason)
    _place(store, Pinned(pin=one))


def _veto(
    store: "Store",
    matching: "dict[str, str | tuple[float, float]]",
    *,
    reason: str,
    by: str,
) -> None:
    from campaigns.lifecycle import Vetoed
    from campaigns.orders import identifier
    from campaigns.results import Veto
    from instruments.clock import utc_seconds

    name = identifier("V", matching, utc_seconds())
    one = Veto(order=name, matching=matching, by=by or getpass.getuser(), reason=reason)
    _place(store, Vetoed(veto=one))


def _exactly(recipe: "Parameters") -> "dict[str, str | tuple[float, float]]":
    return {
        key: value if isinstance(value, str) else (float(value), float(value))
        for key, value in recipe.items()
    }


def _changed(store: "Store", sample: str, settings: list[str]) -> list[str]:
    """Return a sample's own recipe as text, with changes behind, which count."""
    recipe = _begun(store, sample)
    kept = [f"{key}={value}" for key, value in recipe.items()]
    return [*kept, *settings]


def _drop(store: "Store", sample: str, *, reason: str, by: str) -> "Parameters":
    from campaigns.lifecycle import SampleEnded
    from loop.cli.setup import moment_of
    from loop.recorder import Recorder

    store.lock()  # what is not begun now must not begin meanwhile
    recipe, person = _begun(store, sample), by or getpass.getuser()
    text = f"left out by {person}: {reason}"
    recorder = Recorder(store)
    recorder.append(
        SampleEnded(sample=sample, status="held", reason=text),
        actor=person, lab_time=moment_of(store, recorder.ledger),
    )  # fmt: skip
    sys.stdout.write(f"{sample} is left out\n")
    return recipe


def _begun(store: "Store", sample: str) -> "Parameters":
    """Return the recipe of a sample on which nothing was begun.

    Raises:
        StoreError: If it is not of an open load, or something was done on it.
    """
    from campaigns.errors import StoreError
    from campaigns.ledger import Ledger
    from campaigns.lifecycle import TaskStarted

    ledger = Ledger()
    ledger.take(store.events())
    begun = {s for t in ledger.tasks if isinstance(t, TaskStarted) for s in t.samples}
    free = [
        name
        for load in ledger.open_loads()
        for name in load.samples
        if name not in begun and name not in ledger.held
    ]
    if sample not in free:
        listed = ", ".join(free) or "none; run with --review to be asked in time"
        raise StoreError(
            f"SAMPLE: found {sample!r}; allowed: samples that are not begun: {listed}"
        )
    return ledger.proposed[sample].proposal.parameters


def _place(store: "Store", order: "Order") -> None:
    """Record an order, or leave it for the process that runs the campaign."""
    from campaigns.errors import StoreError
    from campaigns.materials.phases import PhaseTable
    from campaigns.orders import leave
    from instruments.clock import utc_seconds
    from loop.cli.setup import moment_of
    from loop.recorder import Recorder
    from loop.steering import record

    try:
        store.lock()
    except StoreError:
        leave(store.path, order, utc_seconds())
        sys.stdout.write("the campaign is running; before its next load, ")
    else:
        recorder = Recorder(store)
        now = moment_of(store, recorder.ledger)
        record(recorder, PhaseTable.load(), order, lab_time=now)
    sys.stdout.write(f"{_told(order)}\n")


def _told(order: "Order") -> str:
    match order.kind:
        case "pinned":
            return f"{order.pin.order} is to be made"
        case "vetoed":
            return f"{order.veto.order} is not to be made"
        case "order-withdrawn":
            return f"{order.order} is withdrawn"
        case "sample-ended":
            return f"{order.sample} counts as failed"
        case _:
            return f"the campaign changes in {', '.join(order.changed)}"
