"""Who may share a furnace: the rules of safety, asked while a load is chosen.

Vapours and gases of one sample spoil another that lacks their elements, and the gas of
too many is more than a furnace lets go. The same rules are asked again before the load
is dosed; here they keep places from going to samples that would be held then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from campaigns.recipe import Parameters
from campaigns.safety import Finding, Portion, judge
from campaigns.safety.facts import acceptances_of, portion_of
from campaigns.spec import CampaignSpec
from campaigns.synthesis import build_recipe
from loop.propose.points import Value
from loop.propose.site import Site

Key = tuple[tuple[str, Value], ...]


@dataclass
class Company:
    """Judges samples beside one another in one furnace."""

    spec: CampaignSpec
    site: Site | None = None
    """None: nothing is known of the furnace, and everybody may share it."""
    seated: tuple[Parameters, ...] = ()
    """Own settings of samples that have a place already."""
    _portions: dict[Key, Portion] = field(default_factory=dict)
    _judged: dict[tuple[Key, ...], dict[str, Finding]] = field(default_factory=dict)
    _apart: dict[Key, dict[str, str]] = field(default_factory=dict)

    def objection(
        self, profile: Parameters, taken: Sequence[Parameters], own: Parameters
    ) -> str:
        """Return why a sample may not join a load, empty if it may.

        Args:
            profile: What the load shares.
            taken: Own settings of samples taken into it, beside those `seated`.
            own: Settings of the sample itself.
        """
        if self.site is None:
            return ""
        group = [{**one, **profile} for one in (*self.seated, *taken)]
        before = self._refused(group)
        after = self._refused([*group, {**own, **profile}])
        if len(after) <= len(before):
            return ""
        finding = next(iter(after.values()))
        reason = f"{finding.rule}: {finding.found}; {finding.reason}"
        self._apart.setdefault(_key(profile), {})[str(own["precursors"])] = reason
        return reason

    def apart(self, profile: Mapping[str, Value]) -> dict[str, str]:
        """Return the precursor sets kept out of a load at a profile, to the reasons."""
        return dict(self._apart.get(_key(profile), {}))

    def _refused(self, group: Sequence[Parameters]) -> dict[str, Finding]:
        if self.site is None or len(group) == 0:
            return {}
        keys = tuple(map(_key, group))
        if keys not in self._judged:
            portions = [self._portion(point, key) for point, key in zip(group, keys,
                        strict=True)]  # fmt: skip
            given = acceptances_of(self.spec)
            judged = judge(
                portions, self.site.safety, given,
                alone=False, apart=self.spec.loads.apart,
            )  # fmt: skip
            self._judged[keys] = judged.refused
        return self._judged[keys]

    def _portion(self, point: Parameters, key: Key) -> Portion:
        if self.site is None:
            raise RuntimeError("judged without a furnace")
        if key not in self._portions:
            recipe, table = build_recipe(self.spec, point), self.site.safety.table
            name = str(point["precursors"])
            self._portions[key] = portion_of(
                self.spec, name, recipe, recipe.grams, table
            )
        return self._portions[key]


def _key(parameters: Mapping[str, Value]) -> Key:
    return tuple(sorted(parameters.items()))
