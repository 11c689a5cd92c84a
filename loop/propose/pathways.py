"""Expected pathways of precursor sets, as the proposer uses them."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan

from campaigns.pathways import LearnedPathways
from loop.propose.points import Value

BEGINS = "target begins / °C"
LEFT = "driving force left for it / kJ/mol of atoms"


@dataclass(frozen=True)
class Pathways:
    """What learned reactions lead to expect of one campaign's sets."""

    told: LearnedPathways

    def descriptors(self, label: str) -> dict[str, float]:
        """Return what describes a set, by name; not a number if it is not known.

        A target that does not begin stands at the highest temperature looked at.
        """
        found = self.told.sets.get(label)
        if found is None:
            return {BEGINS: nan, LEFT: nan}
        begins = found.begins_celsius
        return {
            BEGINS: self.told.highest_celsius if begins is None else begins,
            LEFT: found.left_kilojoules,
        }

    @property
    def constants(self) -> dict[str, float | str]:
        """Return what a decision record keeps of them."""
        return {
            "learned.sha256": self.told.sha256,
            "learned.file_sha256": self.told.file_sha256,
        }

    def words(self, point: Mapping[str, Value]) -> str:
        """Say in a line what the pathway of a proposal's set is expected to be."""
        told = self.told
        found = told.sets.get(str(point["precursors"]))
        head = f" Pathway ({told.file}, {told.powders} powders): "
        if found is None:
            return f"{head}not known."
        steps = f"by way of {', '.join(found.by_way_of)}; " if found.by_way_of else ""
        left = (
            f"{found.left_kilojoules:+.1f} ± {found.left_sigma_kilojoules:.1f} kJ/mol"
            " of atoms left for it"
        )
        if found.begins_celsius is None:
            return (
                f"{head}{steps}the target is not expected up to"
                f" {told.highest_celsius:.0f} °C in {told.atmosphere}, {left}."
            )
        return (
            f"{head}{steps}the target begins at about {found.begins_celsius:.0f} °C in"
            f" {told.atmosphere}, {left}."
        )
