"""A furnace with its program controller, as a function of what was written when."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Status = Literal["reset", "running", "hold", "holdback", "complete"]

STEP_SECONDS = 10.0
"""Grid of the thermal model, s; commands take effect at the next grid point, so that
the result does not depend on who looked when."""
LAG_SECONDS = 45.0
"""First-order lag of the charge behind the working setpoint, s: typical of a small
box furnace under PID control."""
AMBIENT_CELSIUS = 25.0
HEATING_MARGIN = 1.5
"""Heating power in excess of the furnace's largest permitted ramp."""
MAX_CALLS = 32
"""More program segments in a row without time passing mean an endless loop."""


class Segment(NamedTuple):
    """One program segment in engineering units."""

    kind: Literal["end", "ramp-rate", "ramp-time", "dwell", "step", "call"]
    target_celsius: float = 0.0
    celsius_per_second: float = 0.0
    seconds: float = 0.0
    """Length of a dwell or a ramp-time."""
    logic: int = 0
    """Logic outputs, bits 0-7: they work the gas valves."""
    holdback: int = 0
    """0 none, 1 low, 2 high, 3 band."""
    resets_at_end: bool = True
    """For the end segment: whether the program resets, or dwells for ever."""


class Program(NamedTuple):
    """A stored program."""

    segments: tuple[Segment, ...]
    holdback_celsius: float = 0.0
    cycles: int = 1


NO_PROGRAM = Program(())


class Point(NamedTuple):
    """The furnace at one grid time."""

    seconds: float
    celsius: float
    logic: int
    run: int = 0
    """Which program ran, counted from the furnace's first; 0 before that."""


@dataclass
class Thermal:
    """Temperature and program of one furnace."""

    max_heating: float
    """Fastest heating, degrees Celsius per second."""
    cooling: Sequence[tuple[float, float]]
    """(above degrees Celsius, fastest cooling in degrees Celsius per minute)."""
    seconds: float = 0.0
    """Grid time up to which the rest holds, s."""
    celsius: float = AMBIENT_CELSIUS
    setpoint: float = AMBIENT_CELSIUS
    """Working setpoint, degrees Celsius."""
    idle_celsius: float = 0.0
    """Setpoint outside programs, degrees Celsius."""
    status: Status = "reset"
    program: Program = NO_PROGRAM
    index: int = 0
    """Segment in work, from 0."""
    elapsed: float = 0.0
    """Time spent in that segment, s."""
    cycles_left: int = 0
    logic: int = 0
    output_percent: float = 0.0
    manual_percent: float | None = None
    """Output set by hand, per cent; None under automatic control."""
    has_broken_sensor: bool = False
    points: list[Point] = field(default_factory=list)
    """What residents saw; kept while `is_watched`."""
    is_watched: bool = False
    n_runs: int = 0
    """Programs started so far."""

    def run(self, program: Program) -> None:
        """Start a program, or go on from hold."""
        if self.status in ("hold", "holdback"):
            self.status = "running"
            return
        self.program, self.n_runs = program, self.n_runs + 1
        self.index, self.elapsed, self.cycles_left = 0, 0.0, program.cycles
        self.setpoint = self.celsius
        self.status = "running"

    def hold(self) -> None:
        """Stop the program's clock at the present setpoint."""
        if self.status in ("running", "holdback"):
            self.status = "hold"

    def reset(self) -> None:
        """End the program: valves closed, control at the idle setpoint."""
        self.status, self.index, self.elapsed, self.logic = "reset", 0, 0.0, 0
        self.setpoint = self.idle_celsius
        if self.setpoint < self.celsius and self.manual_percent is None:
            self.output_percent = 0.0

    def manual(self, percent: float | None) -> None:
        """Set the output by hand, or give control back with None."""
        self.manual_percent = percent
        if percent is not None:
            self.output_percent = percent

    def seconds_left(self) -> float:
        """Return the time that the rest of the program takes, s."""
        if self.status in ("reset", "complete"):
            return 0.0
        total, at = self.segment_seconds_left(), self.setpoint
        segments = self.program.segments
        if self.index < len(segments) and segments[self.index].kind != "dwell":
            at = segments[self.index].target_celsius
        for segment in segments[self.index + 1 :]:
            total += _length(segment, at)
            at = at if segment.kind == "dwell" else segment.target_celsius
        return total

    def segment_seconds_left(self) -> float:
        """Return the time that the rest of the segment takes, s."""
        if self.status in ("reset", "complete"):
            return 0.0
        segment = self.program.segments[self.index]
        if segment.kind == "ramp-rate":
            return _length(segment, self.setpoint)
        return max(0.0, segment.seconds - self.elapsed)

    def advance(self, to_seconds: float) -> None:
        """Go on to the last grid time not after `to_seconds`."""
        if not self.is_watched:
            self.points.clear()
        while self.seconds + STEP_SECONDS <= to_seconds:
            if self._is_at_rest():
                self._rest(to_seconds)
            else:
                self._step()
            self._note()

    def _rest(self, to_seconds: float) -> None:
        """Jump over idle time; whoever looks in between sees the same."""
        self.celsius, self.output_percent = AMBIENT_CELSIUS, 0.0
        self.seconds = math.floor(to_seconds / STEP_SECONDS) * STEP_SECONDS

    def _note(self) -> None:
        if self.is_watched and (
            not self.points or self.points[-1].seconds < self.seconds
        ):
            self.points.append(
                Point(self.seconds, self.celsius, self.logic, self.n_runs)
            )

    def _is_at_rest(self) -> bool:
        return (
            self.status in ("reset", "complete")
            and not self.manual_percent
            and self.setpoint <= AMBIENT_CELSIUS
            and self.celsius <= AMBIENT_CELSIUS + 0.05
        )

    def _step(self) -> None:
        self._step_program()
        self._step_temperature()
        self.seconds += STEP_SECONDS

    def _step_program(self) -> None:
        left = STEP_SECONDS
        for _ in range(MAX_CALLS):
            if self.status not in ("running", "holdback") or left <= 0.0:
                return
            if self.index >= len(self.program.segments):
                self.reset()
                return
            left = self._step_segment(self.program.segments[self.index], left)

    def _step_segment(self, segment: Segment, left: float) -> float:
        """Spend up to `left` seconds in a segment; return what remains."""
        if segment.kind == "end":
            self._end(segment)
            return left
        self.logic = segment.logic
        self.status = "holdback" if self._is_held_back(segment) else "running"
        if self.status == "holdback":
            return 0.0
        if segment.kind in ("step", "call"):
            self.setpoint = segment.target_celsius
            self._next()
            return left
        if segment.kind == "dwell":
            spent = min(left, segment.seconds - self.elapsed)
            is_over = self.elapsed + spent >= segment.seconds
        else:
            spent, is_over = self._ramp(segment, left)
        self.elapsed += spent
        if is_over:
            self._next()
        return left - spent

    def _ramp(self, segment: Segment, left: float) -> tuple[float, bool]:
        target = segment.target_celsius
        need = self.segment_seconds_left()
        if need <= left:
            self.setpoint = target
            return need, True
        self.setpoint += (target - self.setpoint) * left / need
        return left, False

    def _next(self) -> None:
        self.index, self.elapsed = self.index + 1, 0.0

    def _end(self, segment: Segment) -> None:
        self.cycles_left -= 1
        if self.cycles_left > 0:
            self.index, self.elapsed = 0, 0.0
            return
        if segment.resets_at_end:
            self.reset()
        self.status = "complete"

    def _is_held_back(self, segment: Segment) -> bool:
        deviation = self.celsius - self.setpoint
        limit = self.program.holdback_celsius
        if segment.holdback == 0 or limit <= 0.0:
            return False
        is_low, is_high = deviation < -limit, deviation > limit
        return (segment.holdback in (1, 3) and is_low) or (
            segment.holdback in (2, 3) and is_high
        )

    def _step_temperature(self) -> None:
        decay = 1.0 - math.exp(-STEP_SECONDS / LAG_SECONDS)
        wanted = (self.setpoint - self.celsius) * decay
        if self.has_broken_sensor:
            wanted = -math.inf
        fall = self.cooling_rate(self.celsius) * STEP_SECONDS
        rise = self.max_heating * STEP_SECONDS
        if self.manual_percent is None:
            change = min(rise, max(-fall, wanted))
            self.output_percent = 100.0 * (change + fall) / (rise + fall)
        else:
            change = self.manual_percent / 100.0 * (rise + fall) - fall
            self.output_percent = self.manual_percent
        self.celsius = max(AMBIENT_CELSIUS, self.celsius + change)

    def cooling_rate(self, celsius: float) -> float:
        """Return the fastest cooling at a temperature, degrees Celsius per second.

        Below the last entry of the cooling curve the rate falls in proportion to the
        distance from the room, which is Newton's law of cooling.
        """
        for above, per_minute in self.cooling:
            if celsius > above:
                return per_minute / 60.0
        above, per_minute = self.cooling[-1]
        reach = max(above - AMBIENT_CELSIUS, 1.0)
        return max(0.0, celsius - AMBIENT_CELSIUS) / reach * per_minute / 60.0


def _length(segment: Segment, from_celsius: float) -> float:
    if segment.kind == "ramp-rate":
        distance = abs(segment.target_celsius - from_celsius)
        return distance / max(segment.celsius_per_second, 1e-9)
    return segment.seconds if segment.kind in ("dwell", "ramp-time") else 0.0


def thin(points: Sequence[Point], within_celsius: float = 0.5) -> list[Point]:
    """Drop points that a straight line through the kept ones gives closely enough.

    Source:
        Douglas & Peucker, Cartographica 10 (1973) 112.
    """
    if len(points) < 3:
        return list(points)
    keep = {0, len(points) - 1}
    stack = [(0, len(points) - 1)]
    while stack:
        first, last = stack.pop()
        a, b = points[first], points[last]
        slope = (b.celsius - a.celsius) / (b.seconds - a.seconds)
        worst, at = within_celsius, -1
        for i in range(first + 1, last):
            p = points[i]
            off = abs(p.celsius - a.celsius - slope * (p.seconds - a.seconds))
            if off > worst:
                worst, at = off, i
        if at >= 0:
            keep.add(at)
            stack += [(first, at), (at, last)]
    return [points[i] for i in sorted(keep)]
