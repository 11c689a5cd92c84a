"""The K lines of X-ray tubes."""

K_ALPHA = {
    "Cr": (2.2897260, 2.2936510),
    "Mn": (2.1018540, 2.1058220),
    "Fe": (1.9360410, 1.9399730),
    "Co": (1.7889960, 1.7928350),
    "Ni": (1.6579300, 1.6617560),
    "Cu": (1.540598, 1.544426),
    "Mo": (0.70931715, 0.7136070),
    "Ag": (0.55942178, 0.5638131),
}
"""K-alpha1 and K-alpha2 by anode, angstrom.

Source: International Tables for Crystallography C (2004), table 4.2.2.1, after Hölzer
et al., Phys. Rev. A 56 (1997) 4554, and Deslattes et al., Rev. Mod. Phys. 75 (2003)
35; copper rounded as Malvern Panalytical files give it, 3 parts in a million more.
"""
K_BETA = {
    "Cr": 2.0848810,
    "Mn": 1.9102160,
    "Fe": 1.7566040,
    "Co": 1.6208260,
    "Ni": 1.5001520,
    "Cu": 1.39225,
    "Mo": 0.632303,
}
"""K-beta1,3 by anode, angstrom; source as for `K_ALPHA`, of copper Bearden, Rev. Mod.
Phys. 39 (1967) 78."""
_SAME = 2e-4
"""Relative difference of wavelengths below which they are the same line: programs round
to four digits, and doublets lie 2e-3 apart."""


def lines_of(anode: str) -> tuple[float, float] | None:
    """Return K-alpha1 and K-alpha2 of an anode, angstrom; `None` if not known."""
    return K_ALPHA.get(anode.strip().capitalize())


def doublet_of(wavelength: float) -> tuple[float, float] | None:
    """Return the doublet that a file means by one wavelength, angstrom.

    Files name K-alpha1 or the mean (2 K-alpha1 + K-alpha2) / 3 where both lines were in
    the beam. Any other wavelength is taken as monochromatic, and `None` returned.
    """
    for first, second in K_ALPHA.values():
        for named in (first, (2.0 * first + second) / 3.0):
            if abs(wavelength / named - 1.0) < _SAME:
                return first, second
    return None


def beta_of(alpha1: float) -> float | None:
    """Return K-beta of the tube whose K-alpha1 is given, angstrom; `None` of others."""
    for anode, (first, _) in K_ALPHA.items():
        if abs(alpha1 / first - 1.0) < _SAME:
            return K_BETA.get(anode)
    return None
