"""The simulated pattern obeys the physics of a powder diffractometer."""

import time
from dataclasses import replace

import numpy as np
import pytest

from campaigns.errors import MaterialError
from campaigns.materials.phases import PhaseTable
from campaigns.materials.scattering import reflections
from campaigns.materials.xraytables import CU_KA1_ANGSTROM
from simulators.diffraction import (
    Crystallites,
    Instrument,
    Structures,
    expected_rate,
    measure,
)

ANGLES = np.arange(10.0, 80.0, 0.02)
TABLE = PhaseTable.load()
SHARP = replace(Instrument.ideal(), alpha2_share=0.0, axial=1e-4)


def rate(weights, grains=None, instrument=SHARP, **options):
    return expected_rate(
        weights, grains or {}, instrument=instrument, two_theta=ANGLES, **options
    )


def area(curve, centre, half=1.0):
    """Area of a line above a straight base, counts per second times degrees."""
    near = np.abs(ANGLES - centre) < half
    x, y = ANGLES[near], curve[near]
    base = np.interp(x, x[[0, -1]], y[[0, -1]])
    return float(np.trapezoid(y - base, x))


def top(curve, centre, half=0.6):
    near = np.flatnonzero(np.abs(ANGLES - centre) < half)
    return float(ANGLES[near[np.argmax(curve[near])]])


def two_theta(name, hkl):
    lines = reflections(TABLE[name])
    d = 1 / np.linalg.norm(np.array(hkl) @ lines.reciprocal)
    return 2 * np.degrees(np.arcsin(CU_KA1_ANGSTROM / (2 * d)))


@pytest.mark.parametrize("hkl", [(1, 1, 1), (2, 0, 0), (2, 2, 0), (3, 1, 1)])
def test_lines_stand_where_bragg_says(hkl) -> None:
    expected = two_theta("NiO", hkl)
    assert top(rate({"NiO": 1.0}), expected) == pytest.approx(expected, abs=0.02)


def test_alpha2_and_beta_stand_at_their_wavelengths() -> None:
    instrument = replace(SHARP, alpha2_share=0.5, beta_share=0.05)
    curve = rate({"NiO": 1.0}, instrument=instrument)
    d = TABLE["NiO"].cell[0] / np.sqrt(11)
    for wavelength, share in [(1.544426, 0.5), (1.392250, 0.05)]:
        expected = 2 * np.degrees(np.arcsin(wavelength / 2 / d))
        assert top(curve, expected, 0.06) == pytest.approx(expected, abs=0.04)
        peak = np.interp(expected, ANGLES, curve)
        strongest = np.interp(two_theta("NiO", (3, 1, 1)), ANGLES, curve)
        assert 0.5 * share < peak / strongest < 2 * share + 0.05


def test_areas_follow_the_zmv_relation() -> None:
    # Hill & Howard (1987): weight share ∝ S Z M V, S = area / (m |F|² LP).
    wanted = {"NiO": 0.3, "ZnO": 0.7}
    curve = rate(wanted, particle_micrometres=0.01)
    found = {}
    for name, hkl in [("NiO", (2, 0, 0)), ("ZnO", (1, 0, 2))]:
        lines = reflections(TABLE[name])
        centre = two_theta(name, hkl)
        index = np.argmin(np.abs(lines.two_theta_degrees - centre))
        lp = SHARP.lorentz_polarisation(np.radians(centre / 2))
        scale = area(curve, centre) / (lines.multiplicity * lines.f_squared)[index] / lp
        found[name] = float(scale * lines.zmv)
    total = sum(found.values())
    for name, share in wanted.items():
        assert found[name] / total == pytest.approx(share, abs=0.01)


def test_a_strong_absorber_dims_the_others() -> None:
    centre = two_theta("TiO2-anatase", (1, 0, 1))
    alone = area(rate({"TiO2-anatase": 1.0}), centre)
    with_bismuth = area(rate({"TiO2-anatase": 0.5, "Bi2O3": 0.5}), centre, 0.5)
    assert with_bismuth < 0.45 * alone
    with_lithium = area(rate({"TiO2-anatase": 0.5, "MgO": 0.5}), centre)
    assert with_lithium > 0.55 * alone


def test_microabsorption_favours_the_light_phase() -> None:
    weights = {"TiO2-anatase": 0.5, "Bi2O3": 0.5}
    centre = two_theta("TiO2-anatase", (2, 0, 0))
    fine = area(rate(weights, particle_micrometres=0.1), centre, 0.4)
    coarse = area(rate(weights, particle_micrometres=10.0), centre, 0.4)
    assert coarse > 1.1 * fine


@pytest.mark.parametrize(("height", "sign"), [(0.2, 1), (-0.2, -1)])
def test_a_surface_above_the_axis_shifts_lines_up(height, sign) -> None:
    expected = two_theta("NiO", (2, 0, 0))
    moved = replace(SHARP, displacement_millimetres=height)
    shift = top(rate({"NiO": 1.0}, instrument=moved), expected) - expected
    by_formula = np.degrees(2 * 0.2 * np.cos(np.radians(expected / 2)) / 145)
    assert shift == pytest.approx(sign * by_formula, abs=0.02)


def test_a_light_sample_shifts_and_smears_lines_down() -> None:
    centre = two_theta("Li2CO3", (0, 0, 2))
    loose = replace(SHARP, packing=0.4, depth_millimetres=1.0)
    assert top(rate({"Li2CO3": 1.0}, instrument=loose), centre) < centre - 0.01
    deep = area(rate({"Li2CO3": 1.0}), centre, 0.5)
    shallow = replace(loose, depth_millimetres=0.1)
    assert area(rate({"Li2CO3": 1.0}, instrument=shallow), centre, 0.5) < 0.8 * deep


def test_axial_divergence_pulls_low_lines_down() -> None:
    def mean(axial: float) -> float:
        curve = rate({"YBa2Cu3O7": 1.0}, instrument=replace(SHARP, axial=axial))
        near = np.abs(ANGLES - two_theta("YBa2Cu3O7", (0, 0, 2))) < 0.8
        y = curve[near] - curve[near].min()
        return float((ANGLES[near] * y).sum() / y.sum())

    assert mean(0.03) < mean(1e-4) - 0.005


def test_plates_raise_lines_of_their_face() -> None:
    def ratio(march: float) -> float:
        grains = {"YBa2Cu3O7": Crystallites(march=march)}
        curve = rate({"YBa2Cu3O7": 1.0}, grains)
        face = area(curve, two_theta("YBa2Cu3O7", (0, 0, 5)), 0.5)
        return face / area(curve, two_theta("YBa2Cu3O7", (2, 0, 0)), 0.3)

    assert ratio(0.7) > 1.5 * ratio(1.0) > 2.0 * ratio(1.4)


def test_small_crystals_broaden_as_scherrer_says() -> None:
    centre = two_theta("NiO", (2, 0, 0))
    widths = []
    for size in (1e6, 20.0):
        curve = rate({"NiO": 1.0}, {"NiO": Crystallites(size, 0.0)})
        near = np.abs(ANGLES - centre) < 4
        widths.append(area(curve, centre, 4) / curve[near].max())
    scherrer = np.degrees(0.94 * 1.5406 / 200 / np.cos(np.radians(centre / 2)))
    assert widths[1] == pytest.approx(scherrer * np.pi / 2, rel=0.2)
    assert widths[1] > 3 * widths[0]


def test_strain_broadens_high_lines_more() -> None:
    def width(hkl, strain: float) -> float:
        curve = rate({"NiO": 1.0}, {"NiO": Crystallites(1e6, strain)})
        centre = two_theta("NiO", hkl)
        return area(curve, centre, 2) / np.interp(centre, ANGLES, curve)

    low = width((1, 1, 1), 0.004) - width((1, 1, 1), 0.0)
    assert width((3, 1, 1), 0.004) - width((3, 1, 1), 0.0) > 1.8 * low


def test_the_beam_overspills_at_low_angles() -> None:
    small = replace(SHARP, holder_millimetres=16.0)
    share = rate({"NiO": 1.0}, instrument=small) / rate({"NiO": 1.0})
    low, high = share[ANGLES < 11].mean(), share[ANGLES > 60].mean()
    # A 1° slit at 145 mm lights 29 mm at 10° and less than 6 mm beyond 50°.
    assert low < 0.6
    assert high == pytest.approx(1.0, abs=0.02)


def test_iron_fluoresces_and_titanium_hardly() -> None:
    instrument = Instrument.ideal()
    iron = np.percentile(rate({"Fe2O3": 1.0}, instrument=instrument), 10)
    titanium = np.percentile(rate({"TiO2-rutile": 1.0}, instrument=instrument), 10)
    open_window = replace(instrument, window_kev=5.9)
    seen = np.percentile(rate({"Fe2O3": 1.0}, instrument=open_window), 10)
    assert seen > 20 * iron
    assert seen > 50 * titanium


def test_amorphous_matter_makes_a_hump_and_weakens_lines() -> None:
    pure, mixed = rate({"ZnO": 1.0}), rate({"ZnO": 0.5, "amorphous": 0.5})
    line = two_theta("ZnO", (1, 0, 0))
    assert area(mixed, line, 0.6) == pytest.approx(area(pure, line, 0.6) / 2, rel=0.05)
    hump, beside = np.abs(ANGLES - 28.5) < 0.3, np.abs(ANGLES - 16) < 0.3
    assert mixed[hump].mean() > 3 * pure[hump].mean()
    assert mixed[hump].mean() > 2 * mixed[beside].mean()


def test_the_amorphous_share_of_a_phase_counts_the_same() -> None:
    grains = {"ZnO": Crystallites(amorphous_share=0.5)}
    assert rate({"ZnO": 1.0}, grains) == pytest.approx(
        rate({"ZnO": 0.5, "amorphous": 0.5}), rel=1e-6
    )


@pytest.mark.parametrize("name", ["Y2(CO3)3-3H2O", "Ba3Cu5O7(l)"])
def test_matter_without_structure_has_no_lines(name: str) -> None:
    curve = rate({name: 1.0})
    assert np.abs(np.diff(curve)).max() < 0.01 * curve.max()


def test_total_scattering_is_conserved_between_lines_and_disorder() -> None:
    # Averaged over angle, a crystal's lines and a gas of its atoms scatter alike.
    crystal, glass = rate({"TiO2-anatase": 1.0}), rate({"amorphous": 1, "TiO2": 1e-6})
    wide = ANGLES > 35
    assert crystal[wide].mean() == pytest.approx(glass[wide].mean(), rel=0.3)


def test_counts_are_poisson() -> None:
    rng = np.random.default_rng(3)
    empty = {
        "instrument": Instrument(),
        "two_theta": ANGLES,
        "seconds_per_point": 4.0,
    }
    drawn = np.array([measure({}, {}, rng=rng, **empty) for _ in range(60)])
    assert drawn.dtype == np.int64
    mean = drawn.mean(axis=0)
    assert (drawn.var(axis=0, ddof=1) / mean).mean() == pytest.approx(1.0, abs=0.02)
    assert mean[:50].mean() > 2 * mean[-50:].mean()


def test_a_refilled_holder_lies_at_another_height() -> None:
    instrument = Instrument.of_seed(5)
    first = instrument.filled(np.random.default_rng(1)).displacement_millimetres
    second = instrument.filled(np.random.default_rng(2)).displacement_millimetres
    assert first != second
    assert Instrument.of_seed(5) == instrument != Instrument.of_seed(6)


def test_points_of_a_strip_detector_count_together() -> None:
    instrument = Instrument()
    coarse = instrument.counting_seconds(120, span_degrees=90, step_degrees=0.0435)
    fine = instrument.counting_seconds(480, span_degrees=90, step_degrees=0.0109)
    assert coarse == pytest.approx(10.97, rel=0.01)
    assert fine == pytest.approx(coarse, rel=0.01)


def test_one_generator_state_gives_one_pattern() -> None:
    options = {
        "instrument": Instrument.of_seed(1),
        "two_theta": ANGLES,
        "seconds_per_point": 1.0,
        "structures": Structures.of_seed(1),
    }
    runs = [
        measure({"NiO": 1.0}, {}, rng=np.random.default_rng(7), **options)
        for _ in range(2)
    ]
    assert (runs[0] == runs[1]).all()


def test_a_pattern_takes_less_than_a_third_of_a_second() -> None:
    weights = {"YBa2Cu3O7": 5, "Y2BaCuO5": 2, "CuO": 1, "BaCO3": 1, "Y2O3": 1}
    instrument, structures = Instrument.of_seed(1), Structures.of_seed(1)
    times = []
    for _ in range(3):
        start = time.process_time()
        rate(weights, instrument=instrument, structures=structures)
        times.append(time.process_time() - start)
    assert min(times) < 0.3


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"weights": {"NiO": -1.0}}, ValueError, "weight of NiO is -1"),
        ({"weights": {"amorphous": 1.0}}, ValueError, "name no substance"),
        ({"weights": {"unobtainium": 1.0}}, MaterialError, "unobtainium"),
        ({"two_theta": np.array([1.0, 5.0])}, ValueError, "between 2 and 160"),
        ({"seconds_per_point": 0.0}, ValueError, "counting time is 0 s"),
    ],
)
def test_impossible_requests_are_refused(changes, error, text) -> None:
    options = {
        "weights": {"NiO": 1.0},
        "grains": {},
        "instrument": SHARP,
        "two_theta": ANGLES,
        "seconds_per_point": 1.0,
        "rng": np.random.default_rng(0),
    } | changes
    weights, grains = options.pop("weights"), options.pop("grains")
    with pytest.raises(error, match=text):
        measure(weights, grains, **options)
