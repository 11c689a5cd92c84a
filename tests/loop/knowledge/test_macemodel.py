"""MACE from a local file: a small model that the tests train themselves."""

import os
import sys
from importlib.util import find_spec

import numpy as np
import pytest
import torch

from loop.errors import EnergyModelError, MissingPackageError
from loop.knowledge.confinement import confined
from loop.knowledge.macemodel import MaceModel
from loop.knowledge.models import open_model
from tests.loop.knowledge import smallmace
from tests.loop.knowledge.structures import rocksalt

if find_spec("mace") is None:  # importing it would change the environment
    pytest.skip("mace-torch is not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def model(mace_file):
    return MaceModel(str(mace_file), device="cpu")


def test_it_gives_the_energies_that_it_was_fitted_to(model):
    from loop.knowledge.chgnetmodel import ChgnetModel

    cells = smallmace.structures()
    wanted = ChgnetModel(device="cpu").energy(cells)
    assert np.corrcoef(wanted, model.energy(cells))[0, 1] > 0.95


def test_energies_of_a_batch_are_those_of_each(model):
    cells = smallmace.structures()
    alone = [float(model.energy([cell])[0]) for cell in cells]
    np.testing.assert_allclose(model.energy(cells), alone, atol=1e-9)


def test_relaxing_and_features_take_the_same_model(model):
    cells = smallmace.structures()[1:2]
    relaxed = model.relax(cells)
    assert all(each.energy <= start + 1e-9 for each, start in
               zip(relaxed, model.energy(cells), strict=True))  # fmt: skip
    assert model.features(cells).shape[0] == 1


def test_nothing_of_pytorch_or_the_environment_is_left_changed(mace_file):
    before = torch.get_default_dtype()
    model = MaceModel(str(mace_file), device="cpu")
    model.energy(smallmace.structures()[:1])
    assert torch.get_default_dtype() is before
    assert "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD" not in os.environ


def test_the_identity_is_of_the_weights(mace_file, tmp_path, model):
    copy = tmp_path / "small.model"
    copy.write_bytes(mace_file.read_bytes())
    assert MaceModel(str(copy), device="cpu").identity == model.identity
    with confined():
        network = torch.load(mace_file, weights_only=False)
        with torch.no_grad():
            next(network.parameters()).mul_(1.001)
        torch.save(network, copy)
    assert MaceModel(str(copy), device="cpu").identity != model.identity


def test_elements_that_it_was_not_made_for_are_refused(model):
    with pytest.raises(EnergyModelError, match="not made for Ba"):
        model.energy([rocksalt("Ba", 5.5)])


def test_a_file_that_is_no_model_is_refused(tmp_path):
    path = tmp_path / "torn.model"
    path.write_bytes(b"\x80\x04garbage")
    with pytest.raises(EnergyModelError, match="cannot be read"):
        MaceModel(str(path), device="cpu")
    torch.save({"weights": torch.ones(3)}, path)
    with pytest.raises(EnergyModelError, match="found dict"):
        MaceModel(str(path), device="cpu")


def test_a_name_that_is_no_foundation_model_is_refused():
    with pytest.raises(EnergyModelError, match=r"no file 'huge'.*medium-mpa-0"):
        open_model("mace:huge", device="cpu")


def test_a_foundation_model_that_cannot_be_fetched_says_where_to_put_it(
    monkeypatch, tmp_path
):
    from mace.calculators import foundations_models

    def refuse(*_):
        raise OSError("no network")

    monkeypatch.setattr(foundations_models, "get_cache_dir", lambda: str(tmp_path))
    monkeypatch.setattr(foundations_models, "_urlretrieve_with_timeout", refuse)
    with pytest.raises(EnergyModelError, match="put its file there"):
        MaceModel("small", device="cpu")


def test_a_missing_package_is_named_with_its_extra(monkeypatch, mace_file):
    for name in [name for name in sys.modules if name.split(".")[0] == "mace"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mace", None)
    with pytest.raises(MissingPackageError, match="mace-torch"):
        MaceModel(str(mace_file))
