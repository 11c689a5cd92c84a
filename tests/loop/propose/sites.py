"""Furnaces of the lab of two, as proposers see them."""

from dataclasses import replace

from campaigns.materials.phases import PhaseTable
from instruments.labfile import load_lab_file
from loop.asking import site_of
from loop.propose.site import Site
from tests.shipped import FOLDER

TABLE = PhaseTable.load()
LAB = load_lab_file(FOLDER / "lab-two-furnaces.toml")


def site(spec, furnace="box-a", **limits) -> Site:
    """Return a furnace with some of its limits changed."""
    found = site_of(spec, LAB, TABLE, furnace=furnace, size=2)
    return replace(found, furnace=found.furnace.model_copy(update=limits))


def tight(spec) -> Site:
    """Return a furnace in which a little carbonate makes an air of carbon dioxide."""
    found = site(spec)
    chamber = replace(
        found.safety.furnace, volume_litres=0.5, gas_litres_per_minute=0.02
    )
    return replace(found, safety=replace(found.safety, furnace=chamber))
