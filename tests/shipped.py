"""The campaign files that come with Athanor."""

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "examples"
CAMPAIGNS = tuple(
    sorted(p.stem for p in FOLDER.glob("*.toml") if not p.stem.startswith("lab"))
)
"""Names of the example campaigns."""
