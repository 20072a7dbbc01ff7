"""The end of listening: what the system has accepted already is served before it stops."""

import asyncio
import contextlib
import os
import socket
import struct
import sys
from typing import Any, List

#: Seconds for handshakes of TCP that have begun, and for those of TLS.
TCP_HANDSHAKE = 0.05
TLS_HANDSHAKE = 2

#: A program for the packet filter of Linux: (code, jump if true, jump if false, operand).
NO_SYN = (
    (0x30, 0, 0, 13),  # load the flags of the TCP header
    (0x45, 0, 1, 0x02),  # SYN?
    (0x06, 0, 0, 0),  # drop
    (0x06, 0, 0, 0xFFFFFFFF),  # pass
)
SO_ATTACH_FILTER = 26


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
    for copy in copies:
        refuse_new(copy)
    if copies:
        await asyncio.sleep(TCP_HANDSHAKE)
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
        try:
            while True:
                waiting.append(copy.accept()[0])
        except OSError:
            copy.close()
    tasks = []
    for client in waiting:
        client.setblocking(False)
        opening = loop.connect_accepted_socket(
            lambda: HTTPProtocol(server), client, ssl=server._ssl
        )
        tasks.append(asyncio.ensure_future(opening))
    if tasks:
        done, late = await asyncio.wait(tasks, timeout=TLS_HANDSHAKE)
        for task in late:
            task.cancel()
        for task in done:
            # A peer that left, or spoke no TLS: nobody waits for an answer.
            task.exception()


def refuse_new(listening: socket.socket) -> None:
    """Have the system ignore new connections to a listening socket, and keep those in its queue.

    Without this, one that arrives between the last look into the queue and the closing is lost. A
    client that is ignored asks again after a second, and is refused then. Linux only; elsewhere,
    and where it is not allowed, nothing happens.
    """
    if not sys.platform.startswith("linux") or listening.family == socket.AF_UNIX:
        return
    try:
        import ctypes

        program = b"".join(struct.pack("=HBBI", *step) for step in NO_SYN)
        memory = ctypes.create_string_buffer(program, len(program))
        head = struct.pack("@HP", len(NO_SYN), ctypes.addressof(memory))
        listening.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, head)
    except (ImportError, OSError):
        pass
