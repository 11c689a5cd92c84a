"""Dry runs: `athanor simulate`, on the simulated lab.

The only module of `loop` that knows the simulators; it hands the engine a lab whose
transports lead to simulated firmware, and virtual time.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from loop.cli.running import (
    DATABASE,
    AsJson,
    Campaign,
    Chosen,
    EarlierFiles,
    LabFile,
    LearnedFile,
    Output,
    ProposerName,
    ReactionFile,
    Review,
    Speed,
    carry_on,
    new_folder,
)

if TYPE_CHECKING:
    from campaigns.spec import CampaignSpec
    from campaigns.store import Store
    from instruments.labspec import LabSpec
    from loop.cli.display import Display

WORLD = "world.jsonl"
"""The simulated world's own journal, beside the database."""


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(simulate)


def simulate(
    file: Annotated[Path, typer.Argument(help="Campaign file.")],
    output: Output = None,
    lab: LabFile = None,
    proposer: Chosen = ProposerName.ATHANOR,
    literature: ReactionFile = None,
    earlier: EarlierFiles = None,
    learned: LearnedFile = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed, if not the file's.")
    ] = None,
    world: Annotated[
        int | None,
        typer.Option(min=0, help="Seed of the hidden truth; else the seed."),
    ] = None,
    speed: Speed = None,
    review: Review = False,
    as_json: AsJson = False,
) -> None:
    """Run a campaign on the simulated lab, through the drivers of the real one."""
    from instruments.clock import VIRTUAL_EPOCH_SECONDS
    from loop.cli.setup import (
        checked_campaign,
        earlier_results,
        expected_pathways,
        first_guesses,
        new_store,
    )

    spec, lab_spec = checked_campaign(file, lab, seed=seed)
    guesses = first_guesses(spec, literature, proposer=proposer)
    known = earlier_results(spec, earlier, proposer=proposer, is_real=False)
    pathways = expected_pathways(spec, learned, proposer=proposer, is_real=False)
    folder = new_folder(output, file)
    truth = spec.seed if world is None else world
    with new_store(
        folder / DATABASE, spec, lab_spec, mode="virtual", proposer=proposer,
        lab_time=VIRTUAL_EPOCH_SECONDS, literature=guesses, earlier=known,
        learned=pathways,
    ) as store:  # fmt: skip
        campaign = _in_world(store, truth, review=review)
        _go(store, campaign, start=0.0, speed=speed, as_json=as_json)


def resume_simulated(
    store: "Store", *, speed: float | None, review: bool, as_json: bool
) -> None:
    """Go on with a dry run where its database or its world's journal ends.

    Raises:
        StoreError: If another process has the database, or the journal is not there
            or damaged.
    """
    from instruments.clock import VIRTUAL_EPOCH_SECONDS

    # Before the journal is touched: its owner may still be at work.
    store.lock()
    truth, physical = _read_journal(store.path.parent / WORLD)
    recorded = max(e.lab_time for e in store.events()) - VIRTUAL_EPOCH_SECONDS
    start = max(recorded, physical)
    campaign = _in_world(store, truth, review=review)
    _go(store, campaign, start=start, speed=speed, as_json=as_json)


def _read_journal(path: Path) -> tuple[int, float]:
    """Return the seed of the hidden truth and the last moment, s, of a world."""
    from campaigns.errors import StoreError
    from simulators.journal import Journal

    if not path.is_file():
        raise StoreError(
            f"{path}: no such file; the journal of the simulated lab belongs beside "
            f"the database: put it back, or begin anew with `athanor simulate`"
        )
    try:
        journal = Journal(path)
    except ValueError as error:
        raise StoreError(str(error)) from error
    journal.close()
    if not journal.effects:
        raise StoreError(
            f"{path}: empty; the run ended before its first step: begin anew with "
            f"`athanor simulate`"
        )
    return int(journal.effects[0]["seed"]), journal.last_seconds


def _go(
    store: "Store",
    campaign: Campaign,
    *,
    start: float,
    speed: float | None,
    as_json: bool,
) -> None:
    from simulators import clock

    runner = partial(clock.run, start_seconds=start, speed=speed)
    carry_on(store, campaign, as_json=as_json, runner=runner)


def _in_world(store: "Store", truth: int, *, review: bool) -> Campaign:
    """Return the campaign on the simulated lab; its world goes on from its journal."""
    import asyncio

    from loop.cli.setup import lab_of

    lab_spec = lab_of(store)

    async def campaign(display: "Display") -> None:
        from instruments.clock import VIRTUAL_EPOCH_SECONDS, Clock
        from instruments.lab import connect
        from loop.cli.setup import make_engine, record_resumption

        clock, loop = Clock.virtual(), asyncio.get_running_loop()
        display.follow(lambda: VIRTUAL_EPOCH_SECONDS + loop.time())
        world = simulated_ports(
            lab_spec, store.spec, seed=truth, journal=store.path.parent / WORLD
        )
        async with (
            world as (openers, fetchers),
            connect(lab_spec, openers=openers, fetchers=fetchers, clock=clock) as lab,
        ):
            engine = make_engine(
                store, lab, now=clock.now, compute=_at_once, watcher=display.on_event
            )
            record_resumption(engine)
            await engine.run(only_propose=review)

    return campaign


@asynccontextmanager
async def simulated_ports(
    lab: "LabSpec",
    spec: "CampaignSpec | None" = None,
    *,
    seed: int = 0,
    journal: Path | None = None,
) -> AsyncIterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield openers and fetchers for the `sim://` URLs of a lab; none if it has none.

    On a lab that is simulated in part, the simulated part runs in real time.

    Args:
        lab: The lab.
        spec: The campaign, whose precursors fill the dosing heads.
        seed: Seed of the hidden truth.
        journal: The world's own journal; kept in memory if absent.
    """
    if "sim://" not in lab.model_dump_json():
        yield {}, {}
        return
    from simulators.lab import SimulatedLab
    from simulators.physics import Reagent

    rack = next((name for name, r in lab.racks.items() if r.holds == "head"), "heads")
    reagents = {
        f"{rack}/{number}": Reagent(
            name=p.label,
            formula=p.formula,
            assay=p.assay,
            loss_on_ignition=p.loss_on_ignition,
            particle_micrometres=p.particle_micrometres,
            stock_grams=p.stock_grams,
        )
        for number, p in enumerate(spec.precursors if spec else (), start=1)
    }
    world = SimulatedLab(lab, reagents, seed=seed, journal_path=journal)
    try:
        yield dict(world.openers), dict(world.fetchers)
    finally:
        await world.close()


async def _at_once(work: Callable[[], Any]) -> Any:  # noqa: ANN401
    """Compute while virtual time stands still, so that runs are reproducible."""
    return work()
