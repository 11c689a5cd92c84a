"""What every campaign needs before it runs: checks, database, engine."""

import sys
from collections.abc import Awaitable, Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from campaigns.earlier import EarlierCampaign
from campaigns.guesses import LiteratureGuesses
from campaigns.ledger import Ledger
from campaigns.lifecycle import Resumed
from campaigns.pathways import LearnedPathways
from campaigns.spec import CampaignSpec
from campaigns.store import Store
from instruments.labspec import LabSpec
from instruments.protocols import Lab

if TYPE_CHECKING:
    from loop.engine import Engine
    from loop.propose.proposer import Proposer
    from loop.recorder import Watcher

RECORDED = ("athanor-lab", "ax-platform", "botorch", "gpytorch", "torch", "numpy",
            "scipy", "pymatgen", "xraydb")  # fmt: skip
"""Distributions whose versions are kept with every campaign."""


def default_lab_file() -> Path:
    """Return the lab file of the simulated A-Lab that comes with Athanor."""
    import instruments

    return Path(instruments.__file__).parent / "simulated-lab.toml"


def lab_file_for(campaign: Path) -> Path:
    """Return `lab.toml` beside a campaign file, else the simulated A-Lab's."""
    beside = campaign.parent / "lab.toml"
    return beside if beside.is_file() else default_lab_file()


def checked_campaign(
    file: Path, lab_file: Path | None, *, seed: int | None = None
) -> tuple[CampaignSpec, LabSpec]:
    """Load a campaign and its lab, and check one against the other.

    Args:
        file: Campaign file.
        lab_file: Lab file; `lab_file_for(file)` if absent.
        seed: Seed in place of the file's, >= 0.

    Raises:
        BadFileError: With every fault of the file that cannot be used.
    """
    from instruments.labfile import load_lab_file
    from loop.cli.errors import naming

    lab_file = lab_file or lab_file_for(file)
    with naming(lab_file):
        lab = load_lab_file(lab_file)
    return checked_against(file, lab, seed=seed), lab


def checked_against(file: Path, lab: LabSpec, *, seed: int | None) -> CampaignSpec:
    """Load a campaign file and check it against a lab.

    Args:
        file: Campaign file.
        lab: The lab.
        seed: Seed in place of the file's, >= 0.

    Raises:
        BadFileError: With every fault of the file.
    """
    from campaigns.check import check
    from campaigns.materials.phases import PhaseTable
    from campaigns.specfile import load
    from loop.cli.errors import naming

    with naming(file):
        spec = load(file)
        if seed is not None:
            spec = spec.model_copy(update={"seed": seed})
        check(spec, lab, PhaseTable.load()).require()
    return spec


def moment_of(store: Store, ledger: Ledger) -> float:
    """Return lab time between runs, s since 1970: a dry run's stands still."""
    from instruments.clock import utc_seconds

    return utc_seconds() if store.opened.mode == "real" else ledger.lab_time


def lab_of(store: Store) -> LabSpec:
    """Return the lab as a campaign's database describes it.

    Both the first process and those that resume use this one: what is read from the
    lab file has its tables in another order, on which choices could depend.
    """
    return LabSpec.model_validate(store.opened.lab)


def versions() -> dict[str, str]:
    """Return the versions of the software that decides and computes."""
    return {name: _version(name) for name in RECORDED}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def new_store(
    path: Path,
    spec: CampaignSpec,
    lab: LabSpec,
    *,
    mode: Literal["virtual", "emulated", "real"],
    proposer: str,
    lab_time: float,
    literature: LiteratureGuesses | None = None,
    earlier: Sequence[EarlierCampaign] = (),
    learned: LearnedPathways | None = None,
) -> Store:
    """Open a new campaign database.

    Raises:
        StoreError: If there is one already.
        ProposalError: If no proposer has that name.
    """
    from campaigns.materials.phases import PhaseTable
    from loop.analyse.candidates import candidate_phases
    from loop.propose.proposer import make_proposer

    make_proposer(proposer, literature=literature, earlier=earlier, learned=learned)
    labels = tuple(precursor.label for precursor in spec.precursors)
    met = candidate_phases(spec, labels, PhaseTable.load())
    return Store.create(
        path,
        spec,
        lab=lab,
        mode=mode,
        proposer=proposer,
        lab_time=lab_time,
        phases={phase.name: phase.row_sha256 for phase in met},
        versions=versions(),
        literature=literature,
        earlier=earlier,
        learned=learned,
    )


def earlier_results(
    spec: CampaignSpec, files: Sequence[Path] | None, *, proposer: str, is_real: bool
) -> tuple[EarlierCampaign, ...]:
    """Return what earlier campaigns found; nothing without files.

    Args:
        spec: The campaign that asks.
        files: Databases, or files of `athanor learn`.
        proposer: Name of the proposer.
        is_real: Whether the campaign runs on real matter.

    Raises:
        SpecError: If the campaign has no yield to forecast, or a file teaches nothing.
        ProposalError: If the proposer uses no earlier results.
        StoreError: If a database cannot be read.
        LearnedFileError: If a learned file cannot be read.
        FileNotFoundError: If there is no such file.
    """
    from campaigns.errors import SpecError
    from campaigns.materials.phases import PhaseTable
    from loop.knowledge.earlier import read_earlier
    from loop.propose.beliefs import rated_of
    from loop.propose.proposer import make_proposer

    if not files:
        return ()
    if rated_of(spec) is None:
        raise SpecError.single(
            "--earlier", "a campaign without a yield of something fired",
            "a yield to maximize and a firing step", "leave --earlier out",
        )  # fmt: skip
    found = read_earlier(files, is_real=is_real, table=PhaseTable.load())
    make_proposer(proposer, earlier=found)
    return found


def first_guesses(
    spec: CampaignSpec, file: Path | None, *, proposer: str
) -> LiteratureGuesses | None:
    """Return what a file of reactions says of a campaign; none without a file.

    Raises:
        ProposalError: If the proposer uses no literature.
        LiteratureError: If the file cannot be used; `FileNotFoundError` if it is not
            there.
    """
    from loop.cli.literature import read_literature
    from loop.knowledge.literatureguesses import guesses_for
    from loop.propose.proposer import make_proposer

    if file is None:
        return None
    found = guesses_for(spec, read_literature(file))
    make_proposer(proposer, literature=found)
    return found


def expected_pathways(
    spec: CampaignSpec, file: Path | None, *, proposer: str, is_real: bool
) -> LearnedPathways | None:
    """Return what a file of learned reactions says of a campaign; none without a file.

    Says on standard error which powders and sets nothing is made of.

    Args:
        spec: The campaign that asks.
        file: A file of `athanor learn`.
        proposer: Name of the proposer.
        is_real: Whether the campaign runs on real matter.

    Raises:
        SpecError: If nothing is fired, or the file teaches nothing of the sets, or is
            of another kind of matter.
        ProposalError: If the proposer uses no pathways.
        LearnedFileError: If the file cannot be read.
        FileNotFoundError: If there is no such file.
    """
    from campaigns.errors import SpecError
    from loop.knowledge.learnedpathways import pathways_for
    from loop.propose.encoding import KELVIN, temperature_range
    from loop.propose.proposer import make_proposer

    if file is None:
        return None
    limits = temperature_range(spec)
    if limits is None:
        raise SpecError.single(
            "--learned", "a campaign without a firing step",
            "one that fires its powders", "leave --learned out",
        )  # fmt: skip
    low, high = (kelvin - KELVIN for kelvin in limits)
    found, notes = pathways_for(spec, file, limits=(low, high), is_real=is_real)
    make_proposer(proposer, learned=found)
    for note in notes:
        sys.stderr.write(f"athanor: {note}\n")
    return found


def make_engine(
    store: Store,
    lab: Lab,
    *,
    now: Callable[[], float],
    compute: Callable[[Callable[[], Any]], Awaitable[Any]],
    watcher: "Watcher",
) -> "Engine":
    """Return the engine of an open campaign."""
    from campaigns.materials.phases import PhaseTable
    from loop.engine import Engine
    from loop.recorder import Recorder

    return Engine(
        recorder=Recorder(store, watchers=[watcher]),
        spec=store.spec,
        lab=lab,
        table=PhaseTable.load(),
        proposer=proposer_of(store),
        now=now,
        compute=compute,
    )


def proposer_of(store: Store) -> "Proposer":
    """Return the proposer that a campaign was opened with."""
    from loop.propose.proposer import make_proposer

    opened = store.opened
    return make_proposer(
        opened.proposer,
        literature=opened.literature,
        earlier=opened.earlier,
        learned=opened.learned,
    )


def record_resumption(engine: "Engine") -> None:
    """Note in the log that a new process goes on, and which tasks are in doubt.

    Nothing was asked yet, so what became of them is `unknown`; whatever is found by
    asking the instruments becomes the outcome of each task when its turn comes.
    """
    from campaigns.lifecycle import TaskFailed, TaskFinished, TaskStarted

    doubtful: dict[str, str] = {}
    for payload in engine.ledger.tasks:
        if isinstance(payload, TaskStarted):
            doubtful[payload.task] = "unknown"
        elif isinstance(payload, TaskFinished) or (
            isinstance(payload, TaskFailed) and payload.outcome != "fault"
        ):
            doubtful.pop(payload.task, None)
    if engine.ledger.loads:
        engine.recorder.append(
            Resumed(reason="a new process goes on", reconciled=doubtful),
            actor="engine",
            lab_time=engine.now(),
        )
