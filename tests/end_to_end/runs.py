"""Small campaigns run through the command line, and what must hold after each."""

import io
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import pytest
from threadpoolctl import threadpool_limits

from campaigns.lifecycle import CampaignEnded, Dosed, Event, Fired, TaskStarted
from campaigns.store import Store
from campaigns.tables import EventRow
from loop.cli.main import main

ROOT = Path(__file__).parents[2]
MAIN = "from loop.cli.main import main; main()"
CAMPAIGN = """\
schema = 1
name = "tiny"
seed = 3
[target]
formula = "BaTiO3"
[[precursors]]
formula = "BaCO3"
[[precursors]]
formula = "BaO2"
[[precursors]]
formula = "TiO2"
phase = "TiO2-anatase"
[space.steps.fire]
temperature_celsius = {{ min = 900, max = 1100, step = 50 }}
hold_hours = [2, 4]
[budget]
experiments = {experiments}
"""
ASKING = """
[[outcome_constraints]]
measure = "impurity"
phase = "BaO2"
at_most = 0.01
"""


class Outcome(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


def write_campaign(folder: Path, text: str = "", *, experiments: int = 4) -> Path:
    """Write a campaign, and a lab whose furnace holds two crucibles beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    lab = (ROOT / "examples" / "lab.toml").read_text(encoding="utf-8")
    (folder / "lab.toml").write_text(lab.replace("slots = 8", "slots = 2"), "utf-8")
    file = folder / "tiny.toml"
    file.write_text(text or CAMPAIGN.format(experiments=experiments), "utf-8")
    return file


def write_rescanned_campaign(folder: Path) -> Path:
    """Write a campaign whose first scans of 4 s cannot show what it asks about."""
    kinds = ("dose", "mix", "dry", "fire", "scan")
    steps = "".join(f'[[steps]]\nkind = "{kind}"\n' for kind in kinds)
    programs = 'program = "quick"\nlonger = "8min"\n'
    text = CAMPAIGN.format(experiments=2) + ASKING + steps + programs
    file = write_campaign(folder, text)
    lab = folder / "lab.toml"
    changed = lab.read_text("utf-8").replace("2min = 120.0", "quick = 4.0")
    lab.write_text(changed, "utf-8")
    return file


def athanor(*arguments: object) -> Outcome:
    """Run a command in this process, as fast as imports once done allow."""
    out, err = io.StringIO(), io.StringIO()
    argv = ["athanor", *map(str, arguments)]
    with (
        mock.patch.object(sys, "argv", argv),
        threadpool_limits(1),  # as in a process of its own
        redirect_stdout(out),
        redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    code = ended.value.code
    assert code is None or isinstance(code, int)
    return Outcome(code or 0, out.getvalue(), err.getvalue())


def command(*arguments: object, module: str = "") -> list[str]:
    """Return the command line of a new process."""
    entry = ["-m", module] if module else ["-c", MAIN]
    return [sys.executable, *entry, *map(str, arguments)]


def elsewhere(*arguments: object, module: str = "", **environment: str) -> Outcome:
    """Run a command, or a module, in a process of its own."""
    done = subprocess.run(
        command(*arguments, module=module),
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=800,
        env=os.environ | environment,
    )  # fmt: skip
    return Outcome(done.returncode, done.stdout, done.stderr)


def bodies(database: Path) -> list[str]:
    """Return the event log, byte for byte."""
    with Store.open(database) as store:
        return [row.body for row in store.rows(EventRow)]


def events(database: Path) -> tuple[Event, ...]:
    """Return the events of a database."""
    with Store.open(database) as store:
        return store.events()


def log_sha256(folder: Path) -> str:
    """Return the digest of a run's event log."""
    with Store.open(folder / "campaign.db") as store:
        return store.event_log_sha256()


def journal(folder: Path) -> Iterator[dict[str, Any]]:
    """Go through what happened in the simulated world, by the world's own journal."""
    for line in (folder / "world.jsonl").read_text("utf-8").splitlines():
        effect = json.loads(line)
        yield from effect.get("effects", [effect])


def assert_whole(folder: Path) -> None:
    """Check that a run ended, and did all it recorded, once.

    Every sample is settled, the hash chain holds, and by the world's own journal each
    powder was dosed, and each vessel dried and fired, exactly as often as recorded.
    """
    with Store.open(folder / "campaign.db") as store:
        store.verify()
        log, trials = store.events(), store.history().trials
        ended = log[-1].payload
        assert isinstance(ended, CampaignEnded)
        if ended.reason.startswith("budget spent"):
            assert len(trials) == store.spec.budget.experiments
        else:
            assert ended.reason.startswith(("target reached", "no better yield"))
        assert {trial.status for trial in trials} == {"scored"}
    physical = list(journal(folder))
    dosed = [effect for effect in physical if effect["kind"] == "dosed"]
    recorded = [event.payload for event in log if isinstance(event.payload, Dosed)]
    poured = Counter((effect["container"], effect["substance"]) for effect in dosed)
    assert set(poured.values()) == {1}, "powder dosed twice"
    weighed = {(_vial(d.sample), d.precursor): d.measured_grams for d in recorded}
    assert set(poured) == set(weighed)
    for effect in dosed:
        grams = weighed[effect["container"], effect["substance"]]
        assert effect["grams"] == pytest.approx(grams, abs=2e-4)
    mixed = Counter(
        effect["container"]
        for effect in physical
        if effect["kind"] == "worked" and effect["work"] == "mix"
    )
    # Mixing that was interrupted is done again, which does no harm, and says so.
    attempts = Counter(
        _vial(event.payload.samples[0])
        for event in log
        if isinstance(event.payload, TaskStarted) and event.payload.action == "mix"
    )
    assert set(mixed) == set(attempts)
    assert mixed <= attempts
    assert _firings_of(physical) == _firings_in(log)


def _vial(sample: str) -> str:
    return f"vial-{int(sample.removeprefix('S')):02d}"


def _firings_of(physical: list[dict[str, Any]]) -> Counter[str]:
    """Count vessels that went through a heating, by furnace, as the world saw it."""
    counted: Counter[str] = Counter()
    for effect in physical:
        if effect["kind"] == "worked" and effect["work"] == "heat":
            counted[effect["furnace"]] += effect["firings"]
    return counted


def _firings_in(log: tuple[Event, ...]) -> Counter[str]:
    """Count samples that went through a heating, by furnace, as recorded."""
    counted: Counter[str] = Counter()
    for event in log:
        if isinstance(event.payload, Fired):
            counted[event.payload.furnace] += len(event.payload.samples)
    return counted
