"""Small campaign files used by several tests."""

from typing import Any

from campaigns.spec import CampaignSpec


def ybco(**changes: Any) -> CampaignSpec:
    """Return a YBa2Cu3O7 campaign; keyword arguments replace top-level tables."""
    return CampaignSpec.model_validate(ybco_data() | changes)


def ybco_data() -> dict[str, Any]:
    """Return the same campaign as read from TOML."""
    return {
        "schema": 1,
        "name": "ybco",
        "target": {"formula": "YBa2Cu3O7"},
        "precursors": [
            "Y2O3",
            "Y2(CO3)3.3H2O",
            "BaCO3",
            "BaO2",
            "CuO",
            "Cu2CO3(OH)2",
        ],
        "steps": [
            {"kind": "dose"},
            {"kind": "mix"},
            {"kind": "dry"},
            {"kind": "fire"},
            {"kind": "regrind", "repeat": "regrinds"},
            {"kind": "anneal", "name": "refire", "repeat": "regrinds"},
            {"kind": "scan"},
        ],
        "space": {
            "excess": {"Ba": {"min": 0.0, "max": 0.05}},
            "regrinds": [0, 1],
            "steps": {
                "fire": {
                    "temperature_celsius": {"min": 650, "max": 950, "step": 10},
                    "hold_hours": {"min": 1, "max": 24, "log": True},
                    "atmosphere": ["air", "O2"],
                },
                "refire": {
                    "temperature_celsius": {"min": 650, "max": 950, "step": 10},
                    "hold_hours": [4, 8],
                },
            },
        },
    }
