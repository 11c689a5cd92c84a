"""The transport: framing, timeouts, queue, stops, loss and reconnection."""

import asyncio

import pytest

from instruments.errors import NoAnswerError
from instruments.ports import serial_settings
from instruments.transport import Transport, line, open_transport
from tests.instruments.peers import PeerPort, opener_of


def transport_to(port, **options):
    return open_transport("peer://x", opener_of(lambda: port), name="x", **options)


def test_frames_are_cut_by_line():
    assert line()(b"S S") is None
    assert line()(b"S S\r\nrest") == 5


def test_exchange_returns_the_first_frame_and_discards_what_came_before():
    async def talk():
        port = PeerPort(lambda data: b"answer\r\nmore\r\n")
        transport = transport_to(port)
        async with transport.turn():
            port.send(b"stale\r\n")
        return await transport.exchange(b"?\r\n", line(), 1.0)

    assert asyncio.run(talk()) == b"answer\r\n"


def test_a_silent_device_is_no_answer():
    async def talk():
        await transport_to(PeerPort(lambda data: b"half")).exchange(b"?", line(), 0.01)

    with pytest.raises(NoAnswerError, match=r"x: no whole answer within 0.01 s.*half"):
        asyncio.run(talk())


def test_a_reply_split_byte_by_byte_is_one_frame():
    async def talk():
        port = PeerPort(lambda data: None)
        transport = transport_to(port)
        reading = asyncio.create_task(transport.exchange(b"?", line(), 1.0))
        for byte in b"S S  1.0 g\r\n":
            await asyncio.sleep(0)
            port.send(bytes([byte]))
        return await reading

    assert asyncio.run(talk()) == b"S S  1.0 g\r\n"


def test_loss_is_no_answer_and_the_next_exchange_reconnects():
    async def talk():
        ports = []

        def make():
            ports.append(PeerPort(lambda data: b"ok\r\n"))
            return ports[-1]

        transport = open_transport("peer://x", opener_of(make), name="x")
        await transport.exchange(b"?", line(), 1.0)
        ports[0].lose()
        with pytest.raises(NoAnswerError, match="connection lost: unplugged"):
            await transport.exchange(b"?", line(), 1.0)
        await transport.exchange(b"?", line(), 1.0)
        return transport.connection, ports[0].is_closed

    assert asyncio.run(talk()) == (2, True)


def test_an_unknown_scheme_names_the_known_ones():
    async def talk():
        await open_transport("bus://x", {"sim": PeerPort}).exchange(b"?", line(), 1.0)

    with pytest.raises(ValueError, match="known here: serial, sim, tcp"):
        asyncio.run(talk())


def test_an_urgent_request_jumps_the_queue():
    async def talk():
        order = []

        def answer(data):
            order.append(data)
            return b"\r\n"

        transport = transport_to(PeerPort(answer))
        async with transport.turn():
            waiting = [
                asyncio.create_task(transport.exchange(b"first", line(), 1.0)),
                asyncio.create_task(transport.exchange(b"second", line(), 1.0)),
            ]
            await asyncio.sleep(0)
            stop = transport.exchange(b"stop", line(), 1.0, urgent=True)
            waiting.append(asyncio.create_task(stop))
            await asyncio.sleep(0)
        await asyncio.gather(*waiting)
        return order

    assert asyncio.run(talk()) == [b"stop", b"first", b"second"]


def test_a_cancelled_waiter_does_not_keep_the_turn():
    async def talk():
        transport = transport_to(PeerPort(lambda data: b"\r\n"))
        async with transport.turn():
            waiting = asyncio.create_task(transport.exchange(b"a", line(), 1.0))
            await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return await transport.exchange(b"b", line(), 1.0)

    assert asyncio.run(talk()) == b"\r\n"


def test_notify_writes_past_a_conversation_and_only_then():
    async def talk():
        port = PeerPort(lambda data: None)
        transport = transport_to(port)
        assert not await transport.notify(b"stop")
        async with transport.turn():
            assert await transport.notify(b"stop")
        return bytes(port.written)

    assert asyncio.run(talk()) == b"stop"


def test_one_connection_per_message():
    async def talk():
        ports = []

        def make():
            ports.append(PeerPort(lambda data: b"ok\r\n"))
            return ports[-1]

        transport = open_transport("peer://x", opener_of(make), per_message=True)
        await transport.exchange(b"?", line(), 1.0)
        await transport.exchange(b"?", line(), 1.0)
        return [port.is_closed for port in ports]

    assert asyncio.run(talk()) == [True, True]


def test_tcp_exchanges_and_end_of_stream():
    async def talk():
        async def serve(reader, writer):
            await reader.readline()
            writer.write(b"pong\r\n")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        transport = open_transport(f"tcp://127.0.0.1:{port}", {})
        first = await transport.exchange(b"ping\r\n", line(), 5.0)
        with pytest.raises(NoAnswerError, match="connection lost"):
            await transport.exchange(b"ping\r\n", line(), 5.0)
        await transport.close()
        server.close()
        await server.wait_closed()
        return first

    assert asyncio.run(talk()) == b"pong\r\n"


def test_nobody_listening_is_no_answer_and_waits_longer_each_time():
    async def talk():
        tries = []

        async def connect():
            tries.append(asyncio.get_running_loop().time())
            raise ConnectionRefusedError("refused")

        transport = Transport(connect, name="x")
        for _ in range(2):
            with pytest.raises(NoAnswerError, match="refused"):
                await transport.exchange(b"?", line(), 1.0)
        return tries[1] - tries[0]

    assert asyncio.run(talk()) >= 0.24


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("serial:///dev/null?speed=9600", "unknown serial setting speed"),
        ("serial:///dev/null?parity=X", "parity=X; allowed: N, E, O"),
        ("serial:///dev/null?baudrate=fast", "baudrate=fast"),
        ("serial://", "no device path"),
    ],
)
def test_bad_serial_urls_are_refused(url, message):
    from urllib.parse import urlsplit

    with pytest.raises(ValueError, match=message):
        serial_settings(urlsplit(url))


def test_a_serial_line_over_a_pty():
    import os

    async def talk():
        master, slave = os.openpty()
        transport = open_transport(f"serial://{os.ttyname(slave)}", {}, name="line")
        asking = asyncio.create_task(transport.exchange(b"?\r\n", line(), 5.0))
        asked = await asyncio.to_thread(os.read, master, 16)
        os.write(master, b"S S 1 g\r\n")
        answer = await asking
        await transport.close()
        os.close(master)
        os.close(slave)
        return asked, answer

    assert asyncio.run(talk()) == (b"?\r\n", b"S S 1 g\r\n")
