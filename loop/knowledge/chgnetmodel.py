"""CHGNet with the weights that its package brings; the only module to import it.

Source:
    Deng et al., Nature Machine Intelligence 5 (2023) 1031.
"""

from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from loop.errors import EnergyModelError, MissingPackageError
from loop.knowledge.confinement import confined, device_of, weights_sha256
from loop.knowledge.energies import Relaxed, prepared
from loop.knowledge.relaxation import relax_with

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

DEFAULT = "r2scan"
WEIGHTS = (DEFAULT, "0.3.0")
"""Sets of weights in the package: trained on r2SCAN and on PBE(+U) energies."""
_BATCH = 16
_HEAVIEST = 94
"""Atomic number of plutonium, the last element of CHGNet."""


class ChgnetModel:
    """Energies by CHGNet; an `EnergyModel`."""

    def __init__(self, weights: str = DEFAULT, *, device: str = "auto") -> None:
        """Load the weights.

        Args:
            weights: One of `WEIGHTS`.
            device: `auto`, `cpu` or `cuda`.

        Raises:
            EnergyModelError: If the weights are unknown or missing, or the device is.
            MissingPackageError: If chgnet is not installed.
        """
        if weights not in WEIGHTS:
            raise EnergyModelError(
                f"CHGNet weights: found {weights!r}; allowed: {', '.join(WEIGHTS)}"
            )
        try:
            with confined():
                from chgnet.model.dynamics import CHGNetCalculator
                from chgnet.model.model import CHGNet
        except ImportError as error:
            raise MissingPackageError("chgnet", "energies", error) from error
        on = device_of(device)
        try:
            with confined():
                self._model = CHGNet.load(
                    model_name=weights, use_device=on, verbose=False
                )
                self._calculator = CHGNetCalculator(
                    model=self._model, use_device=on, on_isolated_atoms="error"
                )
        except (OSError, RuntimeError, ValueError, KeyError, EOFError) as error:
            raise EnergyModelError(
                f"CHGNet weights {weights} cannot be loaded: {error}; install chgnet"
                " anew: its package brings them"
            ) from error
        digest = weights_sha256(self._model)[:16]
        self.identity = f"chgnet {version('chgnet')} {weights} {digest}"

    def energy(self, structures: Sequence["Structure"]) -> NDArray[np.float64]:
        """Return eV per atom of n structures as they stand, shape `n`."""
        return np.array([float(each["e"]) for each in self._predict(structures, "e")])

    def features(self, structures: Sequence["Structure"]) -> NDArray[np.float64]:
        """Return CHGNet's crystal features of n structures, shape `n x 64`."""
        found = self._predict(structures, "e")
        return np.array([each["crystal_fea"] for each in found], dtype=np.float64)

    def relax(self, structures: Sequence["Structure"]) -> list[Relaxed]:
        """Return n structures with cell and positions relaxed."""
        found = []
        for structure in self._ready(structures):
            with confined():
                try:
                    found.append(relax_with(self._calculator, structure))
                except ValueError as error:
                    raise _isolated(structure, error) from error
        return found

    def _ready(self, structures: Sequence["Structure"]) -> list["Structure"]:
        known = range(1, _HEAVIEST + 1)
        return [prepared(each, known) for each in structures]

    def _predict(
        self, structures: Sequence["Structure"], task: str
    ) -> list[dict[str, Any]]:
        ready = self._ready(structures)
        graphs = []
        for structure in ready:
            with confined():
                try:
                    graphs.append(self._model.graph_converter(structure))
                except ValueError as error:
                    raise _isolated(structure, error) from error
        if not graphs:
            return []
        with confined():
            found = self._model.predict_graph(
                graphs, task=task, return_crystal_feas=True, batch_size=_BATCH
            )
        return [found] if len(graphs) == 1 else found


def _isolated(structure: "Structure", error: ValueError) -> EnergyModelError:
    name = structure.composition.reduced_formula
    return EnergyModelError(f"{name}: CHGNet cannot take the structure: {error}")
