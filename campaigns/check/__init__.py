"""Is a campaign possible in this lab? Faults with remedies, then the recipes."""

from campaigns.check.report import CheckReport, SetPreview
from campaigns.check.run import check

__all__ = ["CheckReport", "SetPreview", "check"]
