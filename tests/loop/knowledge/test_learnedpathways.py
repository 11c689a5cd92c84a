"""Expected pathways of a campaign's precursor sets."""

import pytest

from campaigns.errors import SpecError
from loop.errors import LearnedFileError
from loop.knowledge.learnedpathways import gas_of, pathways_for, pathways_of
from loop.knowledge.pairwise import packaged
from loop.knowledge.pairwise_file import add_learned
from loop.knowledge.pairwise_learning import nothing_learned
from tests.loop.knowledge.test_pairwise_file import observation
from tests.loop.propose.oven import STEPS, make_spec

LIMITS = (800.0, 900.0)
CARBONATE, PEROXIDE = "Y2O3 + BaCO3 + CuO", "Y2O3 + BaO2 + CuO"


def small_spec(**changes):
    return make_spec(**({"precursors": ["Y2O3", "BaCO3", "BaO2", "CuO"]} | changes))


def fired(celsius, share, **changes):
    values = {
        "precursors": {"Y2O3": 0.5, "BaCO3": 2.0, "CuO": 3.0},
        "holds": ({"celsius": celsius, "hours": 10.0, "atmosphere": "air"},),
        "phases": ("YBa2Cu3O6", "BaCO3", "CuO"),
        "mean": (share, (1 - share) / 2, (1 - share) / 2),
        "covariance": ((1e-4, 0, 0), (0, 1e-4, 0), (0, 0, 1e-4)),
    }
    return observation(f"S{celsius:.0f}", **(values | changes))


def written(tmp_path, *rows):
    file = tmp_path / "learned.json"
    add_learned(file, rows)
    return file


def test_sets_differ_in_onset_and_in_what_is_left():
    known, unknown = pathways_of(small_spec(), packaged(), nothing_learned(), LIMITS)
    assert set(known) == {CARBONATE, PEROXIDE}
    assert not unknown
    # Peroxide reacts early, and to intermediates that take nearly all there is.
    assert known[PEROXIDE].begins_celsius < known[CARBONATE].begins_celsius
    assert known[CARBONATE].left_kilojoules < known[PEROXIDE].left_kilojoules
    assert known[CARBONATE].left_sigma_kilojoules > 0
    assert "BaCuO2" in known[CARBONATE].by_way_of


def test_measured_products_move_the_onset(tmp_path):
    plain, _ = pathways_of(small_spec(), packaged(), nothing_learned(), LIMITS)
    early = [fired(800.0, 0.9), fired(750.0, 0.6)]
    late = [fired(800.0, 0.0), fired(950.0, 0.0)]
    found = []
    for rows in (early, late):
        (tmp_path / "learned.json").unlink(missing_ok=True)
        told, notes = pathways_for(
            small_spec(), written(tmp_path, *rows), limits=LIMITS, is_real=False
        )
        assert (told.powders, told.atmosphere, notes) == (2, "air", ())
        begins = told.sets[CARBONATE].begins_celsius
        found.append(told.highest_celsius if begins is None else begins)
    assert found[0] < plain[CARBONATE].begins_celsius < found[1]


def test_a_set_without_energies_stays_unknown(tmp_path):
    spec = small_spec(
        target={"formula": "NaYbF4"}, precursors=["NaF", "YbF3"],
        space={"sets": "all"},
    )  # fmt: skip
    with pytest.raises(SpecError, match="no pathway of any precursor set"):
        pathways_for(
            spec, written(tmp_path, fired(800.0, 0.5)), limits=LIMITS, is_real=False
        )


@pytest.mark.parametrize(
    ("rows", "is_real", "message"),
    [
        ((), False, "no measured powder"),
        ((fired(800.0, 0.5),), True, "on a virtual lab"),
        ((fired(800.0, 0.5, precursors={"NaYbF4": 1.0}),), False, "nothing to learn"),
    ],
)
def test_what_teaches_nothing_is_refused(tmp_path, rows, is_real, message):
    file = written(tmp_path, *rows)
    with pytest.raises(SpecError, match=message) as error:
        pathways_for(small_spec(), file, limits=LIMITS, is_real=is_real)
    assert error.value.field == "--learned"


def test_a_torn_file_is_refused(tmp_path):
    file = written(tmp_path, fired(800.0, 0.5))
    file.write_text(file.read_text()[:-40])
    with pytest.raises(LearnedFileError, match="cut short"):
        pathways_for(small_spec(), file, limits=LIMITS, is_real=False)


def test_the_gas_is_that_of_the_last_firing():
    assert gas_of(small_spec()) == "air"
    oxygen = [s | {"atmosphere": "O2"} if s["kind"] == "fire" else s for s in STEPS]
    assert gas_of(small_spec(steps=oxygen, space={"sets": "all"})) == "O2"
