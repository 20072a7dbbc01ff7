"""An HTTP connection over a pair of asyncio streams."""

import asyncio

from .connection import Connection
from .errors import ProtocolError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .server import Server


class StreamConnection(Connection):
    """A connection over a pair of asyncio streams.

    :param server: the server.
    :param reader: the stream to read from.
    :param writer: the stream to write to.
    """

    _expired = False
    #: When the wait for a request began; None while one is handled.
    idle: "Any" = None
    streaming = False

    def __init__(self, server: "Server", reader: "Any", writer: "Any") -> None:
        peer = writer.get_extra_info("peername")
        if isinstance(peer, (bytes, bytearray)):
            # The unix port gives the socket API's structure: family, port, address.
            peer = (
                ".".join([str(byte) for byte in peer[4:8]]),
                peer[2] * 256 + peer[3],
            )
        super().__init__(server, peer, bool(server.app.ssl))
        self._reader = reader
        self._writer = writer
        self._task: "Any" = asyncio.current_task()

    async def serve(self) -> None:
        """Answer requests until the connection ends."""
        parser = self.parser
        error: "Any" = None
        begun = False
        try:
            while not self.lost:
                head = None
                try:
                    head = parser.head()
                    if head is None:
                        app = self.app
                        self.idle = self.server.now
                        if parser.buffer and not begun:
                            # The time for a head counts from its first byte on.
                            begun = True
                            self.deadline = None
                        await self.fill(
                            app.header_timeout if begun or not self.keep else app.idle_timeout
                        )
                        continue
                except ProtocolError as refused:
                    if refused.status_code == 408 and not parser.buffer:
                        break
                    error = refused
                self.idle = self.deadline = None
                self.continued = begun = False
                await self.exchange(head, error)
                if not self.keep:
                    break
        except OSError:
            pass
        except asyncio.CancelledError:
            if not self._expired:
                raise
        finally:
            await self._close()

    async def _close(self) -> None:
        self.deadline = None
        try:
            unread = self.parser.left or self.parser.buffer
            if not self.lost and (unread or self.taken is not None and self.taken.unread):
                from .shutdown import linger

                await linger(self)
        except (OSError, ProtocolError, asyncio.CancelledError):
            pass
        self.lost = True
        self.server.forget(self)
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except (OSError, asyncio.CancelledError):
            pass

    def write(self, data: bytes) -> None:
        """Queue bytes for the peer.

        :raises OSError: the peer has gone.
        """
        try:
            self._writer.write(data)
        except OSError:
            self.lost = True
            raise

    async def drain(self) -> None:
        """Wait until the peer has taken what was written.

        :raises OSError: the peer has gone, or takes nothing.
        """
        if self.taken is not None:  # several tasks may wait, each with nothing but itself to lose
            return await self._writer.drain()  # type: ignore[no-any-return]
        try:
            await self._wait(self._writer.drain(), self.app.write_timeout)
        except ProtocolError:
            self.lost = True
            raise OSError(110, "Write timeout")

    async def fill(self, timeout: "float | None") -> None:
        """Wait until bytes have arrived in the parser.

        :param timeout: seconds, None for ever.
        :raises ProtocolError: 408, nothing came in time.
        :raises OSError: the peer has gone.
        """
        data = await self._wait(self._reader.read(1024 if self.idle is None else 256), timeout)
        if not data:
            self.lost = True
            raise OSError(104, "Connection lost")
        self.parser.receive(data)

    async def _wait(self, awaitable: "Any", timeout: "float | None") -> "Any":
        # A head's deadline stays while its pieces come in.
        timed = self.deadline is None and timeout is not None
        if timed:
            self.deadline = self.server.later + timeout  # type: ignore[operator]
        try:
            return await awaitable
        except OSError:
            self.lost = True
            raise
        except asyncio.CancelledError:
            if not self._expired:
                raise
            self._expired = False
            raise ProtocolError(408, "Request timeout")
        finally:
            if self.idle is None and (timed or self.taken is None):
                self.deadline = None

    def watch(self) -> "Any":
        """Return a task that ends the response under way when the peer leaves, to be cancelled."""
        from .outbox import watch

        return asyncio.create_task(watch(self, self._reader, self._task))

    def expire(self) -> None:
        """End the wait that lasts too long."""
        self._expired = True
        if self.taken is not None:
            self.lost = True
        self._task.cancel()

    def close(self) -> None:
        """Close an idle connection."""
        self.lost = True
        self._expired = True
        self._task.cancel()

    def retire(self) -> None:
        """Close the connection, after the request under way if there is one."""
        self.keep = False
        if self.idle is not None:
            self.close()

    def abort(self) -> None:
        """Cut the connection."""
        self.lost = True
        if asyncio.current_task() is not self._task:
            self._expired = True
            self._task.cancel()
