"""Fixtures that several packages share."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the computer is, not whether it holds.
settings.register_profile(
    "any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any speed")


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a small finished campaign: two loads of two samples."""
    from tests.end_to_end.runs import write_campaign

    return _run(write_campaign(tmp_path_factory.mktemp("finished")))


@pytest.fixture(scope="session")
def rescanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a finished campaign whose two samples were scanned twice."""
    from tests.end_to_end.runs import write_rescanned_campaign

    return _run(write_rescanned_campaign(tmp_path_factory.mktemp("rescanned")))


@pytest.fixture(scope="session")
def reasoned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a small finished campaign whose samples a model chose."""
    from tests.end_to_end.runs import write_campaign

    return _run(write_campaign(tmp_path_factory.mktemp("reasoned")), "athanor")


def _run(file: Path, proposer: str = "random") -> Path:
    from tests.end_to_end.runs import athanor

    run = file.parent / "run"
    done = athanor("simulate", file, "--proposer", proposer, "-o", run)
    assert done.code == 0, done.err
    return run
