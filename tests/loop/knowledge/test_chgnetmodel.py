"""CHGNet with its packaged weights, on real oxides and offline."""

import sys

import numpy as np
import pytest
import torch

from campaigns.materials.phases import PhaseTable
from loop.errors import EnergyModelError, MissingPackageError
from loop.knowledge.chgnetmodel import ChgnetModel
from loop.knowledge.confinement import device_of
from loop.knowledge.models import open_model

pytest.importorskip("chgnet")

TABLE = PhaseTable.load()
OXIDES = ("MgO", "CaO", "TiO2-rutile", "CaTiO3")


@pytest.fixture(scope="module")
def model():
    return ChgnetModel(device="cpu")


def test_energies_of_a_batch_are_those_of_each(model):
    cells = [TABLE[name].structure() for name in OXIDES]
    together = model.energy(cells)
    alone = [float(model.energy([cell])[0]) for cell in cells]
    np.testing.assert_allclose(together, alone, atol=1e-4)
    assert model.energy([]).shape == (0,)


def test_perovskite_forms_from_its_oxides(model):
    """-82 kJ/mol measured; an error of 15 meV/atom is 7 kJ/mol."""
    cells = [TABLE[name].structure() for name in ("CaTiO3", "CaO", "TiO2-rutile")]
    whole, lime, rutile = (each.energy for each in model.relax(cells))
    enthalpy = (5 * whole - 2 * lime - 3 * rutile) * 96.485
    assert -97 < enthalpy < -67


def test_relaxing_lowers_the_energy_and_says_that_it_ended(model):
    strained = TABLE["MgO"].structure()
    strained.scale_lattice(strained.volume * 1.1)
    (relaxed,) = model.relax([strained])
    assert relaxed.is_converged
    assert relaxed.energy < float(model.energy([strained])[0])
    assert relaxed.structure.volume < strained.volume


def test_features_are_one_row_a_structure(model):
    cells = [TABLE[name].structure() for name in OXIDES]
    assert model.features(cells).shape == (4, 64)


def test_the_identity_names_weights_not_only_a_word(model):
    other = ChgnetModel("0.3.0", device="cpu")
    assert model.identity != other.identity
    assert model.identity == ChgnetModel(device="cpu").identity
    assert "r2scan" in model.identity


def test_nothing_of_pytorch_is_left_changed(model):
    before = torch.get_default_dtype()
    model.relax([TABLE["MgO"].structure()])
    assert torch.get_default_dtype() is before


def test_it_is_right_whatever_the_default_of_pytorch_is(model):
    cell = TABLE["MgO"].structure()
    wanted = float(model.energy([cell])[0])
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        found = float(ChgnetModel(device="cpu").energy([cell])[0])
        assert torch.get_default_dtype() is torch.float64
    finally:
        torch.set_default_dtype(before)
    assert abs(found - wanted) < 1e-5


def test_unknown_weights_and_devices_are_refused():
    with pytest.raises(EnergyModelError, match=r"r2scan, 0.3.0"):
        ChgnetModel("0.1.0")
    with pytest.raises(EnergyModelError, match="auto, cpu, cuda"):
        device_of("tpu")
    with pytest.raises(EnergyModelError, match="chgnet:r2scan"):
        open_model("alphafold")


def test_a_missing_gpu_is_named(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(EnergyModelError, match="finds no GPU"):
        device_of("cuda")
    assert device_of("auto") == "cpu"


def test_a_missing_package_is_named_with_its_extra(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "chgnet"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "chgnet", None)
    with pytest.raises(MissingPackageError, match=r"athanor-lab\[energies\]"):
        ChgnetModel()


def test_missing_weights_are_told_apart_from_a_missing_package(monkeypatch, model):
    from chgnet.model import model as library

    monkeypatch.setattr(library, "module_dir", "/nowhere")
    with pytest.raises(EnergyModelError, match="cannot be loaded"):
        ChgnetModel(device="cpu")


def test_an_isolated_atom_is_refused(model):
    cell = TABLE["MgO"].structure()
    cell.scale_lattice(cell.volume * 100)
    with pytest.raises(EnergyModelError, match="CHGNet cannot take"):
        model.energy([cell])
