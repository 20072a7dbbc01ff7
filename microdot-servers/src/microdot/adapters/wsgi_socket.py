"""Connections that a WSGI server lets an application take over: WebSocket under gunicorn."""

import asyncio
import functools
import os
import socket
from typing import Any, List, Optional

from microdot.errors import HTTPException, ProtocolError
from microdot.takeover import RawStream

#: Where servers put the socket of the client.
SOCKETS = ("gunicorn.socket", "werkzeug.socket")
#: Seconds between two looks at what has to happen in time.
INTERVAL = 0.5
#: Unread bytes at which reading from the client is suspended.
HIGH_WATER = 65536


class NoSocket(tuple):  # type: ignore[type-arg]
    """``request.sock`` where the server keeps the connection."""

    @property
    def websocket_class(self) -> Any:
        """The class that answers attempts to open a WebSocket."""
        from microdot.websocket.base import BaseWebSocket

        class NoWebSocket(BaseWebSocket):
            """Refuses the handshake."""

            async def handshake(self) -> None:
                """Refuse the handshake.

                :raises HTTPException: 400, 403 or 426 for what is none, 501 for one.
                """
                await self.negotiate()
                raise HTTPException(
                    501,
                    "WebSocket is not possible here: this WSGI server does not hand over "
                    "connections, or it encrypts them; use gunicorn without TLS, or microdot.asgi",
                )

        return NoWebSocket


class _Clock:
    # The server, as RawStream knows it.

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    @property
    def now(self) -> float:
        return self._loop.time()


class _Bytes:
    # The parser, as RawStream knows it.
    buffer = b""


class Upgraded(asyncio.Protocol):
    """A connection that a handler may take over.

    :param exchange: the exchange.
    :param sock: the server's socket.
    """

    lost = False
    _eof = False

    def __init__(self, exchange: Any, sock: socket.socket) -> None:
        self._exchange = exchange
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self.server = _Clock(self._loop)
        self.parser = _Bytes()
        self._transport: Any = None
        self._stream: Optional[RawStream] = None
        self._reading: "Optional[asyncio.Future[None]]" = None
        self._writing: "List[asyncio.Future[None]]" = []
        self._paused = self._suspended = False
        self._timer: Any = None
        self._closed = self._loop.create_future()
        try:
            self.peer: Any = sock.getpeername()
        except OSError:
            self.peer = None

    @property
    def taken(self) -> Any:
        """The stream that the handler took the connection over with."""
        return self._exchange.taken

    @taken.setter
    def taken(self, stream: Any) -> None:
        self._exchange.taken = stream
        self._transport.resume_reading()
        self._tick()

    def streams(self) -> Any:
        """Return the (reader, writer) pair."""
        if self._stream is None:
            self._stream = RawStream(self)
        return self._stream, self._stream

    def _tick(self) -> None:
        if not self.lost:
            self._timer = self._loop.call_later(INTERVAL, self._tick)
            if self.taken is not None:
                self.taken.tick(self.server.now)

    # asyncio.Protocol

    def connection_made(self, transport: Any) -> None:
        """Take up the connection; nothing is read until somebody wants it."""
        self._transport = transport
        transport.pause_reading()

    def data_received(self, data: bytes) -> None:
        """Take bytes."""
        self.parser.buffer += data
        if self._reading is not None:
            self._wake()
        else:
            self.taken.arrived()
        if len(self.parser.buffer) > HIGH_WATER and not self._suspended:
            self._suspended = True
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        """Note that the client sends no more."""
        self._eof = True
        self._wake()
        return False

    def connection_lost(self, error: Optional[Exception]) -> None:
        """Note that the connection is gone."""
        self.lost = True
        if self._timer is not None:
            self._timer.cancel()
        for waiter in self._writing:
            if not waiter.done():
                waiter.set_exception(OSError(104, "Connection lost"))
        self._wake()
        if self.taken is not None:
            self.taken.arrived()
        if not self._closed.done():
            self._closed.set_result(None)

    def pause_writing(self) -> None:
        """Note that the client is slow."""
        self._paused = True

    def resume_writing(self) -> None:
        """Note that the client has caught up."""
        self._paused = False
        for waiter in self._writing:
            if not waiter.done():
                waiter.set_result(None)

    def _wake(self) -> None:
        if self._reading is not None and not self._reading.done():
            self._reading.set_result(None)

    # what RawStream needs

    def write(self, data: bytes) -> None:
        """Queue bytes for the client."""
        self._transport.write(data)

    def post(self, data: bytes, limit: int) -> bool:
        """Queue bytes unless more than ``limit`` wait already; return whether they were queued."""
        if self.lost or self._transport.get_write_buffer_size() > limit:
            return False
        self._transport.write(data)
        return True

    async def drain(self) -> None:
        """Wait until the client has taken most of what was written.

        :raises OSError: the client has gone.
        """
        if self.lost or self._transport.is_closing():
            raise OSError(104, "Connection lost")
        if self._paused:
            waiter = self._loop.create_future()
            self._writing.append(waiter)
            try:
                await waiter
            finally:
                self._writing.remove(waiter)

    async def fill(self, timeout: Optional[float]) -> None:
        """Wait until bytes have arrived.

        :param timeout: seconds, None for ever.
        :raises ProtocolError: 408, nothing came in time.
        :raises OSError: the client has gone.
        """
        if self.lost or self._eof:
            raise OSError(104, "Connection lost")
        if self._suspended:
            self._suspended = False
            self._transport.resume_reading()
        self._reading = self._loop.create_future()
        try:
            await asyncio.wait_for(self._reading, timeout)
        except asyncio.TimeoutError:
            raise ProtocolError(408, "Request timeout") from None
        finally:
            self._reading = None
        if not self.parser.buffer and (self.lost or self._eof):
            raise OSError(104, "Connection lost")

    def look(self) -> bool:
        """Take bytes that have arrived unasked: none, for ``data_received`` does."""
        return False

    def abort(self) -> None:
        """Cut the connection."""
        self._exchange.lost = True
        self._transport.abort()

    async def finish(self) -> None:
        """Send what is queued and let go of the connection; it is the server's again."""
        if self._timer is not None:
            self._timer.cancel()
        self._transport.close()
        await self._closed
        # Both descriptors are of one connection; the server expects it to block.
        try:
            os.set_blocking(self._sock.fileno(), self._sock.gettimeout() is None)
        except OSError:
            pass


async def open_socket(exchange: Any, environ: Any) -> Optional[Upgraded]:
    """Return the connection of a WebSocket handshake, None where the server keeps it.

    :param exchange: the exchange.
    :param environ: the environ.
    """
    if "websocket" not in environ.get("HTTP_UPGRADE", "").lower():
        return None
    for name in SOCKETS:
        sock = environ.get(name)
        # An encrypted connection cannot be shared: what is read ahead is in its object.
        if type(sock) is socket.socket:
            _, upgraded = await exchange.loop.connect_accepted_socket(
                functools.partial(Upgraded, exchange, sock), sock.dup()
            )
            return upgraded  # type: ignore[no-any-return]
    return None
