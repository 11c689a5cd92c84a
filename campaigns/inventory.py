"""Where every portion of powder is, what was lost on the way, and what is left.

A sample is a lineage of portions in labelled containers. A transfer pours powder from
one container into another; a move carries a container from slot to slot.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from campaigns import lifecycle as facts
from campaigns.spec import CampaignSpec

EMPTY_GRAMS = 1e-4
"""A container with less counts as empty, g: the readability of the balances in use."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """Powder poured from one container into another."""

    sequence: int
    lab_time: float
    """Seconds since 1970 UTC."""
    sample: str
    source: str
    destination: str
    moved_by: str
    mass_in_grams: float | None
    """Arrived in the destination, g; None where nobody weighed."""
    mass_out_grams: float | None
    """Left the source, g; None where nobody weighed."""

    @property
    def lost_grams(self) -> float | None:
        """Return what stayed behind, g; None where it was not weighed."""
        if self.mass_in_grams is None or self.mass_out_grams is None:
            return None
        return self.mass_out_grams - self.mass_in_grams


@dataclass(frozen=True, slots=True)
class Portion:
    """Powder of one sample in one container."""

    sample: str
    container: str
    """Label; empty if no event named the vial that was dosed into."""
    slot: str = ""
    """Where the container stands; empty if no event says."""
    grams: float | None = None
    """Mass by doses and weighed transfers, g; None where a firing or a transfer that
    nobody weighed has changed it since."""


@dataclass(frozen=True, slots=True)
class Stock:
    """One precursor on the shelf."""

    precursor: str
    lot: str
    initial_grams: float
    used_grams: float
    """Sum of the masses weighed into vials, g."""

    @property
    def left_grams(self) -> float:
        """Return what is left, g; negative where the shelf held more than stated."""
        return self.initial_grams - self.used_grams


def lineage(
    events: Iterable[facts.Event], *, sample: str | None = None
) -> tuple[Transfer, ...]:
    """Return every transfer of powder, oldest first.

    Args:
        events: The campaign's events.
        sample: Only of this sample; of all if absent.
    """
    return tuple(
        Transfer(
            sequence=event.sequence,
            lab_time=event.lab_time,
            **event.payload.model_dump(exclude={"kind", "container"}),
        )
        for event in events
        if isinstance(event.payload, facts.PortionMoved)
        and event.payload.sample == (sample or event.payload.sample)
        and not event.payload.container
    )


def losses(events: Iterable[facts.Event]) -> dict[str, float]:
    """Return each sample's mass lost in transfers weighed on both sides, g.

    A sample without any such transfer is absent: nobody knows what it lost.
    """
    lost: dict[str, float] = {}
    for transfer in lineage(events):
        if transfer.lost_grams is not None:
            lost[transfer.sample] = lost.get(transfer.sample, 0.0) + transfer.lost_grams
    return lost


def portions(events: Iterable[facts.Event]) -> tuple[Portion, ...]:
    """Return where each sample's powder is now, in the order of first mention.

    What a weighed transfer left behind stays listed in its source; a source poured
    out without weighing stays listed with unknown mass.
    """
    shelves = _Shelves()
    for event in events:
        shelves.take(event.payload)
    return shelves.portions()


@dataclass
class _Shelves:
    """Containers by slot and powder by container, as far as events say."""

    slots: dict[str, str] = field(default_factory=dict)
    """Container to slot."""
    latest: dict[str, str] = field(default_factory=dict)
    """Sample to the container last moved for it: the vial, while it is dosed."""
    grams: dict[tuple[str, str], float | None] = field(default_factory=dict)
    """Sample and container to the mass of powder."""

    def take(self, payload: facts.Payload) -> None:
        match payload:
            case facts.Dosed():
                here = (payload.sample, self.latest.get(payload.sample, ""))
                self.grams[here] = _sum(
                    self.grams.get(here, 0.0), payload.measured_grams
                )
            case facts.PortionMoved(container=str(label)) if label:
                self.slots[label] = payload.destination
                self.latest[payload.sample] = label
            case facts.PortionMoved():
                self._pour(payload)
            case facts.Fired():
                for key in self.grams:
                    if key[0] in payload.samples:
                        self.grams[key] = None
            case _:
                pass

    def _pour(self, moved: facts.PortionMoved) -> None:
        source = (moved.sample, moved.source)
        unnamed = (moved.sample, "")
        if unnamed in self.grams:
            self.grams[source] = self.grams.pop(unnamed)
        taken = moved.mass_out_grams
        if taken is None:
            taken = moved.mass_in_grams
        left = _sum(self.grams.get(source), -taken if taken is not None else None)
        if left is not None and left <= EMPTY_GRAMS:
            del self.grams[source]
        else:
            self.grams[source] = left
        there = (moved.sample, moved.destination)
        self.grams[there] = _sum(self.grams.get(there, 0.0), moved.mass_in_grams)

    def portions(self) -> tuple[Portion, ...]:
        return tuple(
            Portion(sample, container, self.slots.get(container, ""), grams)
            for (sample, container), grams in self.grams.items()
        )


def _sum(held: float | None, added: float | None) -> float | None:
    return None if held is None or added is None else held + added


def stock(spec: CampaignSpec, events: Iterable[facts.Event]) -> tuple[Stock, ...]:
    """Return each precursor's stock in the order of the campaign file."""
    used = {precursor.label: 0.0 for precursor in spec.precursors}
    for event in events:
        if isinstance(event.payload, facts.Dosed):
            dosed = event.payload
            used[dosed.precursor] = (
                used.get(dosed.precursor, 0.0) + dosed.measured_grams
            )
    return tuple(
        Stock(
            precursor.label, precursor.lot, precursor.stock_grams, used[precursor.label]
        )
        for precursor in spec.precursors
    )
