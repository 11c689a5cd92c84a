"""An identification as a person reads it in a terminal."""

import math

from rich.console import Console
from rich.table import Table
from rich.text import Text

from campaigns.labels import chemical
from loop.analyse.answers import Answer, Answered

_LIKELY = 0.01
"""Hypotheses below this probability are not worth a line."""
_PIPED_COLUMNS = 200


def show(stem: str, answered: Answered) -> None:
    """Print one pattern's phases, agreement and doubts on standard output."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_PIPED_COLUMNS)
    console.print(Text(stem, style="bold"))
    answer = answered.answer
    if answer["weights"]:
        console.print(_phases(answered))
    else:
        console.print("  no phase found")
    console.print(Text(f"  {_agreement(answer)}"))
    for line in (*_hypotheses(answer), *_doubts(answer)):
        console.print(Text(f"  {line}"), soft_wrap=True)
    console.print()


def _phases(answered: Answered) -> Table:
    answer = answered.answer
    formulas = {one.name: one.formula for one in answered.drawn.references}
    table = Table(box=None, pad_edge=True, padding=(0, 2, 0, 0))
    for heading in ("  phase", "formula", "wt%"):
        table.add_column(heading, justify="right" if heading == "wt%" else "left")
    if answer["crystallites"]:
        table.add_column("size / nm", justify="right")
        table.add_column("strain / %", justify="right")
    table.add_column("looks alike")
    for name, weight in _by_weight(answer["weights"]):
        sigma = answer["sigma"].get(name, 0.0)
        table.add_row(
            f"  {name}",
            chemical(formula_text(formulas[name])),
            f"{100 * weight:.1f} ± {100 * sigma:.1f}"
            if sigma
            else f"{100 * weight:.0f}",
            *_crystallites(answer, name),
            ", ".join(answer["alternatives"].get(name, ())),
        )
    return table


def _crystallites(answer: Answer, phase: str) -> tuple[str, ...]:
    """Return size and strain as written, nothing without a calibrated instrument."""
    if not answer["crystallites"]:
        return ()
    found = answer["crystallites"].get(phase)
    if found is None:
        return ("–", "–")
    size, strain = found["size_nanometres"], found["strain"]
    return (
        f"> {found['largest_nanometres']:.0f}" if size is None else f"{size:.0f}",
        "not seen" if strain is None else f"{100 * strain:.2f}",
    )


def _by_weight(weights: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(weights.items(), key=lambda item: -item[1])


def _agreement(answer: Answer) -> str:
    amorphous = answer["amorphous"]
    hump = "none seen" if amorphous is None else f"{amorphous:.0%} of the scattering"
    return (
        f"Rwp {answer['rwp']:.1%}, GOF {answer['gof']:.1f}; unknown "
        f"{answer['unknown']:.1%} of the scattering; amorphous: {hump}; "
        f"candidates: {answer['candidates']}; {answer['cpu_seconds']:.1f} s of CPU"
    )


def _hypotheses(answer: Answer) -> list[str]:
    """Return one line for each likely set of phases, where there are several."""
    likely = [one for one in answer["hypotheses"] if one["probability"] >= _LIKELY]
    if len(likely) < 2:
        return []
    return [
        f"{one['probability']:4.0%}  Rwp {one['rwp']:.1%}  "
        + ", ".join(f"{name} {100 * w:.0f}" for name, w in _by_weight(one["weights"]))
        for one in likely
    ]


def _doubts(answer: Answer) -> list[str]:
    lines = [f"! {line}" for line in answer["quality"]]
    if not answer["usable"]:
        lines.append("! not to be relied on")
    return lines


def formula_text(amounts: dict[str, float]) -> str:
    """Return the formula of a cell's content, in smallest whole numbers if there are.

    Args:
        amounts: Moles of each element in one cell.
    """
    rounded = [round(amount) for amount in amounts.values()]
    is_whole = all(
        abs(amount - whole) < 0.01 * max(whole, 1)
        for amount, whole in zip(amounts.values(), rounded, strict=True)
    )
    units = math.gcd(*rounded) if is_whole and all(rounded) else 1
    return "".join(
        symbol + ("" if math.isclose(n, 1.0, abs_tol=0.01) else f"{n:.3g}")
        for symbol, amount in amounts.items()
        for n in (amount / units,)
    )
