"""Reflections against pymatgen's own calculator and against textbook cases."""

import pickle
import time

import numpy as np
import pytest
from pymatgen.analysis.diffraction.xrd import XRDCalculator
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from campaigns.materials.scattering import reflections
from campaigns.materials.xraytables import (
    CU_KA1_ANGSTROM,
    anomalous,
    form_factor,
    mass_attenuation,
)


def rocksalt() -> Structure:
    return Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(4.1771), ["Ni", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )


def wurtzite() -> Structure:
    return Structure.from_spacegroup(
        "P6_3mc",
        Lattice.hexagonal(3.2496, 5.2042),
        ["Zn", "O"],
        [[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0.3821]],
    )


def rutile() -> Structure:
    return Structure.from_spacegroup(
        "P4_2/mnm",
        Lattice.tetragonal(4.5937, 2.9587),
        ["Ti", "O"],
        [[0, 0, 0], [0.3048, 0.3048, 0]],
    )


@pytest.mark.parametrize("build", [rocksalt, wurtzite, rutile])
def test_agrees_with_pymatgen_without_anomalous_terms(build) -> None:
    structure = build()
    ours = reflections(
        structure, CU_KA1_ANGSTROM, 90.0, has_anomalous=False, has_displacement=False
    )
    theirs = XRDCalculator(CU_KA1_ANGSTROM).get_pattern(
        structure, scaled=True, two_theta_range=(0, 90)
    )
    angle = ours.two_theta_degrees
    theta = np.radians(angle / 2)
    lorentz_polarisation = (1 + np.cos(2 * theta) ** 2) / (
        np.sin(theta) ** 2 * np.cos(theta)
    )
    intensity = ours.multiplicity * ours.f_squared * lorentz_polarisation
    intensity *= 100 / intensity.max()
    for position, height in zip(theirs.x, theirs.y, strict=True):
        near = np.abs(angle - position) < 1e-3
        assert near.any()
        # pymatgen uses a different fit of the same form factors.
        assert intensity[near].sum() == pytest.approx(height, rel=0.03, abs=0.3)


def test_multiplicities_and_members_of_a_cubic_cell() -> None:
    lines = reflections(rocksalt())
    assert lines.hkl[:3].tolist() == [[1, 1, 1], [2, 0, 0], [2, 2, 0]]
    assert lines.multiplicity[:3].tolist() == [8, 6, 12]
    assert len(lines.members) * 2 == lines.multiplicity.sum()
    assert (np.bincount(lines.member_line) * 2 == lines.multiplicity).all()
    lengths = np.linalg.norm(lines.members @ lines.reciprocal, axis=1)
    assert lengths == pytest.approx(1 / lines.d_angstrom[lines.member_line])


def test_density_and_attenuation_of_nickel_oxide() -> None:
    lines = reflections(rocksalt())
    assert lines.density_grams_per_cm3 == pytest.approx(6.807, rel=1e-3)
    expected = mass_attenuation({"Ni": 58.6934, "O": 15.9994})
    assert lines.mass_attenuation_cm2_per_gram == pytest.approx(expected, rel=1e-3)
    assert lines.zmv == pytest.approx(4 * 74.69 * 4.1771**3, rel=1e-3)


def test_attenuation_of_copper_at_its_own_line() -> None:
    # International Tables C (2006), table 4.2.4.3: 51.5 to 52.7 cm²/g.
    assert mass_attenuation({"Cu": 1.0}) == pytest.approx(52.0, rel=0.03)


def test_anomalous_terms_of_iron_at_copper_radiation() -> None:
    # International Tables C (2006), table 4.2.6.8: f' -1.13, f'' 3.20.
    value = anomalous("Fe", 8047.8)
    assert value.real == pytest.approx(-1.13, abs=0.15)
    assert value.imag == pytest.approx(3.20, abs=0.1)


def test_form_factor_starts_at_the_number_of_electrons() -> None:
    assert form_factor("O", np.array([0.0]))[0] == pytest.approx(8.0, abs=0.02)
    assert form_factor("Ba2+", np.array([0.0]))[0] == pytest.approx(54.0, abs=0.02)


def test_oxidation_states_choose_the_ion() -> None:
    plain, charged = rocksalt(), rocksalt()
    charged.add_oxidation_state_by_element({"Ni": 2, "O": -2})
    first = reflections(plain).f_squared[0]
    assert reflections(charged).f_squared[0] != pytest.approx(first, rel=1e-3)


def test_displacement_weakens_high_angles_as_exp_minus_2_b_s_squared() -> None:
    structure = rocksalt()
    structure.add_site_property("b_iso", [1.5] * len(structure))
    with_b = reflections(structure)
    without = reflections(structure, has_displacement=False)
    s = 1 / (2 * with_b.d_angstrom)
    assert with_b.f_squared == pytest.approx(
        without.f_squared * np.exp(-2 * 1.5 * s**2)
    )


def test_large_cells_are_worked_on_in_blocks(monkeypatch) -> None:
    whole = reflections(wurtzite(), 1.0, 120.0)
    monkeypatch.setattr("campaigns.materials.scattering._BLOCK", 7)
    assert reflections(wurtzite(), 1.0, 120.0).f_squared == pytest.approx(
        whole.f_squared
    )


def test_a_common_phase_takes_little_time() -> None:
    structure = rutile()
    times = []
    for _ in range(3):
        start = time.process_time()
        reflections(structure)
        times.append(time.process_time() - start)
    assert min(times) < 0.03


def test_survives_pickling() -> None:
    lines = reflections(wurtzite())
    again = pickle.loads(pickle.dumps(lines))
    assert (again.d_angstrom == lines.d_angstrom).all()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"wavelength_angstrom": 5.0}, "wavelength 5 Å is outside"),
        ({"two_theta_max_degrees": 0.0}, "largest 2θ 0° is outside"),
        ({"two_theta_max_degrees": 5.0}, "no reflection of Ni4 O4 below 2θ = 5°"),
    ],
)
def test_refuses_what_gives_no_reflections(options, text) -> None:
    with pytest.raises(ValueError, match=text):
        reflections(rocksalt(), **options)


def test_refuses_an_empty_mixture() -> None:
    with pytest.raises(ValueError, match="sum to 0"):
        mass_attenuation({})
