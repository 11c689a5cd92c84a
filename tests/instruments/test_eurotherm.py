"""The furnace driver against registers of the Eurotherm 2000 handbook."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.errors import (
    FaultError,
    LimitExceededError,
    NoAnswerError,
    RefusedError,
)
from instruments.eurotherm import EurothermFurnace
from instruments.faulty import Faults, FaultyPort
from instruments.heating import profile_of, program_of, segment_address
from instruments.labspec import FurnaceSpec
from instruments.quantities import HeatingProfile, Segment
from instruments.transport import Transport
from simulators.clock import run
from tests.instruments.modbus_peer import Slave

SPEC = FurnaceSpec(
    driver="eurotherm-2400", url="peer://f", slots=8, max_celsius=1150.0,
    max_ramp_celsius_per_minute=10.0, atmospheres={"air": 0, "O2": 1, "CO2": 2},
    cooling=((400.0, 6.0), (40.0, 0.8)), cutout="2132 set to 1180 C",
)  # fmt: skip
PROFILE = HeatingProfile(
    (
        Segment("ramp", 900.0, celsius_per_minute=5.0),
        Segment("hold", 900.0, seconds=20 * 3600.0),
        Segment("ramp", 70.0, celsius_per_minute=2.5),
    ),
    "O2",
)


class ControllerPeer(Slave):
    """Status register and programs as the handbook has them; no physics."""

    def __init__(self, *, decimals=0, **options):
        registers = {
            1: 25, 2: 0, 3: 0, 4: 0, 5: 25, 22: 1, 23: 1, 56: 1, 58: 0, 75: 0,
            107: 0x0412, 111: 1200 * 10**decimals, 122: 0x2416, 273: 0, 525: decimals,
        }  # fmt: skip
        for program in range(20):
            for offset in range(136):
                registers[8328 + 136 * program + offset] = 0
        super().__init__(registers, **options)
        self.starts = 0
        self.on_write = self.obey

    def obey(self, address, value):
        if address == 23 and value == 2:
            self.starts += 1
            self.registers[4] = 40
        if address == 23 and value == 1:
            self.registers[4] = 0

    def driver(self, faults=None, **spec):
        async def connect():
            return FaultyPort(self.port, faults, name="f") if faults else self.port

        return EurothermFurnace(
            Transport(connect, name="box-a"), SPEC.model_copy(update=spec)
        )


def test_writes_the_program_the_handbook_describes_and_starts_it_once():
    async def go():
        peer = ControllerPeer()
        await peer.driver().start(PROFILE)
        return peer

    peer = run(go())
    base = 8328
    assert [peer.registers[base + i] for i in (0, 2, 3, 4)] == [0, 1, 1, 1]
    segments = [[peer.registers[base + 8 * k + i] for i in range(6)] for k in (1, 2, 3)]
    assert segments[0] == [1, 900, 50, 0, 1, 0]
    assert segments[1] == [3, 0, 9000, 0, 1, 0]
    assert segments[2] == [3, 0, 3000, 0, 1, 0]
    assert [peer.registers[base + 40 + i] for i in (0, 3, 4)] == [0, 1, 1]
    assert (peer.registers[23], peer.starts) == (2, 1)
    # The furnace's limit is in the controller before anything heats.
    assert peer.registers[111] == 1150


@pytest.mark.parametrize("decimals", [0, 1])
def test_a_running_program_is_adopted_by_reading_only(decimals):
    async def go():
        peer = ControllerPeer(decimals=decimals)
        await peer.driver().start(PROFILE)
        writes = len(peer.writes)
        peer.registers.update({1: 8505 // 10 ** (1 - decimals), 58: 1200})
        second = peer.driver()
        found = await second.program(), await second.state()
        return found, len(peer.writes) - writes

    (profile, state), writes = run(go())
    assert profile == PROFILE
    assert state.program == "running"
    assert state.measured_celsius == pytest.approx(850.5 if decimals else 850.0)
    assert state.seconds_left == 7200.0
    assert writes == 0


def test_a_second_start_writes_only_what_differs():
    async def go():
        peer = ControllerPeer()
        await peer.driver().start(PROFILE)
        peer.registers[23] = 16
        peer.writes.clear()
        hotter = Segment("ramp", 950.0, celsius_per_minute=5.0)
        segments = (hotter, replace(PROFILE.segments[1], target_celsius=950.0))
        await peer.driver().start(
            HeatingProfile((*segments, PROFILE.segments[2]), "O2")
        )
        return peer.writes

    assert run(go()) == [(23, 1), (segment_address(1, 1) + 1, 950), (23, 2)]


@pytest.mark.parametrize(
    ("registers", "error", "message"),
    [
        ({23: 2}, RefusedError, "a program is in running"),
        ({23: 8}, RefusedError, "a program is in holdback"),
        ({23: 3}, RefusedError, "unknown program status 3"),
        ({75: 1 << 5}, FaultError, "sensor break"),
        ({75: 1 << 6 | 1}, FaultError, "alarm 1, loop break"),
        ({75: 1 << 4}, RefusedError, "in manual"),
        ({111: 800}, RefusedError, "setpoint limit is 800 C, below the 900 C"),
        ({525: 3}, RefusedError, "3 decimals"),
    ],
)
def test_does_not_start_unless_idle_and_sound(registers, error, message):
    async def go():
        peer = ControllerPeer()
        peer.registers.update(registers)
        with pytest.raises(error, match=message):
            await peer.driver().start(PROFILE)
        return peer

    peer = run(go())
    assert peer.starts == 0
    assert not [write for write in peer.writes if write[0] >= 8000]


def ramp(celsius, rate=5.0):
    return Segment("ramp", celsius, celsius_per_minute=rate)


@pytest.mark.parametrize(
    ("segments", "gas", "message"),
    [
        ((ramp(1200.0),), "air", "target 1200 C is not within 0 to 1150"),
        ((ramp(900.0, 20.0),), "air", "ramp 20 C/min is not within 0.1 to 10"),
        ((ramp(900.0, 0.0),), "air", "ramp 0 C/min"),
        ((ramp(float("nan")),), "air", "target nan"),
        ((ramp(900.0),), "Ar", "no gas 'Ar'; it has air, O2, CO2"),
        ((), "air", "one segment or more"),
        ((Segment("hold", 900.0, seconds=60.0),), "air", "begin with a ramp"),
        ((ramp(900.0), Segment("hold", 800.0, seconds=60.0)), "air", "holds at 800 C"),
        ((ramp(900.0), Segment("hold", 900.0, seconds=0.0)), "air", "hold 0 s"),
        ((ramp(900.0),) * 16, "air", "17 segments with the end"),
    ],
)
def test_profiles_outside_the_limits_are_refused_before_any_byte(
    segments, gas, message
):
    async def go():
        peer = ControllerPeer()
        with pytest.raises(LimitExceededError, match=message):
            await peer.driver().start(HeatingProfile(segments, gas))
        return peer.port.written

    assert run(go()) == b""


def test_a_value_the_controller_discards_is_noticed_before_the_start():
    async def go():
        peer = ControllerPeer(read_only=[8328 + 8 + 1])
        with pytest.raises(RefusedError, match="register 8337 keeps 0, not 900"):
            await peer.driver().start(PROFILE)
        return peer.starts

    assert run(go()) == 0


def test_a_start_that_is_not_obeyed_is_refused():
    async def go():
        peer = ControllerPeer(read_only=[23])
        await peer.driver().start(PROFILE)

    with pytest.raises(RefusedError, match="was told to run but does not"):
        run(go())


def test_holdback_and_faults_are_states_not_errors():
    async def go():
        peer = ControllerPeer()
        peer.registers.update({23: 8, 75: 1 << 7})
        return await peer.driver().state()

    state = run(go())
    assert state.program == "holdback"
    assert state.faults == ("heater fail",)


def test_cool_down_keeps_the_gas_and_ramps_down():
    async def go():
        peer = ControllerPeer()
        driver = peer.driver()
        await driver.start(PROFILE)
        peer.registers[56] = 2
        await driver.cool_down()
        return peer, await driver.program(), await driver.state()

    peer, program, state = run(go())
    assert program == HeatingProfile((ramp(70.0),), "O2")
    assert state.program == "running"
    assert peer.registers[22] == 2
    assert peer.starts == 2


def test_cool_down_without_a_program_does_nothing():
    async def go():
        peer = ControllerPeer()
        await peer.driver().cool_down()
        return peer.writes

    assert run(go()) == []


def test_stop_resets_and_sees_the_heaters_off():
    async def go():
        peer = ControllerPeer()
        driver = peer.driver()
        await driver.start(PROFILE)
        await driver.stop()
        return peer.registers

    registers = run(go())
    assert (registers[23], registers[4], registers[273]) == (1, 0, 0)


def test_stop_takes_the_output_by_hand_if_the_setpoint_still_heats():
    async def go():
        peer = ControllerPeer()

        def obey(address, value):
            if address == 3 and peer.registers[273] == 1:
                peer.registers[4] = value

        peer.on_write = obey
        peer.registers[4] = 55
        await peer.driver().stop()
        return peer.registers

    registers = run(go())
    assert (registers[273], registers[4]) == (1, 0)


def test_a_furnace_that_heats_on_after_a_stop_is_a_fault():
    async def go():
        peer = ControllerPeer()
        peer.on_write = lambda address, value: None
        peer.registers[4] = 55
        await peer.driver().stop()

    with pytest.raises(FaultError, match="cut the power"):
        run(go())


def test_a_dead_furnace_is_no_answer_in_bounded_time():
    async def go():
        with pytest.raises(NoAnswerError):
            await ControllerPeer(unit=7).driver().state()
        return asyncio.get_running_loop().time()

    assert run(go()) < 60.0


@pytest.mark.parametrize("seed", range(3))
def test_a_program_survives_a_faulty_wire_whole(seed):
    faults = Faults(0.002, 0.002, 0.002, 0.002, 0.02, 0.05, late_seconds=1.2, seed=seed)

    async def go():
        peer = ControllerPeer()
        driver = peer.driver(faults)
        try:
            await driver.start(PROFILE)
        except NoAnswerError:
            # Allowed on such a wire; then nothing may run that is not as written.
            return peer, peer.registers[23] == 2
        finally:
            await driver.close()
        return peer, True

    peer, is_running = run(go())
    assert peer.starts == int(is_running)
    if is_running:
        general = [peer.registers[8328 + i] for i in range(5)]
        blocks = [
            [peer.registers[segment_address(1, k) + i] for i in range(6)]
            for k in range(1, 17)
        ]
        assert profile_of(general, blocks, SPEC.atmospheres, 0) == PROFILE


holds = st.integers(1, 15000).map(lambda tenths: 6.0 * tenths)
parts = st.tuples(st.integers(20, 1150), st.integers(1, 100), st.none() | holds)


@given(st.lists(parts, min_size=1, max_size=4), st.sampled_from(["air", "O2", "CO2"]))
def test_every_profile_comes_back_as_it_was_stored(steps, gas):
    segments = []
    for celsius, tenths, seconds in steps:
        segments.append(ramp(float(celsius), tenths / 10.0))
        if seconds is not None:
            segments.append(Segment("hold", float(celsius), seconds=seconds))
    profile = HeatingProfile(tuple(segments), gas)
    stored = program_of(profile, SPEC.atmospheres[gas])
    blocks = [
        [segment.registers(1).get(offset, 0) for offset in range(6)]
        for segment in stored
    ]
    assert profile_of([0, 0, 1, 1, 1], blocks, SPEC.atmospheres, 1) == profile


@pytest.mark.parametrize(
    ("general", "blocks", "message"),
    [
        ([0, 0, 2, 1, 1], [[1, 900, 50, 0, 1, 0]], "time unit is 2"),
        ([0, 0, 1, 1, 3], [[1, 900, 50, 0, 1, 0]], "3 cycles"),
        ([0, 0, 1, 1, 1], [[0, 0, 0, 1, 0, 0]], "empty"),
        ([0, 0, 1, 1, 1], [[4, 900, 0, 0, 1, 0]], "segment 1 has type 4"),
        ([0, 0, 1, 1, 1], [[1, 900, 50, 0, 9, 0]], r"outputs \[9\] are not one gas"),
        ([0, 0, 1, 1, 1], [[3, 0, 50, 0, 1, 0]], "segment 1 has type 3"),
    ],
)
def test_foreign_programs_are_not_adopted(general, blocks, message):
    with pytest.raises(ValueError, match=message):
        profile_of(general, blocks, SPEC.atmospheres, 0)
