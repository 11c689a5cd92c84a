"""A small MACE, trained here: a model file of a few thousand weights."""

import pytest

from tests.loop.knowledge.smallmace import trained


@pytest.fixture(scope="session")
def mace_file(tmp_path_factory):
    """Return the file of a MACE fitted to CHGNet's energies of strained oxides."""
    path = tmp_path_factory.mktemp("mace") / "small.model"
    first, last = trained(path)
    assert last < 0.3 * first
    return path
