"""A campaign file to start from, and the JSON Schema that editors check files by."""

import ast
import inspect
import json
from itertools import pairwise
from typing import Any

from campaigns import spec as specification
from campaigns.spec import CampaignSpec

_TEXT = """\
# Check this file:        athanor check FILE
# Run it on a simulation: athanor simulate FILE
# Every key is explained in docs/reference/campaign-file.md.
schema = 1
name = {name}
seed = 0                        # same seed, same lab: same proposals
sample_grams = 1.0              # target powder that each sample should give, g

[target]
formula = "BaTiO3"
# phases = ["BaTiO3"]           # accepted rows of the phase table; default: all rows
                                # with this formula
# What "yield" means: "crystalline" (weight share of the crystalline part), "whole"
# (of everything, amorphous and unknown included) or "limiting-cation" (moles made
# per mole possible).
yield_basis = "crystalline"

# Reagents on the shelf. A bare list of formulas also works:
#   precursors = ["BaCO3", "TiO2"]
[[precursors]]
formula = "BaCO3"               # with hydrate water, if any: "Y2(CO3)3.3H2O"
assay = 0.998                   # share of the dried powder that is the formula
loss_on_ignition = 0.001        # share lost on drying (not hydrate water)
price_per_gram = 0.25
stock_grams = 250
hazards = ["H302 harmful if swallowed"]

[[precursors]]
formula = "BaO2"
assay = 0.95
price_per_gram = 0.60
stock_grams = 100
# max_celsius = 900             # never heat this reagent above; default: no limit
hazards = ["H272 may intensify fire; oxidiser", "H302 harmful if swallowed"]

[[precursors]]
formula = "TiO2"
name = "TiO2 anatase"           # needed where two lots have one formula
phase = "TiO2-anatase"          # row of the phase table, where a formula has several
price_per_gram = 0.55
stock_grams = 100

# The recipe: ordered steps with their fixed settings. Kinds: dose, mix, dry,
# calcine, fire, anneal (all three in the furnace), regrind, scan.
[[steps]]
kind = "dose"

[[steps]]
kind = "mix"
rpm = 1500
minutes = 10

[[steps]]
kind = "dry"
temperature_celsius = 80
minutes = 60

[[steps]]
kind = "fire"
ramp_celsius_per_minute = 5
cool_celsius_per_minute = 5
crucible = "Al2O3"

# Grind and fire once more, as often as the parameter `regrinds` says.
[[steps]]
kind = "regrind"
repeat = "regrinds"

[[steps]]
kind = "fire"
name = "refire"                 # firings need different names
repeat = "regrinds"
temperature_celsius = 1100
hold_hours = 4
crucible = "Al2O3"

[[steps]]
kind = "scan"
holder_grams = 0.5
# program = "2min"              # a scan program of the lab file; its default if absent
# longer = "8min"               # a second scan, only of samples that it would decide

# What is searched. Numbers: {{ min, max }} with `step` or `log` if you like, a list of
# values, or one value. Whatever is fixed in a step cannot be searched.
[space]
sets = "all"                    # or lists: [["BaCO3", "TiO2 anatase"]]
max_precursors = 4
excess = {{ Ba = {{ min = 0.0, max = 0.03, step = 0.005 }} }}  # mole fraction extra
regrinds = [0, 1]
# candidates = "candidates.csv" # instead of all else here: the only recipes allowed

# [space.composition.Ba]        # cations that share the place of Ba; add up to 1
# Ba = {{ min = 0.5, max = 1.0, step = 0.05 }}
# Sr = {{ min = 0.0, max = 0.5, step = 0.05 }}

# [space.steps.mix]             # each sample's own; leave `minutes` out of the step
# minutes = [5, 10, 20]

[space.steps.fire]              # shared by all samples of a load
temperature_celsius = {{ min = 800, max = 1150, step = 10 }}
hold_hours = {{ min = 1, max = 16, log = true }}
atmosphere = ["air", "CO2"]

# What is wanted: yield, cost, energy, time, peak_temperature, or impurity (of a phase).
[[objectives]]
measure = "yield"
goal = "maximize"
threshold = 0.0                 # worst value of any use

[[objectives]]
measure = "cost"                # precursors, per gram of target in the product
goal = "minimize"
threshold = 2.0

# [[input_constraints]]         # weighted sum of searched numbers
# terms = {{ "fire.temperature_celsius" = 1.0, "fire.hold_hours" = 10.0 }}
# at_most = 1250

[[outcome_constraints]]
measure = "impurity"
phase = "Ba2TiO4"
at_most = 0.10

[controls]
every_loads = 2                 # one reference sample in every second load; 0: none
reference = {{ precursors = "BaCO3 + TiO2 anatase", "excess.Ba" = 0.0 }}
replicates = 1                  # samples made of each proposal

[budget]                        # stop at the latest
experiments = 24
days = 14
# grams = 100                   # precursors in all

# [loads]                       # what loads are compared by, who is kept apart
# value = "gain-per-hour"
# apart = ["co-firing-gas"]

[stop]                          # stop early
yield_at_least = 0.99
stale_loads = 3                 # loads without a better best
"""


def new_campaign(name: str) -> str:
    """Return a commented campaign file that passes the check on the example lab.

    Args:
        name: Name of the campaign, written into the file.
    """
    # JSON strings are TOML strings, escapes included, save for the DEL character.
    quoted = json.dumps(name, ensure_ascii=False).replace("\x7f", "\\u007f")
    return _TEXT.format(name=quoted)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of campaign files, shorthands included."""
    schema = CampaignSpec.model_json_schema(by_alias=True, mode="validation")
    tables = {"CampaignSpec": schema} | schema["$defs"]
    for (table, key), text in _descriptions().items():
        properties = tables.get(table, {}).get("properties", {})
        if key in properties:
            properties[key]["description"] = text
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Athanor campaign file",
    } | {key: value for key, value in schema.items() if key != "title"}


def _descriptions() -> dict[tuple[str, str], str]:
    """Return (class, key) to the string under that key in `campaigns.spec`.

    pydantic can do this itself, but then at every import, which takes longer than the
    rest of `athanor check`.
    """
    found = {}
    for table in ast.parse(inspect.getsource(specification)).body:
        if not isinstance(table, ast.ClassDef):
            continue
        for entry, below in pairwise(table.body):
            match entry, below:
                case (
                    ast.AnnAssign(target=ast.Name(id=key)),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ):
                    found[table.name, key] = inspect.cleandoc(text).replace("\n", " ")
    return found
