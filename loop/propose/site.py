"""The furnace that a load is proposed for: its places, its limits, its price."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from campaigns.furnaces import misfits
from campaigns.safety import Setting as SafetySetting
from campaigns.spec import CampaignSpec
from instruments.labspec import FurnaceSpec
from loop.errors import ProposalError
from loop.propose.points import Value
from loop.propose.space import SearchSpace, Setting


@dataclass(frozen=True)
class Site:
    """One furnace of a lab, as a proposer sees it."""

    furnace: FurnaceSpec
    safety: SafetySetting
    """Where the rules of safety judge; names the furnace and holds the phase table."""
    n_furnaces: int = 1
    """Furnaces of the lab that fire the campaign's loads."""
    handling_hours: float = 0.0
    """From dosing to the last scan of a load, without its firings, h."""

    @property
    def name(self) -> str:
        """Return the furnace's name."""
        return self.safety.furnace.name

    def refuses(self, parameters: Mapping[str, Value]) -> str:
        """Return why the furnace cannot hold these settings, empty if it can."""
        for name, value in parameters.items():
            field = name.rpartition(".")[2]
            if field == "atmosphere" and value not in self.furnace.atmospheres:
                return f"{name}: {self.name} has no {value}"
            if field == "crucible" and value not in self.furnace.crucibles:
                return f"{name}: {self.name} takes no {value}"
            most = _limits(self.furnace).get(field)
            if most is not None and float(value) > most:
                return f"{name}: {value:g} is above the {most:g} of {self.name}"
        return ""

    def narrowed(self, spec: CampaignSpec, space: SearchSpace) -> SearchSpace:
        """Return the part of a space that the furnace can fire.

        Raises:
            ProposalError: If that is nothing.
        """
        repeated = [step for step in spec.steps if step.repeat]
        is_once = any(True for s in repeated for _ in misfits(spec, s, self.furnace))
        settings = [
            setting
            if self._fits_anyway(setting) or (setting.needs_regrind and is_once)
            else _once(setting)
            if setting.name == "regrinds" and is_once
            else self._within(setting)
            for setting in space.settings
        ]
        listed = tuple(p for p in space.candidates if not self.refuses(p))
        if space.candidates and not listed:
            raise ProposalError(
                f"space.candidates: {self.name} can fire none of the candidates; add"
                " some or take the furnace out of the lab file"
            )
        return replace(space, settings=tuple(settings), candidates=listed)

    @staticmethod
    def _fits_anyway(setting: Setting) -> bool:
        """Return whether a setting has nothing to do with the furnace."""
        return not setting.is_shared and not setting.name.endswith(".crucible")

    def _within(self, setting: Setting) -> Setting:
        if setting.values:
            values = tuple(
                v for v in setting.values if not self.refuses({setting.name: v})
            )
            if not values:
                raise ProposalError(
                    f"space: {self.name} can fire no allowed {setting.name}; widen the"
                    " space or take the furnace out of the lab file"
                )
            return replace(setting, values=values)
        most = _limits(self.furnace).get(setting.name.rpartition(".")[2], setting.high)
        if most <= setting.low:
            return replace(setting, kind="choice", values=(setting.low,))
        return replace(setting, high=min(setting.high, most))


def _limits(furnace: FurnaceSpec) -> dict[str, float]:
    return {
        "temperature_celsius": furnace.max_celsius,
        "ramp_celsius_per_minute": furnace.max_ramp_celsius_per_minute,
    }


def _once(setting: Setting) -> Setting:
    """Return `regrinds` where the steps that it repeats are not possible."""
    return replace(setting, kind="choice", values=(0.0,))
