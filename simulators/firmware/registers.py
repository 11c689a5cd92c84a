"""The register map of a Eurotherm 2400: names, scaling, programs.

Source:
    Eurotherm, Series 2000 Communications Handbook HA026230, parameter tables.
"""

import math
from collections.abc import Callable, Sequence

from simulators.thermal import Program, Segment, Thermal
from simulators.world import World

DECIMALS = 1
"""Register 525: integers are the displayed value times ten to this."""
SCALE = 10
TIME_SCALE = 10
"""Durations and rates are written in tenths of their unit, as used by
CederGroupHub/alab_control (MIT) against 2416 controllers."""
UNIT_SECONDS = (1.0, 60.0, 3600.0)
"""Seconds, minutes and hours, as the unit registers number them."""
PROGRAM_BASE, PROGRAM_WORDS, PROGRAMS = 8192, 136, 20
SEGMENT_WORDS, SEGMENTS = 8, 16
KINDS = ("end", "ramp-rate", "ramp-time", "dwell", "step", "call")
STATUS = {"reset": 1, "running": 2, "hold": 4, "holdback": 8, "complete": 16}
TEMPERATURES = {1, 2, 5, 13, 14, 24, 25, 111, 112}
IDENTITY = 0x2461
"""Register 122: 2000 series, 2400 range, 1/16 DIN."""
VERSION = 0x0441
FIXED = {107: VERSION, 122: IDENTITY, 525: DECIMALS}
READ_ONLY = {1, 4, 5, 29, 56, 58, 59, 63, 74, 75, 107, 122, 525}
ILLEGAL_ADDRESS, ILLEGAL_VALUE = 2, 3
UNCONFIGURED = 0
"""What reading an address without a parameter gives; the manual leaves it open."""


class RegisterMap:
    """Reads and writes of one controller, by 16-bit word or by engineering value."""

    def __init__(self, name: str, world: World) -> None:
        """Take the furnace `name`."""
        self._name, self._world = name, world
        limit = world.spec.furnaces[name].max_celsius
        self._defaults = {
            2: 0.0, 13: limit + 20.0, 14: limit + 10.0, 15: 0, 22: 1, 24: 0.0, 25: 0.0,
            30: 100.0, 111: limit, 112: 0.0, 131: world.spec.furnaces[name].unit,
            273: 0,
        }  # fmt: skip
        """Settings as commissioned; temperatures in degrees Celsius."""
        self._live: dict[int, Callable[[Thermal], float]] = {
            1: lambda t: t.celsius,
            3: lambda t: t.output_percent,
            4: lambda t: t.output_percent,
            5: lambda t: t.setpoint,
            23: lambda t: STATUS[t.status],
            29: self._segment_kind,
            56: lambda t: 0 if t.status == "reset" else t.index + 1,
            58: lambda t: t.seconds_left(),
            59: lambda t: t.cycles_left,
            63: lambda t: t.segment_seconds_left(),
            74: self._summary,
            75: self._summary,
        }

    def _thermal(self) -> Thermal:
        return self._world.furnace(self._name)

    def _segment_kind(self, thermal: Thermal) -> float:
        if thermal.status == "reset" or thermal.index >= len(thermal.program.segments):
            return 0
        return KINDS.index(thermal.program.segments[thermal.index].kind)

    def _summary(self, thermal: Thermal) -> float:
        alarms = sum(
            1 << bit
            for bit, register in enumerate((13, 14))
            if thermal.celsius > self.value(register)
        )
        manual = 0x10 if thermal.manual_percent is not None else 0
        return alarms | manual | (0x20 if thermal.has_broken_sensor else 0)

    def value(self, address: int) -> float:
        """Return a parameter in engineering units: degrees Celsius, ms, plain number.

        Times are in milliseconds, as the IEEE region gives them.
        """
        if address in self._live:
            milliseconds = 1000.0 if address in (58, 63) else 1.0
            return milliseconds * self._live[address](self._thermal())
        if address in self._defaults:
            return self._stored(address, self._defaults[address])
        if (place := program_place(address)) is not None:
            return self._program_value(address, place)
        return float(FIXED.get(address, UNCONFIGURED))

    def _program_value(self, address: int, place: tuple[int, int, int]) -> float:
        word = self._program_word(address)
        kind, unit = self._scaling(address, place)
        if kind == "time":
            return 1000.0 * word / TIME_SCALE * unit
        return word / (TIME_SCALE if kind == "rate" else _scale(kind))

    def word(self, address: int) -> int:
        """Return a parameter as an integer register, two's complement."""
        if program_place(address) is not None:
            return self._program_word(address) & 0xFFFF
        value = self.value(address)
        if address in (58, 63):
            # Tenths of a minute.
            value = value / 60000.0 * TIME_SCALE
        else:
            value *= _word_scale(address)
        return int(min(32767, max(-32768, _nearest(value)))) & 0xFFFF

    def _stored(self, address: int, default: float) -> float:
        memory = self._world.memory(self._name)
        return float(memory.get(str(address), default))

    def _program_word(self, address: int) -> int:
        memory = self._world.memory(self._name)
        if address < PROGRAM_BASE + PROGRAM_WORDS:
            address += PROGRAM_WORDS * int(self.value(22))
        return int(memory.get(str(address), 0))

    def _scaling(self, address: int, place: tuple[int, int, int]) -> tuple[str, float]:
        """Return what a program word is, and the seconds in its unit of time."""
        program, segment, item = place
        base = PROGRAM_BASE + PROGRAM_WORDS * program
        if segment == 0:
            return ("temperature" if item == 1 else "number"), 1.0
        kind = KINDS[min(self._program_word(address - item), 5)]
        if item == 1:
            return "temperature", 1.0
        if item == 2:
            unit = UNIT_SECONDS[min(self._program_word(base + 3), 2)]
            return ("rate", 1.0) if kind == "ramp-rate" else ("time", unit)
        return "number", 1.0

    def write(self, address: int, words: Sequence[int], *, is_single: bool) -> int:
        """Write integer registers; return 0 or a Modbus exception code.

        A block write to addresses without a parameter seems to succeed and is
        discarded; a single one is refused.
        """
        for offset, word in enumerate(words):
            number = word - 0x10000 if word >= 0x8000 else word
            scale = _word_scale(address + offset)
            if program_place(address + offset) is not None:
                code = self._write_program(address + offset, number)
            else:
                code = self._write_value(address + offset, number / scale)
            if code and (is_single or code != ILLEGAL_ADDRESS):
                return code
        return 0

    def write_values(self, address: int, values: Sequence[float]) -> int:
        """Write through the IEEE region; return 0 or a Modbus exception code."""
        for offset, value in enumerate(values):
            at = address + offset
            place = program_place(at)
            if not math.isfinite(value):
                return ILLEGAL_VALUE
            if place is None:
                code = self._write_value(at, value)
            else:
                kind, unit = self._scaling(at, place)
                scaled = value * (TIME_SCALE if kind == "rate" else _scale(kind))
                if kind == "time":
                    scaled = value / 1000.0 / unit * TIME_SCALE
                code = self._write_program(at, _nearest(scaled))
            if code not in (0, ILLEGAL_ADDRESS):
                return code
        return 0

    def _write_value(self, address: int, value: float) -> int:
        if address in READ_ONLY:
            return ILLEGAL_ADDRESS
        if address == 23:
            return self._run(int(value))
        if address in (3, 273):
            return self._by_hand(address, value)
        if address not in self._defaults:
            return ILLEGAL_ADDRESS
        if not self._is_allowed(address, value):
            return ILLEGAL_VALUE
        self._world.remember(self._name, **{str(address): value})
        if address == 2:
            self._world.do("heater", device=self._name, command="idle", celsius=value)
        return 0

    def _is_allowed(self, address: int, value: float) -> bool:
        if address in (2, 24):
            return self.value(112) <= value <= self.value(111)
        return address != 22 or 1 <= value <= PROGRAMS

    def _by_hand(self, address: int, value: float) -> int:
        """Change between automatic and manual, or set the output in manual."""
        thermal = self._thermal()
        if address == 3 and (
            thermal.manual_percent is None or not 0 <= value <= self.value(30)
        ):
            return ILLEGAL_VALUE
        percent: float | None = value if address == 3 else thermal.output_percent
        if address == 273:
            self._world.remember(self._name, **{"273": value})
            percent = percent if value else None
        self._world.do("heater", device=self._name, command="manual", percent=percent)
        return 0

    def _write_program(self, address: int, number: int) -> int:
        place = program_place(address)
        if place is None or place[0] == 0 or self._is_running(place[0]):
            return ILLEGAL_VALUE
        _, segment, item = place
        scaled = number / SCALE
        if segment and item == 1 and not self.value(112) <= scaled <= self.value(111):
            return ILLEGAL_VALUE
        if segment and item == 0 and not 0 <= number < len(KINDS):
            return ILLEGAL_VALUE
        if not -32768 <= number <= 32767:
            return ILLEGAL_VALUE
        self._world.remember(self._name, **{str(address): number})
        return 0

    def _is_running(self, program: int) -> bool:
        status = self._thermal().status
        return status in ("running", "holdback") and int(self.value(22)) == program

    def _run(self, status: int) -> int:
        """Obey a write to the program status register."""
        if status not in (1, 2, 4):
            return ILLEGAL_VALUE
        command = {1: "reset", 2: "run", 4: "hold"}[status]
        program = None
        if command == "run":
            stored = self.program(int(self.value(22)))
            if not stored.segments or stored.segments[0].kind == "end":
                return ILLEGAL_VALUE
            program = stored._asdict()
        self._world.do("heater", device=self._name, command=command, program=program)
        return 0

    def program(self, number: int) -> Program:
        """Return a stored program in engineering units."""
        base = PROGRAM_BASE + PROGRAM_WORDS * number
        ramp_unit = UNIT_SECONDS[min(self._program_word(base + 2), 2)]
        dwell_unit = UNIT_SECONDS[min(self._program_word(base + 3), 2)]
        segments = []
        for k in range(1, SEGMENTS + 1):
            words = [self._program_word(base + 8 * k + i) for i in range(6)]
            kind = KINDS[words[0]]
            amount = words[2] / TIME_SCALE
            segments.append(
                Segment(
                    kind=kind,  # type: ignore[arg-type]
                    target_celsius=words[1] / SCALE,
                    celsius_per_second=amount / ramp_unit,
                    seconds=amount * dwell_unit,
                    logic=words[4],
                    holdback=words[5] or self._program_word(base),
                    resets_at_end=words[3] != 0,
                )
            )
            if kind == "end":
                break
        holdback = self._program_word(base + 1) / SCALE
        cycles = max(1, self._program_word(base + 4))
        return Program(tuple(segments), holdback, cycles)


def program_place(address: int) -> tuple[int, int, int] | None:
    """Return (program 0-20, segment 0-16, word 0-7) of an address, None outside.

    Program 0 is the running copy; segment 0 the block of general settings.
    """
    number, offset = divmod(address - PROGRAM_BASE, PROGRAM_WORDS)
    if not 0 <= number <= PROGRAMS or address < PROGRAM_BASE:
        return None
    return number, offset // SEGMENT_WORDS, offset % SEGMENT_WORDS


def _word_scale(address: int) -> int:
    """Return the factor between a register and its value; outputs have one decimal."""
    if address in TEMPERATURES:
        return SCALE
    return 10 if address in (3, 4, 30) else 1


def _scale(kind: str) -> int:
    return SCALE if kind == "temperature" else 1


def _nearest(value: float) -> int:
    return math.floor(value + 0.5)
