from loop.cli.setup import default_lab_file
from tests.test_architecture import ROOT


def test_the_lab_that_comes_along_is_the_example():
    assert default_lab_file().read_bytes() == (ROOT / "examples/lab.toml").read_bytes()
