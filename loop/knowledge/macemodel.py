"""MACE from a local file or by the name of a foundation model; the only door to it.

Source:
    Batatia et al., Advances in Neural Information Processing Systems 35 (2022).
"""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from loop.errors import EnergyModelError, MissingPackageError
from loop.knowledge.confinement import confined, device_of, weights_sha256
from loop.knowledge.energies import Relaxed, prepared
from loop.knowledge.relaxation import atoms_of, relax_with

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

_BATCH = 16
_DTYPE = "float64"
"""Energies of a relaxation differ by less than single precision tells apart."""


class MaceModel:
    """Energies by a MACE model; an `EnergyModel`."""

    def __init__(self, model: str, *, device: str = "auto") -> None:
        """Load a model.

        Args:
            model: Path of a model file, which is run as a program when it is read:
                take it from where you trust; or the name of a foundation model, which
                mace looks for in its cache before it downloads it.
            device: `auto`, `cpu` or `cuda`.

        Raises:
            EnergyModelError: If there is no such model or it cannot be read.
            MissingPackageError: If mace is not installed.
        """
        try:
            with confined(_DTYPE):
                from mace.calculators import MACECalculator
        except ImportError as error:
            raise MissingPackageError("mace-torch", "energies", error) from error
        on = device_of(device)
        path = _file_of(model)
        with confined(_DTYPE):
            network = _loaded(path, on)
            self.identity = _identity(path, weights_sha256(network))
            self._calculator = MACECalculator(
                models=network, device=on, default_dtype=_DTYPE
            )
        self._known = tuple(int(z) for z in self._calculator.z_table.zs)

    def energy(self, structures: Sequence["Structure"]) -> NDArray[np.float64]:
        """Return eV per atom of n structures as they stand, shape `n`."""
        ready = [prepared(each, self._known) for each in structures]
        network = self._calculator.models[0]
        found: list[float] = []
        with confined(_DTYPE):
            for start in range(0, len(ready), _BATCH):
                batch = self._batch(ready[start : start + _BATCH])
                out = network(batch.to_dict(), compute_force=False)
                found += out["energy"].detach().cpu().tolist()
        sizes = np.array([len(each) for each in ready], dtype=np.float64)
        return np.array(found, dtype=np.float64) / sizes

    def features(self, structures: Sequence["Structure"]) -> NDArray[np.float64]:
        """Return the mean over atoms of MACE's invariant descriptors, shape `n x d`."""
        ready = [prepared(each, self._known) for each in structures]
        with confined(_DTYPE):
            found = [
                self._calculator.get_descriptors(atoms_of(each)).mean(axis=0)
                for each in ready
            ]
        return np.array(found, dtype=np.float64)

    def relax(self, structures: Sequence["Structure"]) -> list[Relaxed]:
        """Return n structures with cell and positions relaxed."""
        ready = [prepared(each, self._known) for each in structures]
        with confined(_DTYPE):
            return [relax_with(self._calculator, each) for each in ready]

    def _batch(self, structures: Sequence["Structure"]) -> Any:  # noqa: ANN401
        """Return the graphs of several structures as one, on the model's device."""
        from mace import data
        from mace.tools import torch_geometric

        calculator = self._calculator
        keys = data.KeySpecification(
            info_keys=calculator.info_keys, arrays_keys=calculator.arrays_keys
        )
        graphs = [
            data.AtomicData.from_config(
                data.config_from_atoms(
                    atoms_of(each), key_specification=keys, head_name=calculator.head
                ),
                z_table=calculator.z_table,
                cutoff=calculator.r_max,
                heads=calculator.available_heads,
            )
            for each in structures
        ]
        return torch_geometric.Batch.from_data_list(graphs).to(calculator.device)


def _file_of(model: str) -> Path:
    """Return the file of a model, fetched by mace if it is a name."""
    from mace.calculators import foundations_models as foundations

    path = Path(model).expanduser()
    if path.is_file():
        return path
    names = [name for name in foundations.mace_mp_names if name]
    if model not in names:
        raise EnergyModelError(
            f"MACE model: no file {model!r}, and no foundation model of that name;"
            f" allowed: a file, or one of {', '.join(names)}"
        )
    with confined(_DTYPE):
        try:
            return Path(foundations.download_mace_mp_checkpoint(model))
        except (OSError, RuntimeError) as error:
            raise EnergyModelError(
                f"MACE model {model} is not in {foundations.get_cache_dir()} and cannot"
                f" be fetched: {error}; put its file there, or name a file"
            ) from error


def _loaded(path: Path, device: str) -> Any:  # noqa: ANN401 - a torch module
    """Return the network of a model file.

    Raises:
        EnergyModelError: If the file holds none.
    """
    import torch

    try:
        network = torch.load(path, map_location=device, weights_only=False)
    except Exception as error:  # a pickle fails by whatever it stumbles over
        raise EnergyModelError(
            f"MACE model {path} cannot be read: {error}; fetch or train it anew"
        ) from error
    if not isinstance(network, torch.nn.Module) or not hasattr(network, "r_max"):
        raise EnergyModelError(
            f"MACE model {path}: found {type(network).__name__}; allowed: a model saved"
            " whole by mace, not its weights alone or a checkpoint"
        )
    return network


def _identity(path: Path, digest: str) -> str:
    return f"mace {version('mace-torch')} {path.stem} {digest[:16]}"
