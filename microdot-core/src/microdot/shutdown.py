"""Ending connections: one that makes room for another, and all of them at shutdown."""

import asyncio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def evict(server: "Any") -> bool:
    """Close the connection that waits longest for a request.

    :returns: whether there was one.
    """
    idle = [connection for connection in server.connections if connection.idle is not None]
    if not idle:
        return False
    oldest = idle[0]
    for connection in idle:
        if connection.idle < oldest.idle:
            oldest = connection
    server.forget(oldest)
    oldest.close()
    return True


async def finish(server: "Any") -> None:
    """Let the requests under way finish within the grace period, then close everything."""
    await server.hooks("microdot_drain")
    left = server.app.grace_period
    for connection in list(server.connections):
        connection.retire()
    while server.connections and left > 0:
        await asyncio.sleep(0.05)
        left -= 0.05
    for connection in list(server.connections):
        connection.abort()
    await asyncio.sleep(0)
    await server.hooks("microdot_shutdown")


async def linger(connection: "Any") -> None:
    """Read what the peer still sends, for a moment, before a stream connection is closed.

    Closing with unread input makes the peer lose the response (RFC 9112 9.6). A peer that
    sends nothing for 0.1 s has most likely read it; after 2 s nobody waits any longer.
    """
    from .outbox import read_now

    quiet = 0
    for _ in range(40):
        await asyncio.sleep(0.05)
        data = read_now(connection._reader)
        if data == b"":
            return
        quiet = 0 if data else quiet + 1
        if quiet > 1:
            return


async def turn_away(writer: "Any") -> None:
    """Answer a connection that there is no room for."""
    from .fields import encode_head

    writer.write(encode_head(503, None, [("Connection", "close"), ("Content-Length", "0")]))
    await writer.drain()
    writer.close()
    await writer.wait_closed()
