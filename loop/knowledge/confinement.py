"""What foreign libraries do to PyTorch and to the screen, kept to themselves."""

import contextlib
import hashlib
import io
import os
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

from loop.errors import EnergyModelError

if TYPE_CHECKING:
    import torch

_VARIABLES = ("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD",)
"""Set by mace when it is imported: any later `torch.load` would run what it reads."""
DEVICES = ("auto", "cpu", "cuda")


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """Drop prints and warnings."""
    nowhere = io.StringIO()
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def confined(dtype: str = "float32") -> Iterator[None]:
    """Restore PyTorch's default dtype and the environment; drop prints and warnings.

    Args:
        dtype: Default dtype inside, whatever it is outside.
    """
    import torch

    outside = torch.get_default_dtype()
    before = {name: os.environ.get(name) for name in _VARIABLES}
    try:
        torch.set_default_dtype(torch.float64 if dtype == "float64" else torch.float32)
        with silent():
            yield
    finally:
        torch.set_default_dtype(outside)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def device_of(asked: str) -> str:
    """Return `cpu` or `cuda`; `auto` is CUDA where there is one.

    Raises:
        EnergyModelError: If the device is unknown or not there.
    """
    import torch

    if asked not in DEVICES:
        raise EnergyModelError(
            f"device: found {asked!r}; allowed: {', '.join(DEVICES)}; correct it"
        )
    has_cuda = torch.cuda.is_available()
    if asked == "cuda" and not has_cuda:
        raise EnergyModelError(
            "device cuda: PyTorch finds no GPU; take --device cpu, or install a build"
            " of PyTorch for your GPU"
        )
    return "cuda" if has_cuda and asked != "cpu" else "cpu"


def weights_sha256(model: "torch.nn.Module") -> str:
    """Return a digest of every number of a model, its device aside."""
    digest = hashlib.sha256()
    for name, values in sorted(model.state_dict().items()):
        digest.update(f"{name} {values.dtype} {tuple(values.shape)}".encode())
        digest.update(values.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
