"""The file of computed rows that comes with the program, `computed.toml`."""

from collections.abc import Mapping, Sequence

from campaigns.errors import MaterialError
from loop.errors import EnergyModelError
from loop.knowledge.accuracy import mean_absolute
from loop.knowledge.layers import Compound, Layers, Row, compared_with

_HEAD = """\
# Free energies that no cited source was found for: `athanor energies compute`.
# The lower layer of the thermochemistry: a cited row of the same name wins.
#
# Enthalpies of formation from cited solids, heat capacities and entropies by
# Neumann-Kopp; format: the head of thermochemistry/gases.toml. Not computed: forms of
# a composition that has a cited row (the model's error is larger than what tells them
# apart), disordered structures, changes of charge, gases other than carbon dioxide, and
# compounds whose stability lies within the model's doubt.
#
# model: {identity}
# reactions of oxides: {oxide:.0f} meV/atom
"""
_CARBONATES = (
    "# carbonates, each left out of the fit once: {error:.1f} meV/atom (mean)\n"
)


def missing_rows(layers: Layers) -> tuple[list[Row], dict[str, str]]:
    """Return rows for phases whose composition has no cited energy.

    Returns:
        The rows, and phase to reason for those that none can be made for.
    """
    held = {
        row.formula.reduced
        for name, row in layers.species.items()
        if not name.endswith(("(g)", "(l)"))
    }
    rows: list[Row] = []
    refused: dict[str, str] = {}
    for phase in layers.phases.values():
        if phase.formula.reduced in held or not phase.has_structure:
            continue
        compound = Compound(phase.name, phase.formula, phase.structure())
        try:
            compared_with(compound, layers.phases, layers.species)
            rows.append(_decided(layers.row(compound)))
        except (MaterialError, EnergyModelError) as error:
            refused[phase.name] = str(error)
    return rows, refused


def _decided(row: Row) -> Row:
    """Return a row that says whether its compound forms.

    Raises:
        MaterialError: If it might as well fall apart: among phases whose energies are
            tied to each other by equilibria, such a row would do more harm than good.
    """
    enthalpy, doubt = row.species.excess[0], row.species.sigma_invariant
    if abs(enthalpy) < doubt:
        raise MaterialError(
            f"forms with {enthalpy / 1000:+.1f} kJ/mol, within the doubt of"
            f" {doubt / 1000:.1f}: whether it is stable cannot be said"
        )
    return row


def text_of(rows: Sequence[Row], refused: Mapping[str, str], layers: Layers) -> str:
    """Return the file's text: head, refusals as comments, rows."""
    head = _HEAD.format(identity=layers.model.identity, oxide=layers.oxide_sigma)
    if any('"CO2(g)"' in row.text for row in rows):
        error = mean_absolute(layers.carbonates.errors)
        head += _CARBONATES.format(error=error)
    left_out = "".join(f"# no row: {name}: {why}\n" for name, why in refused.items())
    return head + "#\n" + left_out + "\n" + "\n".join(row.text for row in rows)
