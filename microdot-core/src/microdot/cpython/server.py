"""The built-in server on CPython: listening, shared clock, limits, shutdown."""

import asyncio
from typing import Any, Callable, Dict, Optional

from ..fields import encode_head
from ..response import Response
from ..server import Server
from ..shutdown import finish
from .discovery import warn_of_foreign
from .listening import stop_accepting
from .protocol import HTTPProtocol
from .worker import Worker


class ProtocolServer(Server):
    """Serves an application with ``HTTPProtocol`` connections.

    :param app: the application.
    """

    max_connections = 10000

    def __init__(self, app: Any) -> None:
        shortest = min(app.header_timeout, app.body_timeout, app.idle_timeout, app.write_timeout, 4)
        #: A deadline is met with this precision, in seconds.
        self.interval = max(shortest / 4, 0.01)
        # Content-Type -> response head up to the number of its Content-Length.
        self._default_heads: "Dict[Any, bytes]" = {}
        self._typed_heads: "Dict[Any, bytes]" = {}
        #: A file and how it is sent -> the message they make.
        self.ready_files: "Dict[Any, bytes]" = {}
        #: What the parsers of all connections have checked.
        self.memo: "Dict[Any, Any]" = {}
        #: A buffer for files that no connection uses at the moment.
        self.scratch: Any = None
        self._workers: "list[Worker]" = []
        super().__init__(app)
        self.connections: Any = {}
        self._tasks: "set[asyncio.Task[Any]]" = set()
        self._ssl: Any = None
        self._timer: "Optional[asyncio.TimerHandle]" = None
        self._stop: "Optional[asyncio.Future[None]]" = None
        self._ended: "Optional[asyncio.Future[None]]" = None
        #: Connections are not taken any more.
        self.closed = False

    def tick(self) -> None:
        """Take note of the time, and end waits that last too long."""
        old = self.date
        super().tick()
        if self.date != old:
            self._default_heads.clear()
            self._typed_heads.clear()
            self.ready_files.clear()

    def _schedule_tick(self) -> None:
        # Not in a task: a deadline may begin an exchange, which runs as its connection's task.
        self._timer = self.loop.call_later(self.interval, self._run_tick)

    def _run_tick(self) -> None:
        self._schedule_tick()
        self.tick()

    def admit(self, connection: HTTPProtocol) -> bool:
        """Add a connection; False when there are too many and none is idle."""
        if self.closed or not self.make_room():
            return False
        self.connections[connection] = None
        return True

    def worker(self) -> Worker:
        """Return a task for a new connection."""
        while self._workers:
            worker = self._workers.pop()
            if worker.free():
                return worker
        return Worker(self)

    def release(self, worker: Worker) -> None:
        """Take back the task of a connection that has ended."""
        if len(self._workers) < 64 and not self.stopping and worker.free():
            self._workers.append(worker)
        else:
            worker.end()

    def forget(self, connection: HTTPProtocol) -> None:
        """Remove a connection."""
        self.connections.pop(connection, None)

    def common_head(self, response: Response) -> "Optional[bytes]":
        """Return the head of a 200 response with no header but Content-Type, up to its length.

        None when the response has more in it.
        """
        if response.status_code != 200 or response._reason is not None:
            return None
        headers = response._headers
        if response._file is not None:
            return None
        if headers is None:
            head = self._default_heads.get(response.default_content_type)
        elif len(headers) == 1 and "Content-Type" in headers:
            head = self._typed_heads.get(headers["Content-Type"])
        else:
            return None
        if head is None:
            if headers is None:
                kind, heads = response.content_type(), self._default_heads
                key = response.default_content_type
            else:
                kind, heads = headers["Content-Type"], self._typed_heads
                key = kind
            pairs = [("Content-Type", kind)]
            if self.date:
                pairs.append(("Date", self.date))
            try:
                head = encode_head(200, None, pairs)[:-2] + b"Content-Length: "
            except ValueError:  # the general way reports and answers it
                return None
            if len(heads) > 100:
                heads.clear()
            heads[key] = head
        return head

    async def run(
        self,
        host: str,
        port: int,
        ssl: Any,
        start_serving: bool,
        path: Optional[str] = None,
        ready: "Optional[Callable[[Any], Any]]" = None,
    ) -> Any:
        """Serve until ``shutdown``, or return the asyncio server when not to start.

        :param path: the path of a unix socket to listen at, in place of host and port.
        :param ready: called with the asyncio server as soon as connections are accepted.
        """
        self.loop = loop = asyncio.get_running_loop()
        self._stop = loop.create_future()
        # asyncio reads into 256 KiB at a time. glibc maps and unmaps a block of that size for each
        # read, at three times the cost of a small one, until a larger one has been freed.
        bytearray(1 << 20)
        warn_of_foreign()
        await self.hooks("microdot_startup")
        app = self.app
        self._ssl = ssl or None

        def connection() -> HTTPProtocol:
            return HTTPProtocol(self)

        # A handshake is what comes before the first head, and has as much time.
        tls: Any = {"ssl": ssl, "ssl_handshake_timeout": app.header_timeout} if ssl else {}
        server: Any
        if path is None:
            server = await loop.create_server(connection, host, port, start_serving=False, **tls)
        else:
            server = await loop.create_unix_server(connection, path, start_serving=False, **tls)
        app.server = server
        self._ended = loop.create_future()
        supervisor = loop.create_task(self._supervise(server))
        self._tasks.add(supervisor)
        if self.stopping:  # shutdown() came before there was something to stop
            self._request_stop()
        if not start_serving:
            return server
        await server.start_serving()
        if app.debug:
            scheme = "https" if ssl else "http"
            where = path or "%s:%d" % (host, server.sockets[0].getsockname()[1])
            print("Serving on %s://%s" % (scheme, where), flush=True)
        if ready is not None:
            ready(server)
        try:
            await asyncio.shield(supervisor)
        except asyncio.CancelledError:
            if not supervisor.done():
                self._request_stop()
                await supervisor
            raise
        return None

    async def _supervise(self, server: Any) -> None:
        self._schedule_tick()
        assert self._stop is not None
        try:
            await self._stop
        finally:
            self.stopping = True
            try:
                await stop_accepting(self, server)
            finally:
                server.close()
                self.closed = True
            try:
                await finish(self)
            finally:
                assert self._timer is not None
                self._timer.cancel()
                while self._workers:
                    self._workers.pop().end()
                self.app._runner = None

    def _request_stop(self) -> None:
        if self._stop is not None and not self._stop.done():
            self.stopping = True
            self._stop.set_result(None)

    def shutdown(self) -> None:
        """Stop accepting, finish, return from ``run``; may be called from any thread."""
        self.stopping = True
        if self._stop is not None:
            self.loop.call_soon_threadsafe(self._request_stop)
