"""What a proposer may know of a campaign, folded from its events."""

from collections import Counter
from collections.abc import Iterable, Sequence

from campaigns import lifecycle as facts
from campaigns.results import History, Identification, Pin, Trial, Veto

KINDS = (
    "proposed", "dosed", "identified", "scored", "sample-ended",
    "pinned", "vetoed", "order-withdrawn", "portion-moved", "fired",
)  # fmt: skip
"""The kinds of event that a history depends on."""
OUTCOMES = ("failed", "lost")
"""Ends without a score that say something of the recipe."""


def history(events: Iterable[facts.Event]) -> History:
    """Return one trial a sample, in the order of their proposal.

    A score counts with the latest identification of its scan; where that is not
    usable, the trial is `unusable` and carries no score. A later score of the same
    sample replaces the earlier one here (both stay in the log). A held sample
    teaches nothing, so it is `unusable` until it is scored. Orders of a person count
    while they are open.

    Args:
        events: All events, or at least those of `KINDS`, oldest first.
    """
    trials: dict[str, Trial] = {}
    shelf, chamber = _Shelf(), _Chamber()
    found: dict[str, Identification] = {}
    pins: dict[str, Pin] = {}
    vetoes: dict[str, Veto] = {}
    for event in events:
        shelf.take(event.payload)
        chamber.take(event.payload)
        match event.payload:
            case facts.Proposed() as proposed:
                trials[proposed.sample] = _pending(proposed)
                pins.pop(proposed.proposal.order, None)
            case facts.Pinned(pin=pin):
                pins[pin.order] = pin
            case facts.Vetoed(veto=veto):
                vetoes[veto.order] = veto
            case facts.OrderWithdrawn(order=order):
                pins.pop(order, None)
                vetoes.pop(order, None)
            case facts.Identified() as identified:
                found[identified.scan] = identified.identification
            case facts.Scored() as scored:
                trial = trials[scored.sample]
                slot = chamber.slots.get(scored.sample, ("", 0.0))[0]
                trials[scored.sample] = _scored(trial, scored, found[scored.scan], slot)
            case facts.SampleEnded() as ended:
                status = ended.status if ended.status in OUTCOMES else "unusable"
                if status in OUTCOMES:
                    update: dict[str, object] = {"status": status}
                else:  # also if it was scored before its pattern was analysed again
                    update = {"status": status, "scores": {}, "verdict": None}
                trials[ended.sample] = trials[ended.sample].model_copy(update=update)
    return History(
        trials=tuple(trials.values()),
        pins=tuple(pins.values()),
        vetoes=tuple(vetoes.values()),
        used_grams=shelf.used(),
    )


class _Shelf:
    """What samples took, and what those on their way will take."""

    def __init__(self) -> None:
        self.dosed: dict[str, float] = {}
        self.coming: dict[str, dict[str, float]] = {}
        """Sample to precursors that it still waits for."""

    def take(self, payload: facts.Payload) -> None:
        match payload:
            case facts.Proposed():
                self.coming[payload.sample] = dict(payload.recipe.grams)
            case facts.Dosed():
                name = payload.precursor
                self.dosed[name] = self.dosed.get(name, 0.0) + payload.measured_grams
                self.coming.get(payload.sample, {}).pop(name, None)
            case facts.SampleEnded():
                self.coming.pop(payload.sample, None)
            case _:
                pass

    def used(self) -> dict[str, float]:
        found = dict(self.dosed)
        for doses in self.coming.values():
            for name, grams in doses.items():
                found[name] = found.get(name, 0.0) + grams
        return found


class _Chamber:
    """Where samples stood in the furnaces that fired them."""

    def __init__(self) -> None:
        self.at: dict[str, str] = {}
        """Sample to where its container was moved last."""
        self.slots: dict[str, tuple[str, float]] = {}
        """Sample to the slot of its hottest firing, and how hot that was, degrees
        Celsius."""

    def take(self, payload: facts.Payload) -> None:
        match payload:
            case facts.PortionMoved(container=str(label)) if label:
                self.at[payload.sample] = payload.destination
            case facts.Fired():
                celsius = float(payload.measured.get("peak_celsius", 0.0))
                for sample in payload.samples:
                    slot = self.at.get(sample, "")
                    is_inside = slot.startswith(f"{payload.furnace}/")
                    if is_inside and celsius >= self.slots.get(sample, ("", 0.0))[1]:
                        self.slots[sample] = (slot, celsius)
            case _:
                pass


def last_of_lab(events: Sequence[facts.Event]) -> facts.Event:
    """Return the last event of the lab's own: analyses may follow a campaign's end."""
    ends = (e for e in events if isinstance(e.payload, facts.CampaignEnded))
    return next(ends, events[-1])


def reanalysed(events: Iterable[facts.Event]) -> tuple[str, ...]:
    """Return the samples of which one scan has several results, of which one counts."""
    counts = Counter(
        (event.payload.sample, event.payload.scan)
        for event in events
        if isinstance(event.payload, facts.Identified)
    )
    return tuple(dict.fromkeys(s for (s, _), number in counts.items() if number > 1))


def _pending(proposed: facts.Proposed) -> Trial:
    proposal = proposed.proposal
    return Trial(
        sample=proposed.sample,
        load=proposal.load,
        role=proposal.role,
        planned=proposal.parameters,
        measured=proposal.parameters,
        status="pending",
    )


def _scored(
    trial: Trial, scored: facts.Scored, found: Identification, slot: str
) -> Trial:
    update = {
        "measured": {**trial.planned, **scored.measured},
        "status": "scored" if found.is_usable else "unusable",
        "scores": scored.scores if found.is_usable else {},
        "fractions": found.fractions,
        "verdict": scored.verdict if found.is_usable else None,
        "slot": slot,
    }
    return trial.model_copy(update=update)
