"""Small structures, and a model that needs no weights."""

import numpy as np
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from campaigns.materials.thermo import cited
from loop.knowledge.accuracy import enthalpy_at_298
from loop.knowledge.energies import Relaxed, prepared

JOULES_PER_EV = 96485.33212


def rocksalt(metal, edge):
    return Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(edge), [metal, "O"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )


class CitedModel:
    """Gives each phase the energy that its cited row says, and a gas a fixed one.

    Reactions of solids come out exactly as cited, so that what is built on energies can
    be checked to the last digit.
    """

    identity = "cited 1 exact 0"

    def __init__(self, phases, shift=None):
        self.asked = 0
        self._energies = {}
        species = cited()
        for name, phase in phases.items():
            if name in species and phase.has_structure:
                key = phase.formula.reduced.composition
                atoms = float(sum(n for _, n in phase.formula.composition))
                joules = enthalpy_at_298(species[name])
                energy = joules / JOULES_PER_EV / atoms
                self._energies.setdefault(key, energy)
        for key, value in (shift or {}).items():
            self._energies[key.reduced.composition] = value

    def energy(self, structures):
        from campaigns.materials.newrow import formula_of

        self.asked += len(structures)
        return np.array(
            [self._energies[formula_of(s).reduced.composition] for s in structures]
        )

    def relax(self, structures):
        ready = [prepared(each) for each in structures]
        return [
            Relaxed(each, float(energy), 1, True)
            for each, energy in zip(ready, self.energy(ready), strict=True)
        ]

    def features(self, structures):
        return np.ones((len(structures), 3))
