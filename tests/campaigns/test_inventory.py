"""Where the powder is, what was lost, what is left."""

import pytest

from campaigns import inventory
from campaigns import lifecycle as facts
from tests.campaigns import synthetic


@pytest.fixture
def store(tmp_path):
    with synthetic.create(tmp_path / "c.db") as store:
        yield store


def move(container: str, source: str, destination: str) -> facts.PortionMoved:
    return facts.PortionMoved(
        sample="A", source=source, destination=destination, moved_by="arm",
        container=container,
    )  # fmt: skip


def pour(
    source: str, destination: str, *, out: float | None = None, arrived: float | None
) -> facts.PortionMoved:
    return facts.PortionMoved(
        sample="A", source=source, destination=destination, moved_by="Ada",
        mass_out_grams=out, mass_in_grams=arrived,
    )  # fmt: skip


def dose(label: str, precursor: str, grams: float) -> facts.Dosed:
    return facts.Dosed(
        sample="A", precursor=precursor, label=label, planned_grams=grams,
        commanded_grams=grams, measured_grams=grams, instrument="doser",
    )  # fmt: skip


def events(store, *payloads):
    store.append(synthetic.proposed("A"), *payloads, actor="executor", lab_time=0.0)
    return store.events()


def portions(store, *payloads):
    return {
        portion.container: (portion.slot, portion.grams)
        for portion in inventory.portions(events(store, *payloads))
    }


def test_powder_is_followed_from_vial_to_holder(store):
    found = portions(
        store,
        move("vial-01", "vials/1", "doser/1"),
        dose("1", "CuO", 0.4),
        dose("2", "BaCO3", 0.6),
        move("vial-01", "doser/1", "vials/1"),
        move("crucible-01", "crucibles/1", "balance/1"),
        pour("vial-01", "crucible-01", out=0.99, arrived=0.97),
        pour("crucible-01", "jar-01", out=0.97, arrived=0.96),
        pour("jar-01", "holder-01", arrived=0.3),
    )
    assert found == {
        "vial-01": ("vials/1", pytest.approx(0.01)),
        "jar-01": ("", pytest.approx(0.66)),
        "holder-01": ("", pytest.approx(0.3)),
    }


def test_a_vial_that_nobody_named_is_named_by_its_first_transfer(store):
    assert portions(store, dose("1", "CuO", 0.4)) == {"": ("", 0.4)}
    with synthetic.create(store.path.with_name("d.db")) as other:
        found = portions(other, dose("1", "CuO", 0.4), pour("v", "c", arrived=None))
    assert found == {"v": ("", None), "c": ("", None)}


def test_a_firing_makes_the_mass_unknown(store):
    trace = store.put_blob(b"")
    fired = facts.Fired(
        load=1, samples=("A",), step="fire", furnace="f", planned={}, commanded={},
        measured={}, trace=trace,
    )  # fmt: skip
    plan = facts.LoadPlanned(load=1, furnace="f", samples=("A",), seconds=1.0)
    found = portions(store, plan, dose("1", "CuO", 0.4), fired)
    assert found == {"": ("", None)}


def test_losses_are_what_left_less_what_arrived(store):
    synthetic.fill(store)
    lost = inventory.losses(store.events())
    assert len(lost) == 8
    assert lost["S0003"] == pytest.approx(0.012)
    (only,) = inventory.lineage(store.events(), sample="S0003")
    assert (only.source, only.destination) == ("vial-03", "crucible-03")


def test_stock_is_what_was_there_less_what_was_dosed(store):
    synthetic.fill(store)
    left = {
        item.precursor: item for item in inventory.stock(store.spec, store.events())
    }
    assert list(left) == ["Y2O3", "BaCO3", "BaO2", "CuO"]
    assert left["Y2O3"].used_grams == pytest.approx(8 * 0.15 * 1.003, rel=1e-4)
    assert left["BaO2"].left_grams == pytest.approx(25 - 4 * 0.52 * 1.003, rel=1e-4)


def test_an_empty_campaign_has_full_shelves(store):
    assert inventory.portions(store.events()) == ()
    assert inventory.losses(store.events()) == {}
    assert all(s.used_grams == 0 for s in inventory.stock(store.spec, store.events()))
