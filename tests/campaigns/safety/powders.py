"""Samples, furnaces and rooms for tests of the rules of safety."""

from dataclasses import replace

from campaigns.materials.formula import Formula
from campaigns.materials.phases import PhaseTable
from campaigns.safety.facts import Furnace, Heating, Portion, Reagent, Setting

TABLE = PhaseTable.load()
FURNACE = Furnace(
    name="box-a",
    volume_litres=10.0,
    gas_litres_per_minute=2.0,
    vent_litres_per_minute=15.0,
    has_extract=True,
    is_closed=False,
    max_celsius=1150.0,
    room_litres=50e3,
    room_litres_per_minute=4e3,
)
OPEN = replace(FURNACE, has_extract=False)
CLOSED = replace(FURNACE, is_closed=True)


def setting(furnace=FURNACE, *, oven=None, dosing="air", table=TABLE):
    return Setting(furnace, oven or furnace, dosing, table)


def reagent(formula, grams=1.0, **values):
    parsed = Formula.parse(formula)
    rows = TABLE.by_formula(parsed)
    return Reagent(
        label=formula,
        formula=parsed,
        grams=grams,
        moles=grams / parsed.molar_mass,
        phase=rows[0] if rows else None,
        **values,
    )


def heating(celsius, **values):
    given = {"step": "fire", "hours": 4.0, "ramp_celsius_per_minute": 5.0,
             "atmosphere": "air", "crucible": "Al2O3"}  # fmt: skip
    return Heating(celsius=celsius, **(given | values))


def portion(target, *reagents, celsius=900.0, name="S0001", **values):
    """Return a sample of reagents (formulas of 1 g each, or reagents), fired once."""
    own = ("atmosphere", "crucible", "ramp_celsius_per_minute")
    settings = {key: values.pop(key) for key in own if key in values}
    given = {"heatings": (heating(celsius, **settings),), "target_moles": 0.003}
    return Portion(
        name=name,
        target=Formula.parse(target),
        reagents=tuple(r if isinstance(r, Reagent) else reagent(r) for r in reagents),
        **(given | values),
    )


def rules(findings, severity=None):
    return [(f.rule, f.about) for f in findings if severity in (None, f.severity)]
