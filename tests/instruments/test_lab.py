"""A whole lab of scripted peers: connected by reading only, checked, refused."""

import pytest

from instruments.clock import Clock
from instruments.errors import NoAnswerError, RefusedError
from instruments.lab import check, connect
from simulators.clock import run
from tests.instruments.peers import PeerPort
from tests.instruments.test_aeris import AerisPeer
from tests.instruments.test_eurotherm import ControllerPeer
from tests.instruments.test_hauschild import MixerPeer
from tests.instruments.test_labfile import EXAMPLE, load_lab_file
from tests.instruments.test_quantos import QuantosPeer
from tests.instruments.test_ur import ArmPeer

SPEC = load_lab_file(EXAMPLE)


class LabPeers:
    """One peer for each instrument of the example."""

    def __init__(self):
        self.aeris = AerisPeer()
        self.furnaces = {"box-a": ControllerPeer(), "oven-1": ControllerPeer()}
        self.ports = {
            "quantos-1": QuantosPeer().port,
            "xpr-1": PeerPort(lambda data: b'I4 A "X1"\r\n'),
            "dac-1": MixerPeer().port,
            "ur5e-1": ArmPeer().port,
            "bench-1": PeerPort(lambda data: None),
            **{name: peer.port for name, peer in self.furnaces.items()},
        }

    def open(self, url):
        name = url.removeprefix("sim://")
        return self.aeris.make() if name == "aeris-1" else self.ports[name]


def connected(peers, spec=SPEC, **options):
    return connect(
        spec, openers={"sim": peers.open}, clock=Clock.virtual(),
        fetchers={"sim": peers.aeris.fetch}, **options,
    )  # fmt: skip


def test_connecting_reads_only_and_closes_every_port():
    frames = []

    async def go():
        peers = LabPeers()
        async with connected(peers, record=frames.append) as lab:
            assert lab.spec is SPEC
            assert set(lab.furnaces) == {"box-a", "oven-1"}
            state = await lab.furnaces["box-a"].state()
        return peers, state

    peers, state = run(go())
    assert state.program == "reset"
    assert [peer.writes for peer in peers.furnaces.values()] == [[], []]
    opened = [port for name, port in peers.ports.items() if name != "bench-1"]
    assert all(port.is_closed for port in opened)
    assert {frame.port for frame in frames} == {*peers.ports, "aeris-1"} - {"bench-1"}
    assert min(frame.at for frame in frames) > 1.7e9


def test_an_instrument_that_does_not_answer_is_named():
    async def go():
        peers = LabPeers()
        peers.ports["xpr-1"] = PeerPort(lambda data: None)
        peers.ports["dac-1"] = PeerPort(lambda data: None)
        async with connected(peers):
            raise AssertionError("connected")

    with pytest.raises(NoAnswerError, match="xpr-1") as refused:
        run(go())
    assert "dac-1" in refused.value.__notes__[0]


def test_a_wrong_instrument_is_refused():
    wanted = SPEC.balances["xpr-1"].model_copy(update={"identity": "B9"})
    spec = SPEC.model_copy(update={"balances": {"xpr-1": wanted}})

    async def go():
        async with connected(LabPeers(), spec):
            raise AssertionError("connected")

    with pytest.raises(RefusedError, match="'X1' answers where 'B9' should"):
        run(go())


def test_results_that_nobody_can_fetch_are_refused():
    async def go():
        peers = LabPeers()
        async with connect(
            SPEC, openers={"sim": peers.open}, clock=Clock.virtual()
        ):  # fmt: skip
            raise AssertionError("connected")

    with pytest.raises(RefusedError, match="nothing here can read results"):
        run(go())


def test_the_report_has_a_row_for_each_instrument():
    async def go():
        peers = LabPeers()
        peers.ports["xpr-1"] = PeerPort(lambda data: None)
        return await check(
            SPEC, openers={"sim": peers.open}, clock=Clock.virtual(),
            fetchers={"sim": peers.aeris.fetch},
        )  # fmt: skip

    rows = {row.instrument: row for row in run(go())}
    assert len(rows) == 8
    assert [name for name, row in rows.items() if not row.is_ok] == ["xpr-1"]
    assert "no whole answer" in rows["xpr-1"].detail
    assert rows["box-a"].detail == (
        "Eurotherm type 2416 version 0412; 25 C, program reset"
    )
    assert rows["quantos-1"].detail == "Q1; head: BaCO3"
    assert rows["dac-1"].detail == "DAC400; at rest"
    assert rows["ur5e-1"].url == "sim://ur5e-1"
