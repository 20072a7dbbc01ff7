"""A thousand event streams; what one of them does is no matter for the others."""

import asyncio
import contextlib
import json
import os
import pathlib
import resource

from harness import cpython, get

APP = pathlib.Path(__file__).with_name("sse_app.py")
CROWD = 1000


async def opened(port, path):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(get(path))
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def hears(reader, text):
    await reader.readuntil(b"data: %s\n\n" % text)


async def say(port, text):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(get("/say/" + text, Connection="close"))
    data = await reader.read()
    writer.close()
    return json.loads(data.rpartition(b"\r\n")[2])["taken"]


async def crowd(port):
    members = []
    for _ in range(0, CROWD, 50):
        members += await asyncio.gather(*[opened(port, "/join") for _ in range(50)])
    await asyncio.gather(*[hears(reader, b"welcome") for reader, _ in members])
    deaf = await opened(port, "/flood")
    garbage = await opened(port, "/join")

    for turn in range(3):
        with contextlib.suppress(OSError):
            garbage[1].write(os.urandom(5000))
        taken = await say(port, "hello%d" % turn)
        assert taken >= CROWD, taken
        await asyncio.wait_for(
            asyncio.gather(*[hears(reader, b"hello%d" % turn) for reader, _ in members]), 30
        )
    for _, writer in [*members, deaf, garbage]:
        # close() would wait for what nobody reads.
        writer.transport.abort()
    await asyncio.sleep(0.1)


def test_a_thousand_streams_stay_served_beside_garbage_and_a_deaf_client():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    try:
        server = cpython(app=APP)
        try:
            asyncio.run(crowd(server.port))
            assert server.ask(get("/")).status == 200
        finally:
            output = server.stop()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert "Traceback" not in output, output
