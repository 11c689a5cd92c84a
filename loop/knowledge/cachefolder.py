"""Where results are kept that may be computed again at any time."""

import os
from collections.abc import Mapping
from pathlib import Path

FOLDER_VARIABLE = "ATHANOR_CACHE"


def default_folder(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return where they are kept; none for a user without a home.

    Args:
        environment: `ATHANOR_CACHE` names the folder; else it is `athanor` in the
            user's cache folder, `XDG_CACHE_HOME` or `~/.cache`.

    Source:
        XDG Base Directory Specification, version 0.8.
    """
    if given := environment.get(FOLDER_VARIABLE):
        return Path(given)
    if given := environment.get("XDG_CACHE_HOME"):
        return Path(given) / "athanor"
    try:
        return Path.home() / ".cache" / "athanor"
    except RuntimeError:
        return None
