"""The CPython transport: an ``asyncio.Protocol`` that answers most requests without a task switch.

The first step of an exchange runs right where the bytes arrive; only an exchange that has to
wait goes on in the connection's task (``microdot.cpython.worker``).
"""

import asyncio
from typing import Any, Optional

from ..connection import Connection
from ..errors import ProtocolError
from ..response import Response
from .files import FastFile, send_file
from .worker import ARRIVAL, Worker

#: Unprocessed bytes at which reading from the peer is suspended.
HIGH_WATER = 65536
#: Seconds without a request after which an idle connection is closed at shutdown.
QUIET = 1.0


class HTTPProtocol(Connection, asyncio.Protocol):
    """One connection of the built-in server.

    :param server: the ``ProtocolServer``.
    """

    streaming = False
    #: When the wait for a request began; None while one is handled.
    idle: Any = None

    def __init__(self, server: Any) -> None:
        self.server = server
        self._loop: asyncio.AbstractEventLoop = server.loop
        self._transport: Any = None
        self._worker: Optional[Worker] = None
        # Set while an exchange waits for bytes.
        self._reading: Any = None
        # Of those who wait for the peer to take some; several tasks may send on a WebSocket.
        self._writing: "list[asyncio.Future[None]]" = []
        self._read_by: Any = None
        self._write_by: Any = None
        self._busy = False
        self._paused = False
        self._suspended = False
        self._lingering = 0
        self._eof = False
        # The message that has_ready() found, or what to keep the next one under.
        self._ready: Optional[bytes] = None
        self._ready_key: Any = None

    # asyncio.Protocol

    def connection_made(self, transport: Any) -> None:
        """Take up the connection."""
        self._transport = transport
        super().__init__(
            self.server,
            transport.get_extra_info("peername") or ("", 0),  # a unix socket has no name
            transport.get_extra_info("sslcontext") is not None,
        )
        self.parser.memo = self.server.memo
        if not self.server.admit(self):
            transport.write(
                b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )
            self.lost = True
            transport.close()
            return
        self._worker = worker = self.server.worker()
        worker.connection = self
        self.idle = self.server.now
        self.deadline = self.server.later + self.app.header_timeout

    def data_received(self, data: bytes) -> None:
        """Take bytes, and answer the requests they complete."""
        if self._lingering:
            self._lingering -= len(data)
            if self._lingering <= 0:
                self._transport.abort()
            return
        parser = self.parser
        parser.buffer = parser.buffer + data if parser.buffer else data
        if self._busy:
            if self._reading is not None:
                self._resume()
                return
            if self.taken is not None:
                self.taken.arrived()
            if len(parser.buffer) > HIGH_WATER and not self._suspended:
                self._suspended = True
                self._transport.pause_reading()
        else:
            self._advance()

    def eof_received(self) -> bool:
        """Note that the peer sends no more; a response under way is still sent."""
        self._eof = True
        if self._lingering:
            return False
        if self._reading is not None:
            # The body is incomplete, and nobody expects a response to it.
            self.lost = self.taken is None
            self._resume(OSError(104, "Connection lost"))
        if self.streaming or self.taken is not None or self.scheme == "https":
            return False
        return self._busy

    def connection_lost(self, error: Optional[Exception]) -> None:
        """Note that the connection is gone, and end what waits for it."""
        self.lost = True
        self.deadline = None
        self.server.forget(self)
        for waiter in self._writing:
            if not waiter.done():
                waiter.set_exception(OSError(104, "Connection lost"))
        if self._reading is not None:
            self._resume(OSError(104, "Connection lost"))
        if self.taken is not None:
            self.taken.arrived()
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.connection = None if worker.free() else self
            if worker.free():
                self.server.release(worker)
            else:
                worker.end()
                if self.streaming:
                    # The body may have nothing to send for long: its end is not to wait for that.
                    worker.task.cancel()

    def pause_writing(self) -> None:
        """Note that the peer is slow."""
        self._paused = True

    def resume_writing(self) -> None:
        """Note that the peer has caught up."""
        self._paused = False
        for waiter in self._writing:
            if not waiter.done():
                waiter.set_result(None)

    # exchanges

    def _advance(self) -> None:
        # Answer the requests in the buffer, until one of them has to wait.
        parser = self.parser
        while not self._busy and not self.lost:
            error = head = None
            try:
                head = parser.head()
                if head is None:
                    if parser.buffer and self.idle is not None:
                        self.idle = None
                        self.deadline = self.server.later + self.app.header_timeout
                    return
            except ProtocolError as refused:
                error = refused
            self.idle = self.deadline = None
            self._start(head, error)

    def _start(self, head: Any, error: Any) -> None:
        self._busy = True
        self.continued = False
        assert self._worker is not None
        try:
            if self._worker.start(self.exchange(head, error)):
                self._finished()
        except BaseException:
            self._transport.abort()
            raise

    def finished_late(self) -> None:
        """Go on after an exchange that had to wait."""
        self._finished()
        if self.parser.buffer and not self._busy and not self.lost:
            # Not from within the task, which the next exchange enters again.
            self._loop.call_soon(self._advance)

    def _finished(self) -> None:
        self._busy = False
        self.request = None
        self.deadline = None
        if self.lost:
            self._transport.close()
            return
        if not self.keep or self._eof and not self.parser.buffer:
            self._linger()
            return
        if self._suspended and len(self.parser.buffer) <= HIGH_WATER:
            self._suspended = False
            self._transport.resume_reading()
        self.idle = self.server.now
        self.deadline = self.server.later + self.app.idle_timeout

    def _linger(self) -> None:
        # RFC 9112 9.6: closing with unread input makes the peer lose the response.
        self.lost = True
        unread = self.parser.left or self.parser.buffer
        if self.taken is not None:
            unread = unread or self.taken.unread
        self.parser.buffer = b""
        if not self._eof and unread and self._transport.can_write_eof():
            self.lost = False
            self._busy = True
            self._lingering = 1 << 20
            self._transport.write_eof()
            if self._suspended:
                self._transport.resume_reading()
            self.taken = None
            self.deadline = self.server.later + 2
            self.expire = self._transport.abort  # type: ignore[method-assign]
        else:
            self._leave()

    def _leave(self) -> None:
        # What is unsent, and the goodbye of TLS, get as long as a write does, and no longer.
        self._transport.close()
        self.deadline = self.server.later + self.app.write_timeout
        self.expire = self._transport.abort  # type: ignore[method-assign]

    # what Connection needs

    def write(self, data: bytes) -> None:
        """Queue bytes for the peer."""
        self._transport.write(data)

    async def drain(self) -> None:
        """Wait until the peer has taken most of what was written.

        :raises OSError: the peer has gone, or takes nothing.
        """
        # A handler that only sends may get here before connection_lost() is called.
        if self.lost or self._transport.is_closing():
            self.lost = True
            raise OSError(104, "Connection lost")
        if self._paused:
            waiter = self._loop.create_future()
            if not self._writing:
                self._write_by = self.deadline = self.server.later + self.app.write_timeout
            self._writing.append(waiter)
            try:
                await waiter
            finally:
                self._writing.remove(waiter)
                if not self._writing:
                    self._write_by = None
                    self.deadline = self._read_by

    async def fill(self, timeout: "Optional[float]") -> None:
        """Wait until bytes have arrived in the parser.

        :param timeout: seconds, None for ever.
        :raises ProtocolError: 408, nothing came in time.
        :raises OSError: the peer has gone.
        """
        if self.lost or self._eof:
            self.lost = self.lost or self.taken is None
            raise OSError(104, "Connection lost")
        if self._suspended:
            self._suspended = False
            self._transport.resume_reading()
        if self._worker is not None and self._worker.is_current():
            waiter: Any = ARRIVAL
        else:
            waiter = self._loop.create_future()
        self._reading = waiter
        if timeout is not None:
            self._read_by = self.deadline = self.server.later + timeout
        try:
            await waiter
        finally:
            self._read_by = None
            self.deadline = self._write_by
            self._reading = None

    def _resume(self, error: Optional[Exception] = None) -> None:
        # Go on with what waits for bytes.
        waiter, self._reading = self._reading, None
        if waiter is ARRIVAL:
            assert self._worker is not None
            self._worker.resume(error)
        elif not waiter.done():
            if error is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(error)

    def look(self) -> bool:
        """Take bytes that have arrived unasked: none, for ``data_received`` does."""
        return False

    def watch(self) -> Any:
        """Return a task that watches the peer: none, for ``connection_lost`` does."""
        return None

    def post(self, data: bytes, limit: int) -> bool:
        """Queue bytes unless more than ``limit`` wait already; return whether they were queued."""
        if self.lost or self._transport.get_write_buffer_size() > limit:
            return False
        self._transport.write(data)
        return True

    def expire(self) -> None:
        """End the wait that lasts too long."""
        if self._write_by is not None and self._write_by <= self.server.now:
            self._transport.abort()
        elif self._reading is not None:
            self._resume(ProtocolError(408, "Request timeout"))
        elif self._busy:
            self._transport.abort()
        elif self.parser.buffer:
            self.idle = None
            self._start(None, ProtocolError(408, "Request timeout"))
        else:
            self._leave()

    def retire(self) -> None:
        """Close the connection, after the request under way if there is one.

        One that is idle stays open for a moment: its next request may be on the way already, and
        would be lost with a connection that the peer believes to be open.
        """
        self.keep = False
        if not self._busy:
            self._loop.call_later(QUIET, self._retire)

    def _retire(self) -> None:
        if not self._busy:
            self._transport.close()

    def close(self) -> None:
        """Close an idle connection."""
        if self.scheme == "https":
            # Nobody looks at the clock for it any more, and its peer need not say goodbye.
            self._transport.abort()
        else:
            self._transport.close()

    def abort(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    async def send(self, request: Any, response: Response) -> None:
        """Send a response; the most frequent kind without the general machinery.

        :raises OSError: the peer has gone.
        """
        body = response.body
        if (
            type(body) is bytes
            and not self.parser.left
            and not response.is_head
            and request is not None
            and request.http_version == "1.1"
        ):
            head = self.server.common_head(response)
            if head is not None and not self.lost:
                end = b"" if self.keep else b"\r\nConnection: close"
                self._transport.write(b"%b%d%b\r\n\r\n%b" % (head, len(body), end, body))
                if self._paused:
                    await self.drain()
                return
        elif isinstance(body, FastFile) and not response.is_head and request is not None:
            if await self._send_file(request, response, body):
                return
        await super().send(request, response)

    def has_ready(self, request: Any, response: Response) -> bool:
        """Tell whether the message for an untouched file response is ready to be sent.

        The same file sent in the same way is the same message, until the Date changes.
        """
        self._ready = self._ready_key = None
        file = response.body
        if (
            self.keep
            and not self.parser.left
            and request.method == "GET"
            and request.http_version == "1.1"
            and response.status_code == 200
            and response._reason is None
        ):
            name, _, guessed, headers = response._file
            self._ready_key = (name, guessed, file.version, *headers.items())
            self._ready = self.server.ready_files.get(self._ready_key)
        return self._ready is not None

    async def _send_file(self, request: Any, response: Response, file: FastFile) -> bool:
        # False for what the general way has to report and answer.
        ready, key = self._ready, self._ready_key
        self._ready = self._ready_key = None
        if ready is not None and response._headers is None:
            file.close()
            if not self.lost:
                self._transport.write(ready)
            await self.drain()
            return True
        try:
            head, _ = self.frame(request, response, file)
        except Exception:
            return False
        if b"\r\nContent-Length: %d\r\n" % file.left not in head:
            return False
        if key is not None and self.keep and file.whole:
            await file.load()
            if file.data is not None and len(self.server.ready_files) < 32:
                self.server.ready_files[key] = head + file.data
        await send_file(self, head, file)
        return True

    def write_shared(self, data: memoryview) -> bool:
        """Queue bytes; return whether the memory behind them may be used again at once."""
        self._transport.write(data)
        return bool(self._transport.get_write_buffer_size() == 0)
