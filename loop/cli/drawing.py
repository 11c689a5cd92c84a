"""Pictures of identifications, as `athanor identify --plot` writes them."""

from pathlib import Path

from campaigns.review.diffractogram import diffractogram
from campaigns.review.pictures import WRITERS
from loop.analyse.answers import Answered


def draw(stem: str, answered: Answered, path: Path, *, is_root: bool) -> None:
    """Write a picture of the fit.

    Args:
        stem: Name of the pattern, for the heading.
        answered: What was found.
        path: File to write, over an earlier one; its suffix is one of `WRITERS`.
        is_root: Draw square roots of counts.
    """
    answer = answered.answer
    view = diffractogram(
        answered.fit,
        title=stem,
        remarks=(
            f"Rwp {100 * answer['rwp']:.1f} %",
            f"goodness of fit {answer['gof']:.1f}",
            f"unknown {100 * answer['unknown']:.1f} %",
        ),
        weights={
            name: (weight, answer["sigma"].get(name, 0.0))
            for name, weight in answer["weights"].items()
        },
        is_root=is_root,
        name=str,
    )
    WRITERS[path.suffix.lower()](view, path)
