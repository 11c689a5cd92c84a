"""Faulty wires under the protocols without checksums, judged by the peers' own truth.

Gates: no wrong value is accepted, no action happens twice, every call ends.
"""

import asyncio
from dataclasses import replace

import pytest

from instruments.errors import InstrumentError
from instruments.faulty import Faults, FaultyPort
from instruments.hauschild import HauschildMixer
from instruments.mtsics import SicsBalance
from instruments.quantities import Slot
from instruments.quantos import QuantosDoser
from instruments.transport import Transport
from instruments.ur import UrArm
from simulators.clock import run
from tests.instruments import test_hauschild, test_mtsics, test_quantos, test_ur
from tests.instruments.peers import PeerPort

FAULTS = {
    "drop": Faults(drop=0.005),
    "flip": Faults(flip=0.005),
    "insert": Faults(insert=0.005),
    "duplicate": Faults(duplicate=0.005),
    "cut": Faults(cut=0.05),
    "late": Faults(late=0.10, late_seconds=4.0),
    "mixed": Faults(0.002, 0.002, 0.002, 0.002, 0.02, 0.05, late_seconds=4.0),
}
MILD = {
    name: replace(
        faults, drop=faults.drop / 5, flip=faults.flip / 5, insert=faults.insert / 5,
        duplicate=faults.duplicate / 5, cut=faults.cut / 5, late=faults.late / 5,
    )
    for name, faults in FAULTS.items()
}  # fmt: skip
"""For conversations of hundreds of lines, of which some must come to a good end."""
matrix = pytest.mark.parametrize("fault", FAULTS)
seeds = pytest.mark.parametrize(
    "seed", [7, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (8, 9))]
)


def faulty(port, faults, seed):
    """Return a transport to a peer over a bad cable."""

    async def connect():
        return FaultyPort(port, replace(faults, seed=seed), name="x")

    return Transport(connect, name="x")


def deaf_to_noise(answer, ending, complaint):
    """Return a peer's ear that collects whole commands and survives damaged ones."""
    heard = bytearray()

    def hear(data):
        heard.extend(data)
        while ending in heard:
            end = heard.index(ending) + len(ending)
            command = bytes(heard[:end])
            del heard[:end]
            try:
                reply = answer(command)
            except (AssertionError, LookupError, ValueError):
                reply = complaint
            if reply:
                port.send(reply)

    port = PeerPort(hear)
    return port


@matrix
@seeds
def test_no_wrong_mass_is_believed(fault, seed):
    truth = [0.0]
    replies = {
        b"I4\r\n": lambda: 'I4 A "X1"',
        b"S\r\n": lambda: f"S S {truth[0]:11.4f} g",
    }
    port = deaf_to_noise(
        lambda command: (replies[command]() + "\r\n").encode(), b"\r\n", b"ES\r\n"
    )

    async def go():
        transport = faulty(port, FAULTS[fault], seed)
        spec = test_mtsics.BalanceSpec.model_validate(test_mtsics.SPEC)
        balance = SicsBalance(transport, spec)
        good = 0
        for n in range(60):
            truth[0] = 10.0 + 1.2345 * n
            try:
                mass = await balance.weigh()
            except InstrumentError:
                continue
            assert mass.grams == pytest.approx(truth[0], abs=2.1e-4)
            good += 1
        await transport.close()
        return good

    assert run(go()) >= 40


@matrix
@seeds
def test_no_wrong_dose_is_believed_and_none_given_twice(fault, seed):
    async def go():
        peer = test_quantos.QuantosPeer()
        given = []
        begin = peer.start

        def start():
            before = peer.doses
            begin()
            if peer.doses > before:
                given.append(peer.settings["8"])

        peer.start = start
        peer.port = deaf_to_noise(peer.answer, b"\r\n", b"ES\r\n")
        transport = faulty(peer.port, MILD[fault], seed)
        doser = QuantosDoser(transport, test_quantos.SPEC)
        asked, good = [], 0
        for n in range(12):
            grams = 0.5 + 0.1 * n
            asked.append(f"label-{n}")
            try:
                dose = await doser.dose("BaCO3", grams, position=3, label=asked[-1])
            except InstrumentError:
                # Long enough for a dose that began unheard to end.
                await asyncio.sleep(200.0)
                continue
            good += 1
            told = float(peer.result['Content Unit="mg"'].strip()) / 1000.0
            assert dose.measured_grams == told
            assert dose.measured_grams == pytest.approx(grams, rel=0.01)
            assert given[-1] == dose.label == asked[-1]
        await transport.close()
        return good, asked, given

    good, asked, given = run(go())
    assert len(given) <= len(asked)
    known = [label for label in given if label in asked]
    assert len(known) == len(set(known))
    assert good >= 2


@matrix
@seeds
def test_a_mixer_is_started_once_per_call_and_never_left_turning(fault, seed):
    async def go():
        peer = test_hauschild.MixerPeer()
        port = deaf_to_noise(peer.answer, b"\x03\x05", None)
        transport = faulty(port, FAULTS[fault], seed)
        mixer = HauschildMixer(transport, test_hauschild.SPEC)
        good = 0
        for n in range(10):
            rpm, starts = 1000 + 50 * n, peer.actions.count(11)
            try:
                await mixer.mix(rpm=rpm, seconds=30)
            except InstrumentError:
                pass
            else:
                good += 1
                assert peer.values[16] == rpm
                assert peer.actions.count(11) == starts + 1
            assert peer.actions.count(11) <= starts + 1
            await asyncio.sleep(10.0)
            assert peer.values[19] == 0
        await transport.close()
        return good

    assert run(go()) >= 1


@matrix
@seeds
def test_an_arm_plays_once_per_call_and_the_program_asked_for(fault, seed):
    async def go():
        peer = test_ur.ArmPeer()
        port = deaf_to_noise(peer.answer, b"\n", b"could not understand\n")
        transport = faulty(port, MILD[fault], seed)
        arm = UrArm(transport, test_ur.SPEC, test_ur.LAB)
        good = 0
        for n in range(1, 9):
            source, destination, plays = Slot("vials", n), Slot("xpr-1", 1), peer.plays
            try:
                await arm.move(source, destination)
            except InstrumentError:
                await asyncio.sleep(60.0)
            else:
                good += 1
                assert peer.program == arm.program_for(source, destination)
                assert peer.plays == plays + 1
            assert peer.plays <= plays + 1
        await transport.close()
        return good

    assert run(go()) >= 1
