"""How well CHGNet's packaged weights agree with measured enthalpies of reaction.

Eight compounds formed from their oxides, and carbonates with the energy of bound carbon
dioxide fitted to all others. Both sets of weights are printed; the bars are those of
r2scan, the default. What oxygen would have to count as where charges change is printed
too: it is why such reactions are refused.
"""

import tempfile
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING

from figures.bars import Bar

if TYPE_CHECKING:
    from loop.knowledge.energycache import EnergyCache

BARS = {"oxides": 15.0, "carbonates": 30.0}
"""Mean absolute errors of r2scan, meV per atom."""


def bars(*, quick: bool) -> list[Bar]:
    """Measure, print, and return the figures.

    Args:
        quick: Leave out the older weights and the changes of charge, and take what the
            user's cache holds; else every energy is computed.
    """
    from loop.errors import MissingPackageError
    from loop.knowledge.energycache import EnergyCache, user_cache

    with tempfile.TemporaryDirectory() as folder:
        own = EnergyCache(Path(folder) / "energies.sqlite")
        cache = (user_cache() or own) if quick else own
        try:
            found = _measured("r2scan", cache, is_short=quick)
            if not quick:
                found += _measured("0.3.0", cache, is_short=False)
        except MissingPackageError as error:
            print(f"  skipped: {error}")
            return []
    return found


def _measured(weights: str, cache: "EnergyCache", *, is_short: bool) -> list[Bar]:
    from campaigns.materials.phases import PhaseTable
    from campaigns.materials.thermo import cited
    from loop.knowledge.accuracy import Trial, mean_absolute
    from loop.knowledge.models import open_model

    start = process_time()
    model = open_model(f"chgnet:{weights}", device="cpu", cache=cache)
    trial = Trial(model, PhaseTable.load(), cited())
    print(f"  {model.identity}")
    sets = {"oxides": trial.oxides(), "carbonates": trial.carbonates().errors}
    if not is_short:
        sets["changes of charge"] = trial.oxygen().errors
    found = []
    for name, errors in sets.items():
        print(f"  {name}: kJ/mol by the model and cited, difference in meV/atom")
        for each in errors:
            print(
                f"    {each.compound:10s} {each.model:8.1f} {each.cited:8.1f}"
                f" {each.mev_per_atom:+7.1f}"
            )
        found.append(
            Bar(
                f"CHGNet {weights}, {name}, mean absolute error",
                mean_absolute(errors),
                "meV/at",
                BARS.get(name) if weights == "r2scan" else None,
                "min",
            )
        )
    print(f"  {process_time() - start:.1f} s CPU")
    return found
