"""Heating profiles as the stored programs of a Eurotherm 2400, both ways.

Source: Eurotherm, 2000 series communications handbook HA026230: program block
addresses, segment types, units. Rates and durations are in tenths of a minute's unit,
as the public A-Lab driver (alab_control, furnace_2416) writes them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from instruments.quantities import HeatingProfile, Segment

PROGRAM_BASE, PROGRAM_STRIDE, SEGMENT_STRIDE = 8328, 136, 8
MAX_SEGMENTS = 16
"""The end counts as one."""
END, RAMP_RATE, DWELL = 0, 1, 3
TYPE, TARGET, NUMBER, END_TYPE, OUTPUTS, HOLDBACK = range(6)
"""Offsets in a segment; NUMBER is the rate of a ramp and the duration of a dwell."""
END_RESET = 1
HOLDBACK_NONE = 0
GENERAL = {0: HOLDBACK_NONE, 2: 1, 3: 1, 4: 1}
"""Offset to value: no holdback, ramps per minute, dwells in minutes, one cycle."""
MAX_DWELL_TENTHS = 9000
"""900 minutes; longer dwells are split."""
SECONDS_PER_TENTH = 6.0


@dataclass(frozen=True, slots=True)
class ProgramSegment:
    """One segment in the controller's terms."""

    kind: int
    """END, RAMP_RATE or DWELL."""
    target_celsius: float = 0.0
    tenths: int = 0
    """Ramp rate in tenths of a degree per minute, or dwell in tenths of a minute."""
    outputs: int = 0
    """Logic outputs, which open the gas valve."""

    def registers(self, decimals: int) -> dict[int, int]:
        """Return the registers to write by offset; other offsets have no meaning.

        Args:
            decimals: Digits after the point in the controller's temperatures.
        """
        if self.kind == END:
            return {TYPE: END, END_TYPE: END_RESET, OUTPUTS: self.outputs}
        common = {
            TYPE: self.kind,
            NUMBER: self.tenths,
            OUTPUTS: self.outputs,
            HOLDBACK: HOLDBACK_NONE,
        }
        if self.kind == RAMP_RATE:
            return common | {TARGET: scaled(self.target_celsius, decimals)}
        return common


def segment_address(program: int, segment: int) -> int:
    """Return the first register of a segment, from 1; 0 is the general block."""
    return PROGRAM_BASE + PROGRAM_STRIDE * (program - 1) + SEGMENT_STRIDE * segment


def scaled(celsius: float, decimals: int) -> int:
    """Return a temperature as a 16-bit register.

    Raises:
        ValueError: If it does not fit 16 bits.
    """
    value = round(celsius * 10.0**decimals)
    if not -0x8000 <= value <= 0x7FFF:
        raise ValueError(f"{celsius:g} C with {decimals} decimals exceeds 16 bits")
    return value & 0xFFFF


def unscaled(register: int, decimals: int = 0) -> float:
    """Return the signed number a register holds."""
    signed = register - 0x10000 if register & 0x8000 else register
    return float(signed) / 10.0**decimals


def program_of(profile: HeatingProfile, outputs: int) -> tuple[ProgramSegment, ...]:
    """Return the segments of a profile, with long dwells split and the end added.

    Raises:
        ValueError: If there are more segments than a program holds.
    """
    segments: list[ProgramSegment] = []
    for segment in profile.segments:
        if segment.kind == "ramp":
            tenths = round(10.0 * segment.celsius_per_minute)
            segments.append(
                ProgramSegment(RAMP_RATE, segment.target_celsius, tenths, outputs)
            )
            continue
        left = round(segment.seconds / SECONDS_PER_TENTH)
        while left > 0:
            tenths = min(left, MAX_DWELL_TENTHS)
            segments.append(
                ProgramSegment(DWELL, segment.target_celsius, tenths, outputs)
            )
            left -= tenths
    segments.append(ProgramSegment(END, outputs=outputs))
    if len(segments) > MAX_SEGMENTS:
        raise ValueError(
            f"{len(segments)} segments with the end; the controller has {MAX_SEGMENTS}"
        )
    return tuple(segments)


def profile_of(
    general: Sequence[int],
    segments: Sequence[Sequence[int]],
    atmospheres: Mapping[str, int],
    decimals: int,
) -> HeatingProfile:
    """Return the profile that a stored program holds.

    Args:
        general: The general block, 5 registers or more.
        segments: 6 registers or more of each segment, up to the end or beyond.
        atmospheres: Gas to the logic outputs that open its valve.
        decimals: Digits after the point in the controller's temperatures.

    Raises:
        ValueError: If it is not a program that `program_of` could have made.
    """
    for offset in (2, 3):
        if general[offset] != GENERAL[offset]:
            raise ValueError(f"its time unit is {general[offset]}, not minutes (1)")
    if general[4] > 1:
        raise ValueError(f"it runs {general[4]} cycles")
    found: list[Segment] = []
    outputs: set[int] = set()
    for registers in segments:
        if registers[TYPE] == END:
            break
        outputs.add(registers[OUTPUTS])
        found.append(_segment_of(registers, found, decimals))
    if not found:
        raise ValueError("it is empty")
    gases = [gas for gas, bits in atmospheres.items() if {bits} == outputs]
    if len(gases) != 1:
        raise ValueError(f"its logic outputs {sorted(outputs)} are not one gas")
    return HeatingProfile(_joined(found), gases[0])


def _segment_of(
    registers: Sequence[int], before: Sequence[Segment], decimals: int
) -> Segment:
    if registers[TYPE] == RAMP_RATE:
        return Segment(
            "ramp",
            unscaled(registers[TARGET], decimals),
            celsius_per_minute=registers[NUMBER] / 10.0,
        )
    if registers[TYPE] == DWELL and before:
        seconds = registers[NUMBER] * SECONDS_PER_TENTH
        return Segment("hold", before[-1].target_celsius, seconds=seconds)
    raise ValueError(f"segment {len(before) + 1} has type {registers[TYPE]}")


def _joined(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """Join dwells that follow each other, which were split for their length."""
    joined: list[Segment] = []
    for segment in segments:
        if joined and segment.kind == "hold" and joined[-1].kind == "hold":
            last = joined.pop()
            segment = Segment(  # noqa: PLW2901
                "hold", last.target_celsius, seconds=last.seconds + segment.seconds
            )
        joined.append(segment)
    return tuple(joined)
