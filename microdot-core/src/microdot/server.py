"""Serving over asyncio streams: the whole server on MicroPython, ``handle_request`` on CPython."""

import asyncio
import gc
import time

from ._compat import CPYTHON
from .connection import Connection
from .dates import http_date
from .dispatch import find_route
from .errors import ProtocolError
from .request import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Server:
    """What the connections of an application share: clock, limits, shutdown.

    :param app: the application.
    """

    #: Seconds between two looks at the deadlines.
    interval: float = 1
    #: Most simultaneous connections, unless the application says otherwise.
    max_connections = 16

    def __init__(self, app: "Any") -> None:
        self.app = app
        self.connections: "list[Any]" = []
        #: Seconds, counted by ``sweep``.
        self.now: float = 0
        #: The value of the Date field, ``""`` while the clock is not set.
        self.date = ""
        self.stopping = False
        if app.max_connections is not None:
            self.max_connections = app.max_connections
        self.tick()

    def tick(self) -> None:
        """Take note of the time, and end waits that last too long."""
        self.now += self.interval
        now = time.time()
        # A board without a battery starts at its epoch (1970 or 2000).
        self.date = http_date(now) if time.gmtime(int(now))[0] > 2023 else ""
        for connection in list(self.connections):
            if connection.deadline is not None and connection.deadline <= self.now:
                connection.deadline = None
                connection.expire()

    async def sweep(self) -> None:
        """Call ``tick`` for ever."""
        while True:
            await asyncio.sleep(self.interval)
            self.tick()

    def make_room(self) -> bool:
        """Close the connection that waits longest for a request when there are too many.

        :returns: whether there is room for another.
        """
        if len(self.connections) < self.max_connections:
            return True
        from .shutdown import evict

        return evict(self)

    def forget(self, connection: "Any") -> None:
        """Remove a connection that has ended."""
        if connection in self.connections:
            self.connections.remove(connection)

    async def hooks(self, name: str) -> None:
        """Call a lifecycle hook of the application's plugins."""
        plan = self.app._compile()
        if plan:
            await plan.run_lifecycle(name)


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

    def __init__(self, server: Server, reader: "Any", writer: "Any") -> None:
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
            if not self.lost and (self.parser.left or self.parser.buffer):
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
        if self.deadline is None and timeout is not None:
            self.deadline = self.server.now + timeout
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
            if self.idle is None:
                self.deadline = None

    def read_now(self) -> "bytes | None":
        """Return bytes that have arrived, b"" at the end, None when there are none."""
        stream = getattr(self._reader, "s", None)
        # A CPython stream reads ahead by itself; what it has is all there is.
        return stream.read(4096) if stream is not None else None  # type: ignore[no-any-return]

    def expire(self) -> None:
        """End the wait that lasts too long."""
        self._expired = True
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


async def serve_stream(app: "Any", reader: "Any", writer: "Any", server: "Any" = None) -> None:
    """Serve one connection; see ``Microdot.handle_request``."""
    sweeper = None
    if server is None:
        server = Server(app)
        sweeper = asyncio.create_task(server.sweep())
    if server.make_room():
        connection = StreamConnection(server, reader, writer)
        server.connections.append(connection)
        await connection.serve()
    else:
        from .shutdown import turn_away

        await turn_away(writer)
    if sweeper is not None:
        sweeper.cancel()


class StreamServer(Server):
    """The server of MicroPython."""

    async def run(self, host: str, port: int, ssl: "Any") -> None:
        """Serve until ``shutdown`` is called."""
        await self.hooks("microdot_startup")

        async def accept(reader: "Any", writer: "Any") -> None:
            await serve_stream(self.app, reader, writer, self)

        self.app.server = server = await asyncio.start_server(
            accept, host, port, backlog=self.max_connections, ssl=ssl
        )
        if self.app.debug:
            print("Serving on %s://%s:%d" % ("https" if ssl else "http", host, port))
        sweeper = asyncio.create_task(self.sweep())
        try:
            if not self.stopping:
                await server.wait_closed()
        finally:
            server.close()
            from .shutdown import finish

            await finish(self)
            sweeper.cancel()

    def shutdown(self) -> None:
        """Stop accepting, finish, return from ``run``."""
        self.stopping = True
        if self.app.server is not None:
            self.app.server.close()


async def run_server(
    app: "Any", host: str, port: int, debug: bool, ssl: "Any", start_serving: bool
) -> "Any":
    """Serve an application; see ``Microdot.start_server``."""
    if ssl and not hasattr(ssl, "wrap_socket"):
        raise TypeError("ssl must be an ssl.SSLContext, not %r" % ssl)
    app.debug = debug
    app.ssl = ssl or False
    if CPYTHON:
        from .cpython.server import ProtocolServer

        server: "Any" = ProtocolServer(app)
        app._runner = server
        return await server.run(host, port, ssl, start_serving)
    if not start_serving:
        raise ValueError("start_serving=False is not supported on MicroPython")
    app._runner = server = StreamServer(app)
    # What every request needs comes first, so that it does not lie between short-lived things.
    find_route(app, Request(app, None, "GET", "/", "1.1", ()))
    gc.collect()
    try:
        await server.run(host, port, ssl or None)
    finally:
        app._runner = None
