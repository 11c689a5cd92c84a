"""A campaign over a solid solution, used by several tests."""

from typing import Any

from campaigns.spec import CampaignSpec


def titanate(**space: Any) -> CampaignSpec:
    """Return a (Ba,Sr)TiO3 campaign; keyword arguments replace tables of its space."""
    return CampaignSpec.model_validate(titanate_data(**space))


def titanate_data(**space: Any) -> dict[str, Any]:
    """Return the same campaign as read from TOML."""
    return {
        "name": "titanate",
        "target": {"formula": "BaTiO3"},
        "precursors": ["BaCO3", "SrCO3", "TiO2", "BaTi2O5"],
        "space": {
            "composition": {
                "Ba": {
                    "Ba": {"min": 0.2, "max": 1.0, "step": 0.1},
                    "Sr": {"min": 0.0, "max": 0.8, "step": 0.1},
                }
            },
            "steps": {
                "fire": {
                    "temperature_celsius": {"min": 900, "max": 1100, "step": 50},
                    "hold_hours": [2, 8],
                }
            },
        }
        | space,
    }
