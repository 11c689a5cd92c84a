"""A small file of reactions, made up here in the format of Kononova et al. 2019."""

import json
from itertools import product
from pathlib import Path
from typing import Any

from campaigns.materials.formula import Formula

CARBONATE = {"Ba": "BaCO3", "Sr": "SrCO3", "Ca": "CaCO3"}
OXIDE = {"Ti": "TiO2", "Zr": "ZrO2", "Sn": "SnO2"}


def material(text: str, elements: dict[str, str] | None = None) -> dict[str, Any]:
    """Return a substance as the file describes one; a hydrate in two parts."""
    parts = []
    for part in text.split("·"):
        factor = part[: len(part) - len(part.lstrip("0123456789"))]
        formula = Formula.parse(part[len(factor) :])
        amounts = {e: str(float(n)) for e, n in formula.composition}
        parts.append(
            {
                "formula": part[len(factor) :],
                "amount": factor or "1",
                "elements": elements or amounts,
            }
        )
    return {"material_string": text, "material_formula": text, "composition": parts}


def heating(celsius: float, hours: float, *gases: str, token: str = "fired") -> dict:
    conditions = {
        "heating_temperature": [
            {"min_value": None, "max_value": celsius, "values": [celsius], "units": "C"}
        ],
        "heating_time": [
            {"min_value": None, "max_value": hours, "values": [hours], "units": "h"}
        ],
        "heating_atmosphere": list(gases),
    }
    return {"token": token, "type": "HeatingOperation", "conditions": conditions}


def record(target: str | list[str], precursors: list[str], *firings, doi="10.1/a"):
    targets = [target] if isinstance(target, str) else target
    return {
        "doi": doi,
        "targets_string": targets,
        "target": {"material_formula": targets[0]},
        "precursors": [material(text) for text in precursors],
        "operations": [
            {"token": "mixed", "type": "Mixing", "conditions": None},
            *firings,
        ],
    }


def records() -> list[dict[str, Any]]:
    """Return reports of nine perovskites, some barium ones from the peroxide."""
    found = []
    for (i, (a, salt)), (j, (b, oxide)), k in product(
        enumerate(CARBONATE.items()), enumerate(OXIDE.items()), range(3)
    ):
        fired = heating(1000 + 50 * j + 10 * k, 4 + k, "air", token="calcined")
        dense = heating(1300 + 50 * j, 2, "oxygen", token="sintered")
        source = "BaO2" if (a, k) == ("Ba", 2) else salt
        doi = f"10.1/{i}{j}{k}"
        found.append(record(f"{a}{b}O3", [source, oxide], fired, dense, doi=doi))
    return found


def write(path: Path, found: list[Any] | None = None) -> Path:
    document = {"release_date": "2026-01-01", "reactions": found or records()}
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path
