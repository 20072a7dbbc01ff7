"""``EventStream``: the body of a response that sends the events of an endpoint."""

import asyncio

from .queue import SSE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

try:
    from time import ticks_diff, ticks_ms  # type: ignore[attr-defined]
except ImportError:
    from time import monotonic as ticks_ms

    ticks_diff = None

#: A comment, which clients ignore.
KEEP_ALIVE = b":\n\n"


def respond(
    request: "Any",
    function: "Callable[..., Any]",
    args: "tuple[Any, ...]",
    kwargs: "dict[str, Any]",
    options: "dict[str, Any] | None",
) -> "tuple[Any, int, dict[str, str]]":
    """Return body, status code and header fields of a response that streams events.

    :param request: the request.
    :param function: the endpoint.
    :param args: its arguments after the request and the ``SSE`` object.
    :param kwargs: its keyword arguments.
    :param options: options of the route.
    """
    sse = SSE()
    plugin = find_plugin(request)
    for values in (plugin.options if plugin is not None else None, options):
        for name in values or ():
            setattr(sse, name, values[name])  # type: ignore[index]
    sse.last_event_id = last_event_id(request)
    # Caches, and proxies that collect responses, would hold the events back.
    fields = {
        "Content-Type": "text/event-stream",
        "Cache-Control": "no-cache",
        "X-Accel-Buffering": "no",
    }
    return EventStream(sse, request, function, args, kwargs, plugin), 200, fields


def find_plugin(request: "Any") -> "Any":
    """Return the ``ServerSentEvents`` in use for a request, that of the inner application first."""
    for app in (request.subapp, request.app):
        plugin = app.find_plugin("sse") if hasattr(app, "find_plugin") else None
        if plugin is not None:
            return plugin
    return None


def last_event_id(request: "Any") -> "str | None":
    """Return the ``Last-Event-ID`` of a request, which is UTF-8 (WHATWG HTML, section 9.2.4)."""
    value: "str | None" = request.headers.get("Last-Event-ID")
    if value and len(value.encode()) != len(value):
        try:
            value = bytes([ord(char) for char in value]).decode()
        except ValueError:  # it is not; the characters stand for bytes
            pass
    return value


class EventStream:
    """The events of an endpoint, in pieces of as many as wait; the endpoint runs as its own task.

    :param sse: the queue.
    :param request: the request.
    :param function: the endpoint.
    :param args: its arguments after the request and the ``SSE`` object.
    :param kwargs: its keyword arguments.
    :param plugin: the ``ServerSentEvents`` that keeps the list of open streams, or None.
    """

    def __init__(
        self,
        sse: SSE,
        request: "Any",
        function: "Callable[..., Any]",
        args: "tuple[Any, ...]",
        kwargs: "dict[str, Any]",
        plugin: "Any" = None,
    ) -> None:
        self._sse = sse
        self._request = request
        self._call = (function, args, kwargs)
        self._plugin = plugin
        self._task: "Any" = None
        self._pulse: "Any" = None
        self._error: "Exception | None" = None
        # Set when the endpoint has ended; None as long as it has not begun.
        self._done: "Any" = None
        self._sent: "Any" = 0

    def __aiter__(self) -> "EventStream":
        return self

    async def __anext__(self) -> bytes:
        sse = self._sse
        queue = sse.queue
        if self._task is None and not sse.closed:
            self._start()
        while not queue:
            if sse.closed:
                self._leave()
                error, self._error = self._error, None
                raise error or StopAsyncIteration
            sse.event.clear()
            await sse.event.wait()
        data = queue[0] if len(queue) == 1 else b"".join(queue)
        queue.clear()
        if sse.room is not None:
            sse.room.set()
        self._sent = ticks_ms()
        return data

    async def aclose(self) -> None:
        """End the stream: cancel the endpoint and wait for its clean-up, ``close_timeout`` at most."""
        sse = self._sse
        sse.close()
        sse.queue.clear()
        self._leave()
        done = self._done
        if done is None or done.is_set() or self._task is asyncio.current_task():
            return
        try:
            await asyncio.wait_for(done.wait(), sse.close_timeout)
        except asyncio.TimeoutError as error:
            from microdot.helpers import report

            report(
                "The endpoint of the event stream %s has not ended %s s after it was cancelled; "
                "let its clean-up be shorter, or close_timeout longer"
                % (self._request.path, sse.close_timeout),
                error,
            )

    def _start(self) -> None:
        sse = self._sse
        if self._plugin is not None:
            self._plugin.streams.add(sse)
        self._sent = ticks_ms()
        self._task = sse._task = asyncio.create_task(self._run())
        if sse.keep_alive:
            self._pulse = asyncio.create_task(self._keep_alive(sse.keep_alive))

    def _leave(self) -> None:
        if self._plugin is not None:
            self._plugin.streams.discard(self._sse)
        pulse, self._pulse = self._pulse, None
        if pulse is not None:
            pulse.cancel()

    async def _run(self) -> None:
        sse = self._sse
        self._done = asyncio.Event()
        try:
            if sse.store is not None and sse.last_event_id:
                from .store import replay

                await replay(sse)
            function, args, kwargs = self._call
            result = function(self._request, sse, *args, **kwargs)
            if not hasattr(result, "send") and not hasattr(result, "__await__"):
                raise TypeError(
                    "the SSE endpoint %s returned %r; declare it with `async def`"
                    % (getattr(function, "__name__", function), result)
                )
            await result
        except asyncio.CancelledError:
            pass
        except Exception as error:
            if not sse.closed:
                self._error = error
            elif not isinstance(error, OSError):  # it may send to a client that has left
                from microdot.helpers import report

                report("Exception at the end of the event stream %s" % self._request.path, error)
        finally:
            sse.end()
            self._done.set()

    async def _keep_alive(self, interval: float) -> None:
        sse = self._sse
        left = interval
        while not sse.closed:
            await asyncio.sleep(left)
            passed = (
                ticks_diff(ticks_ms(), self._sent) / 1000 if ticks_diff else ticks_ms() - self._sent
            )
            left = interval - passed
            if left <= 0.001:
                left = interval
                # While events wait, the client takes nothing; it need not be told more.
                if not sse.queue and not sse.closed:
                    sse.queue.append(KEEP_ALIVE)
                    sse.event.set()
