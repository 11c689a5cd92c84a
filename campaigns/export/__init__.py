"""Campaign records in formats that other programs read."""

from campaigns.export.bundle import export

__all__ = ["export"]
