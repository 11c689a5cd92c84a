"""Which computed rows come with the program."""

from importlib.resources import files

import pytest

from campaigns.errors import MaterialError
from campaigns.materials.thermo import read_table, table
from loop.knowledge.layers import Row
from loop.knowledge.shipped import _decided

TEXT = """\
[CaTiO3-model]
status = "computed"
source = "made up"
oxides = {{ CaO = 1, "TiO2-rutile" = 1 }}
from_oxides = [{enthalpy}, 0.0]
sigma = 7.0
"""


def row(enthalpy):
    text = TEXT.format(enthalpy=enthalpy)
    return Row("CaTiO3-model", text, read_table(text, table())["CaTiO3-model"])


def test_a_compound_that_might_as_well_fall_apart_gets_no_row():
    assert _decided(row(-7.5)).name == "CaTiO3-model"
    with pytest.raises(MaterialError, match=r"-6.5 kJ/mol, within the doubt of 7.0"):
        _decided(row(-6.5))


def test_every_packaged_row_says_whether_its_compound_forms():
    text = files("campaigns.materials").joinpath("computed.toml").read_text()
    added = read_table(text, table())
    computed = [one for one in added.values() if one.status == "computed"]
    assert len(computed) >= 5
    for one in computed:
        assert abs(one.excess[0]) >= one.sigma_invariant, one.name
