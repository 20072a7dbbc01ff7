"""A thousand connections; what one of them does is no matter for the others."""

import asyncio
import contextlib
import os
import pathlib
import resource

from harness import cpython, get
from ws_client import frame, handshake

APP = pathlib.Path(__file__).with_name("app.py")
CROWD = 1000


async def opened(port, path):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(handshake(path))
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    return reader, writer


async def echo(connection, text):
    reader, writer = connection
    writer.write(frame(1, text))
    assert await reader.readexactly(2 + len(text)) == b"\x81" + bytes([len(text)]) + text


async def crowd(port):
    members = []
    for _ in range(0, CROWD, 50):
        members += await asyncio.gather(*[opened(port, "/echo") for _ in range(50)])
    garbage = await opened(port, "/echo")
    deaf = await opened(port, "/flood")
    loud = await opened(port, "/echo")

    async def shout():
        # Echoes that nobody reads.
        data = frame(2, b"x" * 60_000)
        with contextlib.suppress(OSError):
            while True:
                loud[1].write(data)
                await loud[1].drain()

    task = asyncio.ensure_future(shout())
    for turn in range(3):
        garbage[1].write(os.urandom(5000))
        await asyncio.wait_for(
            asyncio.gather(*[echo(member, b"hello %d" % turn) for member in members]), 30
        )
    assert (await garbage[0].read(2))[:1] == b"\x88"
    task.cancel()
    for _, writer in [*members, garbage, deaf, loud]:
        # close() would wait for what nobody reads.
        writer.transport.abort()
    await asyncio.sleep(0.1)


def test_a_thousand_sockets_stay_served_beside_garbage_and_a_deaf_client():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    try:
        server = cpython(app=APP)
        try:
            asyncio.run(crowd(server.port))
            assert server.ask(get("/")).body == b"alive"
        finally:
            output = server.stop()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert "Traceback" not in output, output
