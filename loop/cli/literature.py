"""What the literature would start from: `athanor literature`."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loop.knowledge.literature import Answer, Literature
    from loop.knowledge.literatureconditions import Conditions

ReactionFile = Annotated[
    Path, typer.Argument(help="Text-mined reactions (.json, .json.xz or .json.gz).")
]
_WORDS = {"calcine": "calcining", "fire": "firing", "sinter": "sintering"}


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(literature)


def literature(
    file: ReactionFile,
    target: Annotated[str, typer.Argument(help="Formula of the compound to make.")],
    precursors: Annotated[
        str | None,
        typer.Option(help="Formulas on the shelf, with commas; else any of the file."),
    ] = None,
    top: Annotated[int, typer.Option(min=1, max=20, help="Sets to print.")] = 5,
    is_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object.")
    ] = False,
) -> None:
    """Guess precursors and firing of a compound from reports of similar ones."""
    from campaigns.errors import MaterialError, SpecError

    known = read_literature(file)
    try:
        answer = known.answer(target, shelf=_shelf(precursors), top=top)
    except MaterialError as error:
        raise SpecError.single(
            "TARGET or --precursors", str(error), "chemical formulas",
            'write them like YBa2Cu3O7 and --precursors "Y2O3,BaCO3,CuO"',
        ) from error  # fmt: skip
    if is_json:
        found = json.dumps(_as_json(known, answer), indent=2, ensure_ascii=False)
        sys.stdout.write(found + "\n")
    else:
        sys.stdout.write("\n".join(_lines(known, answer)) + "\n")


def read_literature(file: Path) -> "Literature":
    """Return a file's literature; learned from once, then kept in the user's cache.

    Raises:
        LiteratureError: If the file cannot be used; `FileNotFoundError` if it is not
            there.
    """
    from loop.knowledge.cachefolder import default_folder
    from loop.knowledge.literature import open_literature

    return open_literature(file, default_folder())


def _shelf(text: str | None) -> "Sequence[str] | None":
    from campaigns.errors import SpecError

    if text is None:
        return None
    found = [word.strip() for word in text.split(",") if word.strip()]
    if not found:
        raise SpecError.single(
            "--precursors", "none", "formulas with commas between", "name some"
        )
    return found


def _as_json(known: "Literature", answer: "Answer") -> dict[str, Any]:
    return {
        "target": answer.target,
        "file_sha256": known.sha256,
        "records": asdict(known.read),
        "sets": [
            {
                "precursors": list(guess.precursors),
                "probability": guess.probability,
                "reaction": str(guess.reaction),
                "gases_mol": {g: float(n) for g, n in guess.reaction.gases.items()},
            }
            for guess in answer.guesses
        ],
        "powder": asdict(answer.powder),
        "firings": {kind: asdict(one) for kind, one in answer.firings.items()},
        "nearest": [one.model_dump(mode="json") for one in answer.citations],
        "unknown_elements": list(answer.unknown),
    }


def _lines(known: "Literature", answer: "Answer") -> Iterator[str]:
    read = known.read
    yield (
        f"{known.name}: {read.reports} of {read.records} records can be used"
        + "".join(f"; {n} dropped: {reason}" for reason, n in read.dropped.items())
    )
    yield ""
    if answer.unknown:
        yield f"no report holds {', '.join(answer.unknown)}: its sources are not known"
    if not answer.guesses:
        yield f"no precursor set balances to {answer.target} in one way"
    for place, guess in enumerate(answer.guesses, start=1):
        names = " + ".join(guess.precursors)
        yield f"{place}. {names}  ({guess.probability:.0%})"
        yield f"   {guess.reaction}"
    yield ""
    yield "how the nearest reports fire (quarter, median, three quarters)"
    yield from (f"  {line}" for line in _fired("the powder", answer.powder))
    for kind, one in answer.firings.items():
        yield from (f"  {line}" for line in _fired(_WORDS[kind], one))
    yield ""
    yield "nearest reports"
    for cited in answer.citations:
        at = f", {cited.celsius:.0f} °C" if cited.celsius is not None else ""
        made_from = " + ".join(cited.precursors)
        yield (
            f"  {cited.similarity:.2f}  {cited.target}  from {made_from}{at}"
            f"  doi:{cited.doi}"
        )


def _fired(name: str, found: "Conditions") -> Iterator[str]:
    parts = [
        f"{values[1]:.0f} / {values[2]:.0f} / {values[3]:.0f} {unit}"
        for values, unit in ((found.celsius, "°C"), (found.hours, "h"))
        if values
    ]
    if found.atmospheres:
        gases = found.atmospheres.items()
        parts.append("in " + ", ".join(f"{gas} {share:.0%}" for gas, share in gases))
    if parts:
        yield f"{name}: {'; '.join(parts)}  ({found.reports} reports)"
