"""What a lab has: the frozen model of `lab.toml`; `instruments.lab` connects it."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Positive = Annotated[float, Field(gt=0)]
Url = Annotated[str, Field(pattern=r"^[a-z0-9+]+://")]


class Frozen(BaseModel):
    """An immutable record that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DoserSpec(Frozen):
    """A powder doser with an autosampler."""

    driver: Literal["quantos"]
    url: Url
    positions: Annotated[int, Field(ge=1, le=30)]
    min_grams: Positive
    max_grams: Positive
    tolerance_percent: Annotated[float, Field(ge=0.1, le=40)] = 1.0
    atmosphere: Literal["air", "dry-air", "nitrogen", "argon"] = "air"
    """Gas around the powder while it is dosed, as in a glove box."""
    seconds_per_dose: Positive = 90.0
    """Typical time of one dose, for planning, s."""
    identity: str = ""
    """What it must answer when asked who it is, such as its serial number; a
    different answer is refused. Empty: whoever answers first is kept to."""


class BalanceSpec(Frozen):
    """An analytical balance."""

    driver: Literal["mt-sics"]
    url: Url
    max_grams: Positive
    readability_grams: Positive
    identity: str = ""
    """What it must answer when asked who it is, such as its serial number; a
    different answer is refused. Empty: whoever answers first is kept to."""


class MixerSpec(Frozen):
    """A mixer or mill."""

    driver: Literal["hauschild"]
    url: Url
    purposes: tuple[Literal["mix", "grind"], ...] = ("mix", "grind")
    max_rpm: Positive
    identity: str = ""
    """What it must answer when asked who it is, such as its serial number; a
    different answer is refused. Empty: whoever answers first is kept to."""


class FurnaceSpec(Frozen):
    """A furnace or drying oven: limits, gas, cooling and slots."""

    driver: Literal["eurotherm-2400"]
    url: Url
    unit: Annotated[int, Field(ge=1, le=247)] = 1
    """Modbus address."""
    purpose: Literal["fire", "dry"] = "fire"
    slots: Annotated[int, Field(ge=1)]
    max_celsius: Positive
    max_ramp_celsius_per_minute: Positive
    atmospheres: dict[str, Annotated[int, Field(ge=0, le=255)]]
    """Gas name to the program's logic outputs that open its valve."""
    cooling: tuple[tuple[Positive, Positive], ...]
    """(above this temperature in degrees Celsius, fastest cooling in degrees Celsius
    per minute), hottest first: no program can cool faster than this."""
    open_below_celsius: Positive = 80.0
    crucibles: tuple[str, ...] = ("Al2O3",)
    """Crucible materials that may stand in it."""
    power_kilowatts: Positive = 3.0
    """Electrical power at the highest temperature."""
    volume_litres: Positive = 10.0
    """Volume of the chamber."""
    gas_litres_per_minute: Annotated[float, Field(ge=0)] = 1.0
    """Furnace gas, or air drawn through, at 25 °C and 1 bar."""
    vent_litres_per_minute: Positive = 10.0
    """Most gas that the vent passes without a rise in pressure, at 25 °C and 1 bar."""
    extract: bool = False
    """Whether the vent ends in a fume extract that runs during every firing."""
    closed: bool = False
    """Whether it is gas-tight, with a trap at its outlet for toxic vapour."""
    on_lost_contact: Literal["finish", "hold", "reset"] = "finish"
    """What a furnace supervisor should do when contact is lost. There is none yet:
    whatever stands here, the controller finishes its stored program."""
    cutout: str
    """The independent over-temperature protection, in words."""
    has_loopback: bool = True
    """Whether the controller answers Modbus function 08 (Eurotherm 2000 series do)."""
    identity: str = ""
    """What it must answer when asked who it is, such as its serial number; a
    different answer is refused. Empty: whoever answers first is kept to."""


class DiffractometerSpec(Frozen):
    """An X-ray diffractometer with a sample belt."""

    driver: Literal["aeris"]
    url: Url
    results: str
    """Where the instrument leaves its files: a folder, or a sim:// URL."""
    positions: Annotated[int, Field(ge=1)]
    programs: dict[str, Positive]
    """Measurement program name to its length in seconds."""
    default_program: str
    identity: str = ""
    """What it must answer when asked who it is, such as its serial number; a
    different answer is refused. Empty: whoever answers first is kept to."""


class ArmSpec(Frozen):
    """A robot arm that carries containers."""

    driver: Literal["ur-dashboard"]
    url: Url
    program: str = "{source}-to-{destination}.urp"
    """Name of the robot program for a move; `/` in slots becomes `_`."""
    seconds_per_move: Positive = 40.0
    identity: str = ""
    """What it must answer when asked who it is, such as its serial number; a
    different answer is refused. Empty: whoever answers first is kept to."""


class OperatorSpec(Frozen):
    """The people who do what no instrument here does."""

    driver: Literal["human"]
    url: Url
    seconds_per_task: Positive = 120.0


class RackSpec(Frozen):
    """A rack of labelled positions."""

    holds: Literal["vial", "crucible", "jar", "holder", "head", "archive"]
    slots: Annotated[int, Field(ge=1)]


class RoomSpec(Frozen):
    """The room in which the furnaces stand."""

    volume_cubic_metres: Positive = 50.0
    air_changes_per_hour: Annotated[float, Field(ge=0)] = 5.0
    """Fresh air per hour, in volumes of the room."""


class LabSpec(Frozen):
    """One lab, as its `lab.toml` describes it."""

    schema_version: Annotated[Literal[1], Field(alias="schema")] = 1
    name: Annotated[str, Field(min_length=1)]
    dosers: Annotated[dict[str, DoserSpec], Field(min_length=1)]
    balances: Annotated[dict[str, BalanceSpec], Field(min_length=1)]
    mixers: Annotated[dict[str, MixerSpec], Field(min_length=1)]
    furnaces: Annotated[dict[str, FurnaceSpec], Field(min_length=1)]
    diffractometers: Annotated[dict[str, DiffractometerSpec], Field(min_length=1)]
    arms: Annotated[dict[str, ArmSpec], Field(min_length=1)]
    operators: Annotated[dict[str, OperatorSpec], Field(min_length=1)]
    racks: Annotated[dict[str, RackSpec], Field(min_length=1)]
    room: RoomSpec = RoomSpec()

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        groups = (
            self.dosers, self.balances, self.mixers, self.furnaces,
            self.diffractometers, self.arms, self.operators, self.racks,
        )  # fmt: skip
        names = [name for group in groups for name in group]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"names used twice: {', '.join(twice)}")
        return self

    def places(self) -> dict[str, int]:
        """Return every place where a container can stand, with its number of slots.

        A doser has its sampler under its own name and its mounted dosing head at
        `NAME.head/1`; a balance and a mixer hold one container; a furnace its
        crucibles; a diffractometer its sample belt; a rack what it is named for.
        """
        return {
            **{name: doser.positions for name, doser in self.dosers.items()},
            **{f"{name}.head": 1 for name in self.dosers},
            **dict.fromkeys(self.balances, 1),
            **dict.fromkeys(self.mixers, 1),
            **{name: furnace.slots for name, furnace in self.furnaces.items()},
            **{name: xrd.positions for name, xrd in self.diffractometers.items()},
            **{name: rack.slots for name, rack in self.racks.items()},
        }
