"""TLS for the streams of MicroPython, whose asyncio would wait for one client's handshake at a time."""

import asyncio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# With the members that streams have on MicroPython.
_Stream: "Any" = asyncio.StreamReader


class SecureStream(_Stream):
    """A stream that speaks TLS over the connection of another one.

    The handshake takes place while the first bytes are awaited, with their deadline: a client that
    stops in the middle of it holds up nobody.

    :param stream: the stream as accepted; it is not to be used any more.
    :param context: an ``ssl.SSLContext`` or ``tls.SSLContext``.
    :raises OSError: TLS cannot begin.
    """

    def __init__(self, stream: "Any", context: "Any") -> None:
        self._socket = stream.s
        super().__init__(
            context.wrap_socket(self._socket, server_side=True, do_handshake_on_connect=False),
            {"peername": stream.get_extra_info("peername")},
        )

    async def wait_closed(self) -> None:
        """Close the connection."""
        await super().wait_closed()
        # After a failed handshake closing TLS leaves the socket open. Once: its number is soon another's.
        socket, self._socket = self._socket, None
        if socket is not None:
            socket.close()


async def secure(server: "Any", stream: "Any", context: "Any") -> "Any":
    """Return a ``SecureStream``; None when there cannot be one, and the connection is closed.

    :param server: the server; without room the client is not told, for that takes a handshake.
    :param stream: the stream as accepted.
    :param context: an ``ssl.SSLContext`` or ``tls.SSLContext``.
    """
    if server.make_room():
        try:
            return SecureStream(stream, context)
        except OSError:
            pass
    stream.close()
    await stream.wait_closed()
    return None
