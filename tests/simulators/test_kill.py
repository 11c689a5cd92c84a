"""A lab killed by the operating system goes on from its journal."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulators.stand_in import simulated_lab

VICTIM = """
import asyncio, sys
from pathlib import Path
from tests.simulators.stand_in import in_lab, simulated_lab
from tests.simulators.test_world import whole_sample

async def story(lab):
    print("ready", flush=True)
    while True:
        lab.world.remember("ur-1", popup="x" * 500, n=len(lab.world.effects))
        print(len(lab.world.effects), flush=True)
        await asyncio.sleep(1)

in_lab(story, simulated_lab(Path(sys.argv[1])))
"""


def test_kill_9_loses_no_effect(tmp_path: Path):
    path = tmp_path / "victim.world.jsonl"
    process = subprocess.Popen(
        [sys.executable, "-c", VICTIM, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    told = 0
    for _ in range(50):
        told = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    told = max([told, *map(int, process.stdout.read().split())])
    process.wait()
    process.stdout.close()
    world = simulated_lab(path).world
    # What was announced was journaled; the last line may or may not have been.
    assert len(world.effects) >= told
    assert world.memory("ur-1")["n"] >= told - 1
    assert world.state.total_grams() == pytest.approx(40.05)
