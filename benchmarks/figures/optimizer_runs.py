"""Campaigns replayed on tables, kept in files so that an interrupted run goes on.

A file holds the campaigns of one method on one table with one budget, a line a seed.
Its name ends in a hash of the table, the code that the method runs and the versions of
libraries: what was changed since is replayed anew.
"""

import hashlib
import json
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from figures.optimizer_tables import table_of

from loop.backtest.athanor import AthanorMethod, Parts
from loop.backtest.methods import METHODS
from loop.backtest.replay import Campaign, Maker, Plan, replay
from loop.propose.library import KINDS

ROOT = Path(__file__).resolve().parents[2]
BAYBE = "BayBE"
BAYBE_SCRIPT = "benchmarks/rivals/baybe.py"
LESS = {
    "without chemistry": Parts(chemistry=False),
    "without rate law": Parts(rate=False),
    "without gate": Parts(gate=False),
    "without each set's own": Parts(own=False),
    "without known noise": Parts(noise=False),
    "without ranks": Parts(ranks=False),
    **{f"without {one}": Parts(kinds=tuple(k for k in KINDS if k != one))
       for one in KINDS},
}  # fmt: skip
"""Athanor's method with one part left out."""
_ORACLE = ("loop/backtest/replay.py", "loop/backtest/table.py")
_RIVALS = (
    "loop/backtest/rivals.py", "loop/backtest/acquisition.py",
    "loop/backtest/encoding.py", *_ORACLE,
)  # fmt: skip
_LIBRARIES = ("botorch", "gpytorch", "numpy", "scikit-learn", "scipy", "torch")


@dataclass(frozen=True)
class Task:
    """One method on one table."""

    table: str
    method: str
    bench: Path
    budget: int
    """Experiments a campaign."""


@dataclass(frozen=True)
class Runs:
    """How campaigns are run and where they are kept."""

    folder: Path
    jobs: int = 1
    baybe: str | None = None
    """A Python that has BayBE; None leaves it out."""

    def campaigns(self, task: Task, seeds: Sequence[int]) -> list[Campaign]:
        """Return a campaign a seed; those that are kept are not run again."""
        file = self.folder / _name(task)
        kept = _read(file)
        missing = [seed for seed in seeds if seed not in kept]
        if missing:
            self.folder.mkdir(parents=True, exist_ok=True)
            with file.open("a") as lines:
                for line in self._run(task, missing):
                    # What a crash cut short ends before.
                    lines.write("\n" + line + "\n")
                    lines.flush()
            kept = _read(file)
        return [kept[seed] for seed in seeds]

    def _run(self, task: Task, seeds: Sequence[int]) -> Iterator[str]:
        """Yield a line a campaign as each ends."""
        if task.method == BAYBE:
            yield from _baybe(task, seeds, str(self.baybe))
        elif self.jobs == 1:
            yield from (line_of(task, seed) for seed in seeds)
        else:
            with ProcessPoolExecutor(self.jobs) as pool:
                made = [pool.submit(line_of, task, seed) for seed in seeds]
                yield from (one.result() for one in as_completed(made))


def line_of(task: Task, seed: int) -> str:
    """Return one campaign as a line of JSON."""
    table = table_of(task.table, task.bench)
    found = replay(table, _method(task.method), Plan(budget=task.budget), seed=seed)
    kept = {"seed": seed, "order": found.order, "cpu_seconds": found.cpu_seconds}
    return json.dumps(kept)


def _method(name: str) -> Maker:
    if name not in LESS:
        return METHODS[name]
    return lambda space, seed: AthanorMethod(space, seed, LESS[name])


def _baybe(task: Task, seeds: Sequence[int], python: str) -> Iterator[str]:
    """Yield what BayBE's own process prints.

    Raises:
        CalledProcessError: If it fails; what it said stands above on the terminal.
    """
    command = [
        python, str(ROOT / BAYBE_SCRIPT), task.table, "--bench", str(task.bench),
        "--budget", str(task.budget), "--seeds", *map(str, seeds),
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        yield from (line.strip() for line in running.stdout or ())
    if running.returncode:
        raise subprocess.CalledProcessError(running.returncode, command)


def _read(file: Path) -> dict[int, Campaign]:
    """Return the campaigns of a file by seed; a line cut short by a crash is none."""
    kept: dict[int, Campaign] = {}
    if not file.exists():
        return kept
    for line in file.read_text().splitlines():
        try:
            found = json.loads(line)
        except json.JSONDecodeError:
            continue
        kept[found["seed"]] = Campaign(tuple(found["order"]), found["cpu_seconds"])
    return kept


def _name(task: Task) -> str:
    whole = hashlib.sha256()
    table = table_of(task.table, task.bench)
    sets = [[sorted(v) if isinstance(v, frozenset) else v for v in c]
            for c in table.space.candidates]  # fmt: skip
    whole.update(json.dumps([table.space.names, sets]).encode())
    whole.update(table.gains.tobytes())
    whole.update(_code(task.method).encode())
    method = task.method.replace(" ", "-")
    return f"{task.table}-{method}-{task.budget}-{whole.hexdigest()[:12]}.jsonl"


@lru_cache
def _code(method: str) -> str:
    """Return a hash of the code and the libraries that a method runs."""
    whole = hashlib.sha256()
    if method == BAYBE:
        names = [BAYBE_SCRIPT, *_ORACLE]
    elif method in METHODS and method != "athanor":
        names = list(_RIVALS)
    else:
        folders = ("loop/propose", "loop/backtest", "campaigns/materials")
        files = [f for folder in folders for f in (ROOT / folder).rglob("*.py")]
        names = sorted(str(f.relative_to(ROOT)) for f in files)
    for name in names:
        whole.update((ROOT / name).read_bytes())
    if method != BAYBE:
        whole.update(",".join(version(name) for name in _LIBRARIES).encode())
    return whole.hexdigest()
