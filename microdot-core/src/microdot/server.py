"""Serving over asyncio streams: the whole server on MicroPython, ``handle_request`` on CPython."""

import asyncio
import gc
import time

from ._compat import CPYTHON
from .dates import http_date
from .dispatch import find_route
from .request import Request
from .stream_connection import StreamConnection

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
        #: Seconds, counted by ``tick``; and when it counts next. A deadline is an interval
        #: from ``later``, so that none comes too early.
        self.now: float = 0
        self.later: float = 0
        #: The value of the Date field, ``""`` while the clock is not set.
        self.date = ""
        self.stopping = False
        if app.max_connections is not None:
            self.max_connections = app.max_connections
        self.tick()

    def tick(self) -> None:
        """Take note of the time, and end waits that last too long."""
        self.now += self.interval
        self.later = self.now + self.interval
        now = time.time()
        # A board without a battery starts at its epoch (1970 or 2000).
        self.date = http_date(now) if time.gmtime(int(now))[0] > 2023 else ""
        for connection in list(self.connections):
            if connection.deadline is not None and connection.deadline <= self.now:
                connection.deadline = None
                connection.expire()
            if connection.taken is not None:
                connection.taken.tick(self.now)

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
            if ssl:
                from .secure_stream import secure

                reader = writer = await secure(self, reader, ssl)
                if reader is None:
                    return
            await serve_stream(self.app, reader, writer, self)

        self.app.server = server = await asyncio.start_server(
            accept, host, port, backlog=self.max_connections
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
