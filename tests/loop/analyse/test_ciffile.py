"""CIF files say how far atoms swing, and round their occupancies."""

import math
import warnings

import pytest

from loop.analyse.ciffile import structure_of

HEAD = """\
data_x
_symmetry_space_group_name_H-M 'P 1'
_cell_length_a 4
_cell_length_b 4
_cell_length_c 5
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
loop_
_symmetry_equiv_pos_as_xyz
'x,y,z'
'-x,-y,-z'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
"""
U = "_atom_site_U_iso_or_equiv\n"


def read(text):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return structure_of(text)


def test_displacement_parameters_go_to_all_images():
    found = read(f"{HEAD}{U}Fe1 Fe 0 0 0 1 0.0050(3)\nO1 O .2 .25 .3 1 .\n"
                 "O2 O .7 .25 .3 1 0.01\nO3 O .6 .6 .6 1 9.0\n")  # fmt: skip
    b = {site.label: site.properties["b_iso"] for site in found}
    assert b["Fe1"] == pytest.approx(8 * math.pi**2 * 0.005)
    assert b["O2"] == pytest.approx(8 * math.pi**2 * 0.01)
    assert b["O1"] is None
    assert b["O3"] is None
    assert len(found) == 7


def test_b_is_taken_as_it_is():
    found = read(f"{HEAD}_atom_site_B_iso_or_equiv\nFe1 Fe 0 0 0 1 0.41(2)\n")
    assert found[0].properties["b_iso"] == 0.41


def test_a_file_without_them_has_none():
    assert "b_iso" not in read(f"{HEAD}Fe1 Fe 0 0 0 1\n").site_properties


def test_rounded_occupancies_are_scaled_and_wrong_ones_refused():
    rounded = read(f"{HEAD}Fe1 Fe 0 0 0 .67\nCo1 Co 0 0 0 .34\n")
    assert rounded[0].species.num_atoms == pytest.approx(1.0)
    with pytest.raises(ValueError, match="occupancy"):
        read(f"{HEAD}Fe1 Fe 0 0 0 .9\nCo1 Co 0 0 0 .9\n")
