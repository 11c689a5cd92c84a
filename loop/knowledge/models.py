"""Which model is meant by a word on the command line."""

from loop.errors import EnergyModelError
from loop.knowledge.energies import EnergyModel
from loop.knowledge.energycache import CachedModel, EnergyCache, user_cache

DEFAULT = "chgnet:r2scan"
"""The one that works offline: CHGNet's package brings its weights."""
ALLOWED = "chgnet:r2scan, chgnet:0.3.0, mace:FILE or mace:NAME"


def open_model(
    word: str = DEFAULT, *, device: str = "auto", cache: EnergyCache | None = None
) -> EnergyModel:
    """Return a model whose results are kept.

    Args:
        word: One of `ALLOWED`.
        device: `auto`, `cpu` or `cuda`.
        cache: Where results are kept; the user's cache folder if not given.

    Raises:
        EnergyModelError: If there is no such model, file or device.
        MissingPackageError: If its package is not installed.
    """
    family, _, rest = word.partition(":")
    return CachedModel(_opened(family, rest, word, device), cache or user_cache())


def _opened(family: str, rest: str, word: str, device: str) -> EnergyModel:
    if family == "chgnet":
        from loop.knowledge.chgnetmodel import ChgnetModel

        return ChgnetModel(rest, device=device) if rest else ChgnetModel(device=device)
    if family == "mace" and rest:
        from loop.knowledge.macemodel import MaceModel

        return MaceModel(rest, device=device)
    raise EnergyModelError(f"--model: found {word!r}; allowed: {ALLOWED}")
