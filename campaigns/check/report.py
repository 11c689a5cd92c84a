"""What a check found, as data and as text."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from campaigns.check.findings import Warn
from campaigns.errors import Fault, SpecError
from campaigns.safety.findings import Finding


@dataclass(frozen=True, slots=True)
class SetPreview:
    """What one sample of a precursor set takes and gives, with the least excess."""

    label: str
    target: str
    """What it makes: where the composition is searched, at one of them."""
    reaction: str
    grams: dict[str, float]
    """Precursor name to mass as received, g."""
    gas_grams: dict[str, float]
    """Gas to mass released, g; negative if taken up."""
    powder_grams: float
    """Target if the reaction runs to completion, g."""
    cost: float
    """Price of the precursors, in the file's currency."""
    load_gas: str
    """Gas of a furnace full of this set at its hottest, in words."""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Everything that `athanor check` has to say."""

    name: str
    sha256: str
    target: str
    faults: tuple[Fault, ...]
    warnings: tuple[Warn, ...]
    sets: tuple[SetPreview, ...]
    parameters: tuple[tuple[str, str], ...]
    """Searched parameter and its values, in words."""
    safety: tuple[Finding, ...] = ()
    """Hazards, worst first; those that refuse are among the faults too."""

    @property
    def is_possible(self) -> bool:
        """Say whether nothing was refused."""
        return not self.faults

    @property
    def is_unsafe(self) -> bool:
        """Say whether a rule of safety refuses."""
        return any(finding.severity == "refuse" for finding in self.safety)

    def require(self) -> None:
        """Do nothing if the campaign is possible.

        Raises:
            SpecError: With every fault.
        """
        if self.faults:
            raise SpecError(self.faults)

    def text(self) -> str:
        """Write the whole report for a terminal."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"campaign {self.name}: {self.target}   (spec {self.sha256[:12]})"
        yield from self._set_lines()
        if self.parameters:
            yield ""
            yield "searched:"
            width = max(len(key) for key, _ in self.parameters)
            for key, values in self.parameters:
                yield f"  {key:<{width}}  {values}"
        yield from self._safety_lines()
        if self.warnings:
            yield ""
            yield f"{_count(len(self.warnings), 'warning')}:"
            yield from (f"  {warning}" for warning in self.warnings)
        yield ""
        if self.is_possible:
            yield "no faults: this campaign can run"
            return
        yield f"{_count(len(self.faults), 'fault')}:"
        for fault in self.faults:
            yield f"  {fault.path}"
            yield f"    found:   {fault.found}"
            yield f"    allowed: {fault.allowed}"
            yield f"    remedy:  {fault.remedy}"

    def safety_text(self) -> str:
        """Write the hazards alone for a terminal; empty if there are none."""
        return "\n".join(self._safety_lines()).strip()

    def _safety_lines(self) -> Iterator[str]:
        """Yield the hazards in groups, the worst group first."""
        for title in _GROUPS:
            group = [finding for finding in self.safety if _group(finding) == title]
            if group:
                yield ""
                yield f"safety, {title}: {_count(len(group), 'finding')}"
            for rule, alike in groupby(group, key=lambda f: f.rule):
                yield f"  {rule}"
                for finding in alike:
                    yield from _finding_lines(finding)

    def _set_lines(self) -> Iterator[str]:
        yield f"{_count(len(self.sets), 'precursor set')}, each for one sample:"
        for number, preview in enumerate(self.sets, start=1):
            yield ""
            yield f"{number:3d}. {preview.label}"
            yield f"     reaction {preview.reaction}"
            doses = ", ".join(f"{g:.4f} g {name}" for name, g in preview.grams.items())
            yield f"     dose     {doses}"
            yield f"     powder   {preview.powder_grams:.4f} g {preview.target}"
            freed = [f"{g * 1000:.0f} mg {gas}" for gas, g in _above(preview, sign=1)]
            taken = [f"{g * 1000:.0f} mg {gas}" for gas, g in _above(preview, sign=-1)]
            gas = "; ".join(
                f"{verb} {', '.join(parts)}"
                for verb, parts in (("releases", freed), ("takes up", taken))
                if parts
            )
            yield f"     gas      {gas or 'none'}"
            yield f"     load     {preview.load_gas}"
            if preview.cost:
                yield f"     cost     {preview.cost:.2f}"


_GROUPS = ("refused", "accepted by the campaign file", "to be careful of")


def _group(finding: Finding) -> str:
    """Return the heading under which a finding is printed."""
    if finding.severity == "refuse":
        return _GROUPS[0]
    return _GROUPS[1] if finding.accepted else _GROUPS[2]


def _finding_lines(finding: Finding) -> Iterator[str]:
    where = f", step {finding.step}" if finding.step else ""
    yield f"    {finding.about}{where}: {finding.found}; limit: {finding.limit}"
    yield f"      {finding.reason} ({finding.source})"
    if finding.accepted:
        yield f"      accepted: {finding.accepted}"
    if finding.remedy:
        yield f"      {finding.remedy}"


def _above(preview: SetPreview, *, sign: int) -> list[tuple[str, float]]:
    return [(gas, sign * g) for gas, g in preview.gas_grams.items() if sign * g > 0]


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"
