"""Is a recipe, or a load of them, safe to dose and to fire? One body of rules.

The check before a campaign and the guard before each load ask the same functions.
Facts about phases come from the phase table; element, gas and class rules stand in
the TOML files beside this one, each with its source.
"""

from campaigns.safety.facts import Furnace, Heating, Portion, Reagent, Setting
from campaigns.safety.findings import Acceptance, Finding
from campaigns.safety.judge import Judgement, judge

__all__ = [
    "Acceptance",
    "Finding",
    "Furnace",
    "Heating",
    "Judgement",
    "Portion",
    "Reagent",
    "Setting",
    "judge",
]
