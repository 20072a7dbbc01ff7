"""The end of listening: what the system has accepted already is served before it stops."""

import asyncio
import contextlib
import os
import socket
from typing import Any, List

#: Seconds that the handshakes of connections accepted last may take.
HANDSHAKE = 2


async def stop_accepting(server: Any, listener: Any) -> None:
    """Close the listening sockets; take over the connections that wait in them.

    To a client, a connection is accepted as soon as the system has put it into the queue of the
    listening socket. Closing that resets all that are in it.

    :param server: the ``ProtocolServer``.
    :param listener: the asyncio server.
    """
    from .protocol import HTTPProtocol

    if os.name != "posix":
        listener.close()
        return
    loop = server.loop
    # Copies, for closing the asyncio server must not reset what is still in the queue.
    copies = [socket.socket(fileno=os.dup(own.fileno())) for own in listener.sockets or ()]
    for own in listener.sockets or ():
        # asyncio drops those that it has accepted, but not made transports of, when it closes.
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.remove_reader(own.fileno())
    for _ in range(5):
        await asyncio.sleep(0)
    listener.close()
    await asyncio.sleep(0)
    waiting: "List[socket.socket]" = []
    for copy in copies:
        copy.setblocking(False)
        with contextlib.suppress(OSError):
            while True:
                waiting.append(copy.accept()[0])
        copy.close()
    tasks = []
    for client in waiting:
        client.setblocking(False)
        opening = loop.connect_accepted_socket(
            lambda: HTTPProtocol(server), client, ssl=server._ssl
        )
        tasks.append(asyncio.ensure_future(opening))
    if tasks:
        done, late = await asyncio.wait(tasks, timeout=HANDSHAKE)
        for task in late:
            task.cancel()
        for task in done:
            # A peer that left, or spoke no TLS: nobody waits for an answer.
            task.exception()
