"""What is read of earlier campaigns."""

import numpy as np
import pytest

from campaigns.errors import SpecError
from campaigns.materials.phases import PhaseTable
from campaigns.store import Store
from loop.knowledge.earlier import crystalline_share, read_earlier
from loop.knowledge.pairwise_file import add_learned
from loop.knowledge.pairwise_history import observations
from tests.loop.knowledge.test_pairwise_file import observation

TABLE = PhaseTable.load()


def read(*files, is_real=False):
    return read_earlier(files, is_real=is_real, table=TABLE)


def test_a_database_tells_what_was_made_of_what_and_how(reasoned):
    (found,) = read(reasoned / "campaign.db")
    with Store.open(reasoned / "campaign.db") as store:
        history, opened = store.history(), store.events()[0]
    assert (found.name, found.target, found.mode) == ("tiny", "BaTiO3", "virtual")
    assert found.campaign == opened.sha256
    assert [r.sample for r in found.results] == [t.sample for t in history.trials]
    for result, trial in zip(found.results, history.trials, strict=True):
        score = trial.scores["yield"]
        assert result.share == pytest.approx(score.mean, abs=1e-6)
        assert result.variance <= score.variance + 1e-9
        (hold,) = result.holds
        assert hold.celsius == pytest.approx(
            trial.measured["fire.temperature_celsius"], abs=0.1
        )
        assert sorted(result.precursors.values()) == pytest.approx([1, 1], abs=0.02)


def test_a_learned_file_tells_the_same_as_its_database(reasoned, tmp_path):
    with Store.open(reasoned / "campaign.db") as store:
        add_learned(tmp_path / "learned.json", observations(store))
    (from_file,) = read(tmp_path / "learned.json")
    (from_database,) = read(reasoned / "campaign.db")
    assert from_file.results == from_database.results
    assert from_file.campaign == from_database.campaign
    # Given both, it counts once.
    assert len(read(tmp_path / "learned.json", reasoned / "campaign.db")) == 1


def test_other_oxygen_contents_of_a_target_count_in_a_learned_file(tmp_path):
    file = tmp_path / "learned.json"
    add_learned(file, [observation(phases=("YBa2Cu3O6", "BaCuO2"))])
    (found,) = read(file)
    assert found.results[0].share == pytest.approx(0.4)


def test_simulated_and_real_matter_are_kept_apart(reasoned):
    with pytest.raises(SpecError, match="on a virtual lab"):
        read(reasoned / "campaign.db", is_real=True)


def test_a_campaign_without_scores_is_refused(tmp_path):
    file = tmp_path / "learned.json"
    add_learned(file, [])
    with pytest.raises(SpecError, match="no scored sample"):
        read(file)


def test_the_share_of_the_crystalline_part_has_the_variance_of_draws():
    found = observation(
        phases=("YBa2Cu3O7", "CuO", "amorphous"), mean=(0.5, 0.3, 0.2),
        covariance=((4e-4, -1e-4, 0), (-1e-4, 3e-4, 0), (0, 0, 2e-4)),
    )  # fmt: skip
    mean, variance = crystalline_share(found, {"YBa2Cu3O7"})
    assert mean == pytest.approx(0.625)
    draws = np.random.default_rng(1).multivariate_normal(
        found.mean, np.array(found.covariance), 200_000
    )
    shares = draws[:, 0] / draws[:, :2].sum(axis=1)
    assert variance == pytest.approx(shares.var(), rel=0.03)
