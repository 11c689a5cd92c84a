"""View models of what the rules of safety found."""

from collections.abc import Sequence

from campaigns import labels
from campaigns import lifecycle as facts
from campaigns.results import Hazard
from campaigns.review.views import HazardView


def hazard_views(events: Sequence[facts.Event]) -> tuple[HazardView, ...]:
    """Return each finding once, the gravest first, with where it was made.

    One that is found again before a later load or task is the same if its rule, matter,
    step, figures and acceptance are.

    Args:
        events: All events, oldest first.
    """
    found: dict[Hazard, tuple[list[str], list[str]]] = {}
    for event in events:
        judged = event.payload
        if not isinstance(judged, facts.HazardsJudged):
            continue
        for hazard in judged.hazards:
            alike = hazard.model_copy(update={"samples": ()})
            before, samples = found.setdefault(alike, ([], []))
            before += [judged.before]
            samples += [*(hazard.samples or judged.samples)]
    return tuple(
        HazardView(
            rule=hazard.rule,
            outcome=_outcome(hazard),
            about=labels.chemical(hazard.about),
            step=hazard.step,
            found=labels.chemical(hazard.found),
            limit=labels.chemical(hazard.limit),
            before=tuple(dict.fromkeys(before)),
            samples=tuple(dict.fromkeys(samples)),
        )
        for hazard, (before, samples) in sorted(found.items(), key=_rank)
    )


def refused_views(events: Sequence[facts.Event]) -> tuple[tuple[str, str], ...]:
    """Return the samples that were kept out, each with the reasons."""
    found: dict[str, dict[str, None]] = {}
    for event in events:
        if isinstance(event.payload, facts.HazardsJudged):
            for sample, reason in event.payload.refused.items():
                found.setdefault(sample, {})[reason] = None
    return tuple((sample, "; ".join(reasons)) for sample, reasons in found.items())


def _outcome(hazard: Hazard) -> str:
    if hazard.accepted:
        return f"accepted: {hazard.accepted}"
    return "refused" if hazard.severity == "refuse" else "warned"


def _rank(one: tuple[Hazard, object]) -> tuple[int, str]:
    hazard, _ = one
    if hazard.severity == "refuse" and not hazard.accepted:
        return 0, hazard.rule
    return (1 if hazard.accepted else 2), hazard.rule
