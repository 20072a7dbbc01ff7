"""``RawStream``: a connection in the hands of a handler, after an upgrade for example.

It is the handler's with the first byte it reads or writes; before that, a response can still be sent.
"""

from .errors import ProtocolError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class RawStream:
    """Reads and writes the bytes of a connection; the reader and the writer of ``request.sock``.

    :param connection: the connection.
    """

    #: Seconds that a read may wait for the peer, None for ever.
    timeout: "float | None" = None
    #: What speaks a protocol over this stream, with ``arrived()``, ``tick(now)`` and
    #: ``finish()``; it hears of bytes that come while nobody reads.
    watcher: "Any" = None
    #: The peer may still send what nobody reads: it is to get the last bytes all the same.
    unread = False
    #: Somebody waits for bytes.
    reading = False

    def __init__(self, connection: "Any") -> None:
        self._connection = connection

    def _claim(self) -> None:
        # From the first use on, the connection is the handler's.
        connection = self._connection
        connection.taken = self
        if not hasattr(connection, "post"):  # one over streams
            from .outbox import Outbox

            outbox = Outbox(connection, connection._reader, connection._writer)
            connection._writer = outbox
            connection.post = outbox.post
            connection.look = outbox.look

    def take(self, n: "int | None" = None) -> bytes:
        """Return up to ``n`` bytes that have arrived, all of them for None, without waiting."""
        if not self._connection.taken:
            self._claim()
        parser = self._connection.parser
        data: bytes = parser.buffer
        if n is None or n >= len(data):
            parser.buffer = b""
            return data
        parser.buffer = data[n:]
        return data[:n]

    async def fill(self) -> bool:
        """Wait until bytes have arrived for ``take``; False at the end of the stream."""
        connection = self._connection
        if not connection.taken:
            self._claim()
        if connection.lost:
            return False
        self.reading = True
        try:
            await connection.fill(self.timeout)
        except (OSError, ProtocolError):
            return False
        finally:
            self.reading = False
        return True

    async def read(self, n: int = -1) -> bytes:
        """Return up to ``n`` bytes as soon as some are there, ``b""`` at the end; all for -1."""
        parser = self._connection.parser
        if n < 0:
            while await self.fill():
                pass
            return self.take()
        if n and not parser.buffer:
            await self.fill()
        return self.take(n)

    async def readexactly(self, n: int) -> bytes:
        """Return ``n`` bytes.

        :raises EOFError: the stream ends before.
        """
        parser = self._connection.parser
        while len(parser.buffer) < n:
            if not await self.fill():
                raise EOFError("connection closed by the peer")
        return self.take(n)

    async def readline(self) -> bytes:
        """Return the bytes up to and including the next line feed, or all before the end."""
        parser = self._connection.parser
        while True:
            end = parser.buffer.find(b"\n")
            if end >= 0:
                return self.take(end + 1)
            if len(parser.buffer) > 65536:
                raise ValueError("no line feed within 64 KiB")
            if not await self.fill():
                return self.take()

    def write(self, data: bytes) -> None:
        """Queue bytes for the peer.

        :raises OSError: the peer has gone.
        """
        connection = self._connection
        if not connection.taken:
            self._claim()
        if connection.lost:
            raise OSError(32, "Broken pipe")
        connection.write(data)

    def post(self, data: bytes, limit: int) -> bool:
        """Queue bytes for the peer, unless it is gone or more than ``limit`` bytes wait for it.

        :returns: whether they were queued.
        """
        if not self._connection.taken:
            self._claim()
        return bool(self._connection.post(data, limit))

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

    @property
    def now(self) -> float:
        """The server's clock, in seconds."""
        return self._connection.server.now  # type: ignore[no-any-return]

    def arrived(self) -> None:
        """Tell the watcher that bytes have arrived, or that the peer is gone."""
        if self.watcher is not None:
            self.watcher.arrived()

    def tick(self, now: float) -> None:
        """Look for bytes that nobody waits for, and tell the watcher the time, in seconds."""
        if self.watcher is None:
            return
        if not self.reading and self._connection.look():
            self.watcher.arrived()
        self.watcher.tick(now)

    async def finish(self) -> None:
        """Let the watcher say goodbye, when the handler has returned."""
        if self.watcher is not None:
            await self.watcher.finish()

    def abort(self) -> None:
        """Cut the connection."""
        self._connection.abort()

    def close(self) -> None:
        """Close the connection when the handler returns."""

    async def wait_closed(self) -> None:
        """Return at once; the server closes."""

    async def aclose(self) -> None:
        """Close the connection when the handler returns."""
