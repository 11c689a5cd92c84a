"""The structure that the code promises, and proof that each check can fail."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("loop", "instruments", "campaigns", "simulators")
MOST_LINES = 350
HEAVY = (
    "torch",
    "ax",
    "botorch",
    "gpytorch",
    "mace",
    "chgnet",
    "optimade",
    "pymatgen",
    "pyarrow",
    "plotly",
    "matplotlib",
)

PLANTED = [
    ("instruments/clock.py", "import campaigns.spec", "Layers"),
    ("campaigns/summary.py", "import simulators.clock", "Layers"),
    ("loop/engine.py", "import simulators.clock", "Only the simulated command line"),
    ("simulators/clock.py", "import campaigns.spec", "Simulators know facts"),
    ("simulators/clock.py", "import loop.errors", "Layers"),
    ("loop/plan/tasks.py", "import instruments.eurotherm", "Loop sees instruments"),
    ("loop/propose/space.py", "import loop.engine", "Inside loop"),
    ("loop/plan/tasks.py", "import loop.propose.space", "Inside loop"),
]


def contracts(folder: Path) -> subprocess.CompletedProcess[str]:
    command = Path(sys.executable).parent / "lint-imports"
    return subprocess.run(
        [command, "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, folder / package, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_the_contracts_hold(copy):
    result = contracts(copy)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(("file", "line", "contract"), PLANTED)
def test_a_planted_violation_is_found(copy, file, line, contract):
    path = copy / file
    sound = path.read_text()
    path.write_text(f"{sound}\n{line}\n")
    try:
        result = contracts(copy)
    finally:
        path.write_text(sound)
    broken = [row for row in result.stdout.splitlines() if "BROKEN" in row]
    assert result.returncode == 1
    assert any(row.startswith(contract) for row in broken), result.stdout


@pytest.mark.parametrize(
    "module", ["campaigns.store", "instruments.lab", "campaigns.check", "loop.cli.main"]
)
def test_light_modules_load_without_heavy_libraries(module):
    code = f"import sys, {module}\nprint([m for m in {HEAVY!r} if m in sys.modules])"
    command = [sys.executable, "-c", code]
    result = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def sources() -> list[Path]:
    return [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]


def test_every_room_is_small():
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sources()
        if (lines := len(path.read_text().splitlines())) > MOST_LINES
    }
    assert long == {}


@pytest.mark.parametrize(
    ("library", "door"),
    [
        ("ax", "loop/propose"),
        ("serial", "instruments"),
        ("xraydb", "campaigns/materials"),
        ("matplotlib", "campaigns/review"),
        ("ase", "loop/knowledge"),
        ("chgnet", "loop/knowledge"),
        ("mace", "loop/knowledge"),
        ("optimade", "loop/knowledge"),
        ("mp_api", "loop/knowledge"),
    ],
)
def test_one_library_has_one_door(library, door):
    doors = [path for path in sources() if library in imported(path)]
    assert len(doors) == 1
    assert doors[0].is_relative_to(ROOT / door)


def imported(path: Path) -> set[str]:
    """Return the top-level names that a file imports at run time, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names
