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
    """Read what the peer still sends, for a while, before a stream connection is closed.

    Closing with unread input makes the peer lose the response (RFC 9112 9.6).
    """
    left = 65536
    while left > 0:
        connection.parser.buffer = b""
        await connection.fill(2)
        left -= len(connection.parser.buffer)


async def turn_away(writer: "Any") -> None:
    """Answer a connection that there is no room for."""
    from .fields import encode_head

    writer.write(encode_head(503, None, [("Connection", "close"), ("Content-Length", "0")]))
    await writer.drain()
    writer.close()
    await writer.wait_closed()
