"""Seeded misbehaviour of simulated instruments: off unless a plan is handed in."""

from dataclasses import dataclass, field

from simulators.chance import generator


@dataclass
class FaultPlan:
    """How often answers fail; probabilities per request, 0-1.

    The fate of a request is keyed by instrument and request number, so one seed gives
    one sequence of faults whatever other instruments do.
    """

    seed: int
    hang_probability: float = 0.0
    """The instrument goes silent for `hang_seconds`, as a stuck controller does."""
    hang_seconds: float = 30.0
    late_probability: float = 0.0
    """The answer comes `late_seconds` later than it should."""
    late_seconds: float = 5.0
    refuse_probability: float = 0.0
    """The instrument answers with its own words for busy or not now."""
    lose_probability: float = 0.0
    """The request is carried out and the answer lost."""
    counts: dict[str, int] = field(default_factory=dict)
    """Requests seen, by instrument."""
    silent_until: dict[str, float] = field(default_factory=dict)
    """Instrument to the loop time, s, when it wakes again."""

    def fate(self, instrument: str, now: float) -> "Fate":
        """Decide what becomes of the next request, at loop time `now` in s."""
        number = self.counts[instrument] = self.counts.get(instrument, 0) + 1
        if now < self.silent_until.get(instrument, 0.0):
            return Fate(is_ignored=True)
        draw = generator(self.seed, "fault", instrument, number).random(4)
        if draw[0] < self.hang_probability:
            self.silent_until[instrument] = now + self.hang_seconds
            return Fate(is_ignored=True)
        return Fate(
            is_refused=bool(draw[1] < self.refuse_probability),
            is_lost=bool(draw[2] < self.lose_probability),
            delay_seconds=(
                self.late_seconds if draw[3] < self.late_probability else 0.0
            ),
        )


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one request."""

    is_ignored: bool = False
    """Neither carried out nor answered."""
    is_refused: bool = False
    is_lost: bool = False
    """Carried out, but the answer never arrives."""
    delay_seconds: float = 0.0


HEALTHY = Fate()
"""A request that is answered as it should be."""
