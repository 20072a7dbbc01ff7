"""``RawStream``: a connection in the hands of a handler, after an upgrade for example."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class RawStream:
    """Reads and writes the bytes of a connection; the reader and the writer of ``request.sock``.

    :param connection: the connection.
    """

    #: Seconds that a read may wait for the peer, None for ever.
    timeout: "float | None" = None

    def __init__(self, connection: "Any") -> None:
        self._connection = connection

    def _take(self, n: int) -> bytes:
        parser = self._connection.parser
        data: bytes = parser.buffer[:n]
        parser.buffer = parser.buffer[n:]
        return data

    async def _fill(self) -> bool:
        # False at the end of the stream.
        if self._connection.lost:
            return False
        try:
            await self._connection.fill(self.timeout)
        except OSError:
            return False
        return True

    async def read(self, n: int = -1) -> bytes:
        """Return up to ``n`` bytes as soon as some are there, ``b""`` at the end; all for -1."""
        parser = self._connection.parser
        if n < 0:
            while await self._fill():
                pass
            return self._take(len(parser.buffer))
        if n and not parser.buffer:
            await self._fill()
        return self._take(n)

    async def readexactly(self, n: int) -> bytes:
        """Return ``n`` bytes.

        :raises EOFError: the stream ends before.
        """
        parser = self._connection.parser
        while len(parser.buffer) < n:
            if not await self._fill():
                raise EOFError("connection closed by the peer")
        return self._take(n)

    async def readline(self) -> bytes:
        """Return the bytes up to and including the next line feed, or all before the end."""
        parser = self._connection.parser
        while True:
            end = parser.buffer.find(b"\n")
            if end >= 0:
                return self._take(end + 1)
            if len(parser.buffer) > 65536:
                raise ValueError("no line feed within 64 KiB")
            if not await self._fill():
                return self._take(len(parser.buffer))

    def write(self, data: bytes) -> None:
        """Queue bytes for the peer.

        :raises OSError: the peer has gone.
        """
        if self._connection.lost:
            raise OSError(32, "Broken pipe")
        self._connection.write(data)

    async def drain(self) -> None:
        """Wait until the queue is short.

        :raises OSError: the peer has gone.
        """
        await self._connection.drain()

    async def awrite(self, data: bytes) -> None:
        """Write bytes and wait until they are on their way.

        :raises OSError: the peer has gone.
        """
        self.write(data)
        await self.drain()

    def get_extra_info(self, name: str, default: "Any" = None) -> "Any":
        """Return the peer's address for ``"peername"``, ``default`` for other names."""
        return self._connection.peer if name == "peername" else default

    def is_closing(self) -> bool:
        """Tell whether the connection is closed."""
        return bool(self._connection.lost)

    def close(self) -> None:
        """Close the connection when the handler returns."""

    async def wait_closed(self) -> None:
        """Return at once; the server closes."""

    async def aclose(self) -> None:
        """Close the connection when the handler returns."""
