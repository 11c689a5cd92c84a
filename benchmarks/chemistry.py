"""What the tables, the simulated furnace and the predictions are worth, against bars.

usage: python benchmarks/chemistry.py [--quick] [--json FILE] [--rows ROW ...]

Rows:

- phases: the phase table's checker: time, and the planted faults that it catches
- facts: 22 facts about real powders, on the unperturbed simulated furnace
- furnace: CPU seconds a recipe, and the element balance of random recipes
- ybco: the simulated furnace beside 188 measured syntheses of YBa2Cu3O7
- energies: CHGNet on reactions whose enthalpies are known
- pathways: measured syntheses ranked after some of them were told

`ybco` and `pathways` read ../shared/bench/optimizer beside the repository, and skip
where it is absent. `--quick` takes fewer recipes, draws and structures.
"""

import argparse
import importlib
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

# One thread: the matrices are small, and CPU time is what is measured.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "benchmarks"))
from figures.bars import Bar  # noqa: E402

ROWS = ("phases", "facts", "furnace", "ybco", "energies", "pathways")


def run(row: str, *, is_quick: bool) -> list[Bar]:
    """Run a row; it prints what it measures."""
    start = time.process_time()
    module = importlib.import_module(f"figures.chemistry_{row}")
    bars: list[Bar] = module.bars(quick=is_quick)
    for bar in bars:
        print(f"  {bar}")
    print(f"  ({time.process_time() - start:.1f} s CPU)", flush=True)
    return bars


def main(argv: Sequence[str] | None = None) -> int:
    """Run the rows asked for, print and write their figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    args = parser.parse_args(argv)
    bars: list[Bar] = []
    for row in args.rows:
        print(f"\n{row}", flush=True)
        bars += run(row, is_quick=args.quick)
    held = [bar for bar in bars if bar.is_met is not None]
    missed = [bar for bar in held if not bar.is_met]
    print(f"\n{len(held) - len(missed)} of {len(held)} bars met")
    for bar in missed:
        print(f"  {bar}")
    if args.json:
        rows = [bar.row() for bar in bars]
        args.json.write_text(json.dumps({"bars": rows}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
