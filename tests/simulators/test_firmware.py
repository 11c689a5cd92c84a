"""Golden byte vectors: what each instrument's manual says goes over the wire."""

import asyncio
import json
import struct

import pytest

from simulators.firmware.eurotherm import crc16
from simulators.lab import SimulatedLab
from tests.simulators.stand_in import Terminal, in_lab


def test_modbus_crc_of_the_specification():
    # Modbus over Serial Line V1.02, appendix B: 02 07 has CRC 41 12.
    assert crc16(bytes([2, 7])) == bytes([0x41, 0x12])
    assert crc16(bytes.fromhex("010300010001")) == bytes.fromhex("d5ca")


def frame(text: str) -> bytes:
    data = bytes.fromhex(text)
    return data + crc16(data)


def test_eurotherm_reads_writes_loopback_and_exceptions():
    async def story(lab: SimulatedLab) -> None:
        wire = Terminal(lab, "box-a")
        # PV 25.0 degrees with one decimal.
        assert await wire.exchange(frame("01 03 0001 0001"), 7) == frame(
            "01 03 02 00fa"
        )
        assert await wire.exchange(frame("01 08 0000 abcd"), 8) == frame(
            "01 08 0000 abcd"
        )
        # Setpoint by FC06, read back; above the limit it is refused.
        assert await wire.exchange(frame("01 06 0002 03e8"), 8) == frame(
            "01 06 0002 03e8"
        )
        assert await wire.exchange(frame("01 03 0002 0001"), 7) == frame(
            "01 03 02 03e8"
        )
        assert await wire.exchange(frame("01 06 0002 7000"), 5) == frame("01 86 03")
        # An address without a parameter: FC06 refused, FC16 seems to succeed.
        assert await wire.exchange(frame("01 06 0fa0 0001"), 5) == frame("01 86 02")
        assert await wire.exchange(frame("01 10 0fa0 0001 02 0001"), 8) == frame(
            "01 10 0fa0 0001"
        )
        # IEEE region: PV at 2 * 1 + 0x8000.
        answer = await wire.exchange(frame("01 03 8002 0002"), 9)
        assert struct.unpack(">f", answer[3:7])[0] == pytest.approx(25.0)

    in_lab(story)


def test_eurotherm_is_silent_to_bad_frames_other_units_and_unknown_functions():
    async def story(lab: SimulatedLab) -> None:
        wire = Terminal(lab, "box-a")
        bad_crc = frame("01 03 0001 0001")[:-1] + b"\x00"
        for data in (bad_crc, frame("02 03 0001 0001"), frame("01 11 0001 0001")):
            await wire.port.write(data)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1.0):
                    await wire.port.read()
        assert await wire.exchange(frame("01 03 0001 0001"), 7)

    in_lab(story)


def test_eurotherm_runs_a_stored_program():
    async def story(lab: SimulatedLab) -> tuple[list[int], float]:
        wire = Terminal(lab, "box-a")
        base = 8328
        words = {
            base + 2: 1, base + 3: 1,  # rates per minute, dwells in minutes
            base + 8: 1, base + 9: 3000, base + 10: 100, base + 12: 1,  # ramp, O2
            base + 16: 3, base + 18: 300, base + 20: 1,  # dwell 30 min
            base + 24: 0, base + 27: 1,  # end, reset
        }  # fmt: skip
        for address, value in words.items():
            data = struct.pack(">BBHH", 1, 6, address, value)
            data += crc16(data)
            assert await wire.exchange(data, 8) == data
        await wire.exchange(frame("01 06 0017 0002"), 8)
        seen = []
        for minutes in (10, 40, 60):
            await asyncio.sleep(minutes * 60 - asyncio.get_running_loop().time())
            answer = await wire.exchange(frame("01 03 0017 0001"), 7)
            seen.append(answer[4])
            if minutes == 40:
                pv = await wire.exchange(frame("01 03 0001 0001"), 7)
        return seen, struct.unpack(">h", pv[3:5])[0] / 10

    seen, celsius = in_lab(story)
    assert seen == [2, 2, 16]
    assert celsius == pytest.approx(300.0, abs=1.0)


def test_balance_settles_and_speaks_mt_sics():
    async def story(lab: SimulatedLab) -> None:
        scale = Terminal(lab, "scale-1")
        assert await scale.ask("I4") == 'I4 A "B900000001"'
        assert await scale.ask("Z") == "Z A"
        lab.world.do("moved", container="vial-01", destination="scale-1/1")
        dynamic = await scale.ask("SI")
        stable = await scale.ask("S")
        assert dynamic.startswith("S D ")
        assert dynamic.endswith(" g")
        assert stable.startswith("S S ")
        assert len(stable) == len("S S    52.1873 g")
        tare = lab.world.state.containers["vial-01"].tare_grams
        assert float(stable[4:14]) == pytest.approx(tare, abs=5e-4)
        assert await scale.ask("FOO") == "ES"

    in_lab(story)


async def mount_and_place(lab: SimulatedLab, head: str = "Y2O3") -> None:
    lab.world.do("moved", container=head, destination="doser-1.head/1")
    lab.world.do("moved", container="vial-01", destination="doser-1/3")


def test_quantos_doses_and_reports():
    async def story(lab: SimulatedLab) -> None:
        doser = Terminal(lab, "doser-1")
        assert await doser.ask("QRD 2 4 12") == "QRD 2 4 12 I 4"
        assert await doser.ask("QRA 61 1") == "QRA 61 1 I 5"
        await mount_and_place(lab)
        assert await doser.ask("QRA 60 2 4") == "QRA 60 2 B"
        assert await doser.line() == "QRA 60 2 A"
        assert await doser.ask("QRA 60 8 3") == "QRA 60 8 B"
        assert await doser.ask("QRA 61 1") == "QRA 61 1 I 2"
        assert await doser.line() == "QRA 60 8 A"
        assert await doser.ask("QRD 1 1 5 500.00") == "QRD 1 1 5 A"
        assert await doser.ask("QRD 1 1 5 0.01") == "QRD 1 1 5 L"
        assert await doser.ask("QRD 1 1 6 1.0") == "QRD 1 1 6 A"
        assert await doser.ask("QRD 1 1 8 S0001-a1") == "QRD 1 1 8 A"
        assert await doser.ask("QRD 2 3 7") == "QRD 2 3 7 2 A"
        assert await doser.ask("QRA 61 1") == "QRA 61 1 B"
        assert await doser.ask("QRA 61 1") == "QRA 61 1 I 2"
        assert await doser.line() == "QRA 61 1 A"
        xml = [await doser.ask("QRD 2 4 12")]
        while xml[-1] != "QRD 2 4 12 A":
            xml.append(await doser.line())
        text = "\n".join(xml)
        assert "<Sample_ID>S0001-a1</Sample_ID>" in text
        shown = float(text.split('<Content Unit="mg">')[1].split("<")[0])
        vial = lab.world.state.containers["vial-01"]
        assert vial.raw["Y2O3"] * 1000 == pytest.approx(shown, abs=0.2)
        assert shown == pytest.approx(500.0, rel=0.02)

    in_lab(story)


def test_quantos_stops_with_code_8_and_runs_dry_with_code_7():
    async def story(lab: SimulatedLab) -> None:
        doser = Terminal(lab, "doser-1")
        await mount_and_place(lab, "CuO")
        await doser.ask("QRA 60 8 3")
        await doser.line()
        await doser.ask("QRD 1 1 5 40.00")
        assert await doser.ask("QRA 61 1") == "QRA 61 1 B"
        await asyncio.sleep(10)
        assert await doser.ask("QRA 61 4") == "QRA 61 4 A"
        assert await doser.line() == "QRA 61 1 I 8"
        await doser.ask("QRD 1 1 5 100.00")
        assert await doser.ask("QRA 61 1") == "QRA 61 1 B"
        assert await doser.line() == "QRA 61 1 I 7"
        assert lab.world.state.containers["CuO"].raw["CuO"] == 0.0

    in_lab(story)


def test_hauschild_frames():
    async def story(lab: SimulatedLab) -> None:
        mixer = Terminal(lab, "dac-1")
        lab.world.do("moved", container="vial-01", destination="dac-1/1")
        speed = b"\x04\x21\x021601500\x03\x05"
        assert await mixer.exchange(speed, 9) == b"\x021601500\x03"
        assert await mixer.exchange(b"\x04\x21\x021100001\x03\x05", 9) == (
            b"\x021100001\x03"
        )
        assert await mixer.exchange(b"\x04\x20\x021900000\x03\x05", 9) == (
            b"\x021900001\x03"
        )
        assert await mixer.exchange(speed, 9) == b"\x020000003\x03"
        assert await mixer.exchange(b"\x04\x21\x021200001\x03\x05", 9) == (
            b"\x021200001\x03"
        )
        await asyncio.sleep(15)
        assert await mixer.exchange(b"\x04\x20\x021900000\x03\x05", 9) == (
            b"\x021900000\x03"
        )
        assert await mixer.exchange(b"\x04\x20\x027700000\x03\x05", 9) == (
            b"\x020000002\x03"
        )

    in_lab(story)


def test_ur_dashboard_moves_a_container_and_stops_at_an_obstacle():
    async def story(lab: SimulatedLab) -> None:
        arm = Terminal(lab, "ur-1")
        assert (await arm.line()).startswith("Connected: Universal Robots Dashboard")

        async def ask(text: str) -> str:
            return await arm.ask(text, "\n")

        assert await ask("robotmode") == "Robotmode: RUNNING"
        assert await ask("load nowhere.urp") == "File not found: nowhere.urp"
        program = "vials_1-to-doser-1_3.urp"
        assert (await ask(f"load {program}")).startswith("Loading program: ")
        assert (await ask("get loaded program")).endswith(program)
        assert await ask("play") == "Starting program"
        assert await ask("running") == "Program running: true"
        assert await ask("programState") == f"PLAYING {program}"
        await asyncio.sleep(60)
        assert await ask("running") == "Program running: false"
        assert lab.world.state.slots["doser-1/3"] == "vial-01"
        await ask("load vials_2-to-doser-1_3.urp")
        await ask("play")
        await asyncio.sleep(41)
        assert await ask("safetystatus") == "Safetystatus: PROTECTIVE_STOP"
        assert lab.world.memory("ur-1")["popup"] == "doser-1/3 is occupied"
        assert await ask("play") == "Failed to execute: play"
        await asyncio.sleep(6)
        await ask("unlock protective stop")
        assert await ask("safetystatus") == "Safetystatus: NORMAL"

    in_lab(story)


async def tell(lab: SimulatedLab, message: str) -> str:
    """Send one message to the diffractometer over a connection of its own."""
    wire = Terminal(lab, "aeris-1")
    await wire.port.write(message.encode())
    answer = b""
    while not answer.endswith(b"@END"):
        answer += await wire.port.read()
    await wire.port.close()
    return answer.decode()


def test_aeris_measures_and_writes_a_growing_file():
    async def story(lab: SimulatedLab) -> bytes:
        assert "@SYSTEM=remote@" in await tell(lab, "@STATUS_REQUEST@SYSTEM@END")
        location = "@STATUS_REQUEST@LOCATION=0,3@END"
        assert "@STATE=free@" in await tell(lab, location)
        lab.world.do("moved", container="holder-01", destination="aeris-1/2")
        assert "@STATE=occupied@" in await tell(lab, location)
        program = "APPLICATION=10-80_8min"
        add = f"@SAMPLE@ADD@{program}@SAMPLE_ID=s1@AT=0,3@END"
        assert "@STATUS=normal@" in await tell(lab, add)
        assert "@STATUS=fatal@" in await tell(lab, add)
        measure = asyncio.create_task(
            tell(lab, f"@SAMPLE@MEASURE@SAMPLE_ID=s1@{program}@END")
        )
        await asyncio.sleep(5)
        assert "@READY=no@" in await tell(lab, "@STATUS_REQUEST@UNIT=xrd@END")
        assert "@MEASURED@SAMPLE_ID=s1@STATUS=normal@" in await measure
        fetch = lab.fetchers["sim"]
        part = await fetch("sim://aeris-1", "s1.xrdml")
        await asyncio.sleep(5)
        whole = await fetch("sim://aeris-1", "s1.xrdml")
        assert part is not None
        assert whole is not None
        assert len(part) < len(whole)
        assert whole.startswith(part)
        assert await fetch("sim://aeris-1", "s2.xrdml") is None
        return whole

    text = in_lab(story).decode()
    assert "<startPosition>10.0" in text
    assert "<counts unit" in text


def test_a_person_transfers_once_however_often_asked():
    async def story(lab: SimulatedLab) -> None:
        lab.world.do(
            "dosed", device="doser-1", head="Y2O3", substance="Y2O3",
            container="vial-01", grams=1.0,
        )  # fmt: skip
        person = Terminal(lab, "bench-1")
        request = {"id": "t1", "kind": "transfer", "source": "vial-01",
                   "destination": "crucible-01", "text": "Pour",
                   "key": "k1"}  # fmt: skip
        first = json.loads(await person.ask(json.dumps(request), "\n"))
        again = json.loads(await person.ask(json.dumps(request), "\n"))
        assert first == again
        assert first["is_done"]
        assert first["id"] == "t1"
        assert first["mass_grams"] == pytest.approx(0.993, abs=0.02)
        assert sum(e["kind"] == "batch" for e in lab.world.effects) == 1
        check = {"id": "t2", "kind": "check", "source": "vial-01", "destination": "",
                 "text": "Where is it?"}  # fmt: skip
        assert json.loads(await person.ask(json.dumps(check), "\n"))["location"] == (
            "vials/1"
        )
        lost = check | {"id": "t3", "source": "vial-99"}
        answer = json.loads(await person.ask(json.dumps(lost), "\n"))
        assert not answer["is_done"]
        assert "vial-99" in answer["note"]

    in_lab(story)
