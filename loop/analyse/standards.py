"""Standard powders whose lines are known better than any diffractometer shows them."""

from dataclasses import dataclass, replace

from loop.analyse.references import Cell, Reference, from_phases
from loop.errors import AnalysisError


@dataclass(frozen=True, slots=True)
class Standard:
    """A standard reference material; its structure is a row of the phase table."""

    name: str
    phase: str
    cell: Cell
    """Certified at 22.5 °C, angstrom and degrees."""
    source: str

    def reference(self, wavelength: float) -> Reference:
        """Return its reflections for a K-alpha1 wavelength (angstrom)."""
        from campaigns.materials.phases import PhaseTable

        row = PhaseTable.load()[self.phase]
        (found,) = from_phases((row,), wavelength=wavelength)
        # Intensities change by less than 1e-3 from the row's cell to the certified one.
        return replace(found, cell=self.cell)


STANDARDS = {
    "LaB6": Standard(
        "LaB6",
        "LaB6",
        (4.156826, 4.156826, 4.156826, 90.0, 90.0, 90.0),
        "NIST certificate of SRM 660c: a = 0.415 682 6(80) nm",
    ),
    "Si": Standard(
        "Si",
        "Si",
        (5.431144, 5.431144, 5.431144, 90.0, 90.0, 90.0),
        "NIST certificate of SRM 640f: a = 0.543 114 4(80) nm; Black et al., Powder "
        "Diffr. 35 (2020) 156",
    ),
    "Al2O3": Standard(
        "Al2O3",
        "Al2O3",
        (4.759091, 4.759091, 12.991779, 90.0, 90.0, 120.0),
        "NIST certificate of SRM 676a: a = 0.475 909 1 nm, c = 1.299 177 9 nm",
    ),
}
"""By the name that the command line takes."""


def standard_of(name: str) -> Standard:
    """Return a standard by name.

    Raises:
        AnalysisError: If it is not known.
    """
    if name not in STANDARDS:
        raise AnalysisError(
            f"--standard: found {name!r}; allowed: {', '.join(STANDARDS)}"
        )
    return STANDARDS[name]
