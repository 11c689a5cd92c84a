"""What a rule of safety found, and what somebody who knows better has accepted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

RULES = (
    "gas-pressure", "gas-toxic", "gas-suffocating", "gas-flammable",
    "explosive", "oxidiser-with-fuel",
    "toxic-dust", "toxic-vapour", "element-loss",
    "reagent-limit", "furnace-limit", "crucible-limit", "crucible-unknown",
    "crucible-attack", "melts", "eutectic",
    "target-melts", "target-decomposes", "target-gas",
    "air-sensitive", "label",
    "co-firing-vapour", "co-firing-gas", "co-firing-melt",
)  # fmt: skip
"""Names of all rules."""
Severity = Literal["refuse", "warn"]
Place = Literal["reagent", "mixture", "heating", "crucible", "load"]
"""What a finding is about: a reagent as it is handled, the mixture of a sample, one
heating, its crucible, or what is fired together."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One hazard: what was found, what is allowed, why, and what to do."""

    rule: str
    """Its name, such as `gas-toxic`: what a campaign file accepts."""
    severity: Severity
    place: Place
    about: str
    """Reagent, set, gas or element meant, such as `Ba(NO3)2` or `NO2`."""
    found: str
    limit: str
    reason: str
    remedy: str
    source: str
    reagent: str = ""
    """Reagent that it is about, by its name in the campaign file, if it is one's."""
    step: str = ""
    """Heating meant, by its name in the recipe; empty where it is none of them."""
    is_hard: bool = False
    """A refusal that nobody can accept away."""
    accepted: str = ""
    """Why a refusal was accepted by the campaign file; it is a warning then."""
    samples: tuple[str, ...] = ()
    """Samples whose absence would cure it; of a load, the cheapest to leave out."""

    def __str__(self) -> str:
        """Write it on one line."""
        return (
            f"{self.rule}, {self.about}: {self.found}; allowed: {self.limit};"
            f" {self.reason} ({self.source}); {self.remedy}"
        )


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A refusal that somebody answers for."""

    rule: str
    reason: str
    about: str = ""
    """The one reagent, gas or element that it is for; all of the rule if empty."""


def accepted(
    findings: Iterable[Finding], acceptances: Sequence[Acceptance]
) -> tuple[Finding, ...]:
    """Return the findings, accepted refusals turned into warnings that say so.

    Hard refusals stay.
    """
    return tuple(_accept(finding, acceptances) for finding in findings)


def _accept(finding: Finding, acceptances: Sequence[Acceptance]) -> Finding:
    if finding.severity != "refuse" or finding.is_hard:
        return finding
    for given in acceptances:
        if given.rule == finding.rule and given.about in ("", finding.about):
            return replace(finding, severity="warn", accepted=given.reason)
    return finding


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return each finding once: hard refusals, refusals, warnings; then by rule."""
    return tuple(
        sorted(
            dict.fromkeys(findings),
            key=lambda f: (f.severity == "warn", not f.is_hard, f.rule, f.about),
        )
    )


def refusals(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings that stop what they are about."""
    return tuple(finding for finding in findings if finding.severity == "refuse")
