"""``SSE``: the queue between an endpoint and the response that sends its events."""

import asyncio
import sys

from .events import encode_event

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class SSE:
    """An event stream, as its endpoint sees it.

    The class attributes are the defaults of the options; ``ServerSentEvents`` changes them for an
    application, ``with_sse`` for a route.
    """

    #: Seconds without an event after which a comment is sent, so that proxies keep the
    #: connection and a client that is gone is noticed; None for none.
    keep_alive: "float | None" = 15
    #: Events that wait for the client at most.
    max_queue = 16 if sys.implementation.name in ("micropython", "circuitpython") else 100
    #: What happens to an event when so many wait: ``"wait"``, ``"drop_oldest"``,
    #: ``"drop_newest"`` or ``"close"``.
    overflow = "wait"
    #: Where the events are found that a client has missed, None for no such place.
    store: "Any" = None
    #: Seconds that an endpoint has for its clean-up after it was cancelled.
    close_timeout: float = 2

    #: No event is accepted any more: the client left, the endpoint returned, or the
    #: stream was closed.
    closed = False
    #: The ``Last-Event-ID`` of the request: the id of the last event that the client got before it
    #: lost the connection; None when it gave none.
    last_event_id: "str | None" = None
    #: Events that were dropped because too many waited.
    dropped = 0

    _task: "Any" = None
    _cancelled = False
    #: Set when there is room again; None as long as nobody waited for that.
    room: "Any" = None
    _end: "Any" = None

    def __init__(self) -> None:
        #: Set while events wait in the queue, and when the stream ends.
        self.event = asyncio.Event()
        #: The events that wait, as bytes.
        self.queue: "list[bytes]" = []

    async def send(
        self,
        data: "Any",
        event: "str | None" = None,
        event_id: "Any" = None,
        retry: "float | None" = None,
        comment: bool = False,
    ) -> None:
        """Queue an event; with ``overflow="wait"``, wait until there is room for it.

        :param data: text, bytes, a dictionary or list for JSON, or an object that is sent as ``str(data)``.
        :param event: the type of the event, None or "" for the client's default, ``message``.
        :param event_id: what the client says in ``Last-Event-ID`` when it comes back; "" makes it
                         say nothing, None leaves it as it was.
        :param retry: seconds until the client comes back after the stream has ended, from 0 on.
        :param comment: send the data as a comment, which clients ignore; nothing else is sent.
        :raises ValueError: a line break or NUL in ``event`` or ``event_id``, or a ``retry`` that is
                            no such number.
        :raises OSError: the stream has ended.
        """
        item = encode_event(data, event, event_id, retry, comment)
        if len(self.queue) >= self.max_queue:
            if self.overflow == "wait":
                await self._wait_for_room()
            else:
                # An endpoint that only ever sends must let others run all the same.
                await asyncio.sleep(0)
        if not self._put(item):
            raise OSError(32, "the event stream has ended; stop sending, or ask sse.closed before")

    def post(
        self,
        data: "Any",
        event: "str | None" = None,
        event_id: "Any" = None,
        retry: "float | None" = None,
        comment: bool = False,
    ) -> bool:
        """Queue an event without waiting; for other tasks than the endpoint, too.

        The parameters are those of ``send``.

        :returns: False when the stream has ended, or its queue is full and ``overflow`` is ``"wait"``
                  or ``"close"``; an event dropped as ``overflow`` says counts as taken.
        :raises ValueError: as ``send`` does.
        """
        return not self.closed and self._put(encode_event(data, event, event_id, retry, comment))

    def close(self) -> None:
        """End the stream after what is queued; the endpoint is cancelled, unless it calls this."""
        self.end()
        task = self._task
        if task is not None and not self._cancelled and task is not asyncio.current_task():
            # Once: a second time would hit the clean-up.
            self._cancelled = True
            task.cancel()

    def abort(self) -> None:
        """End the stream without what is queued; the client comes back for it.

        A ``microdot.broadcast.Group`` does this to a member that is too slow.
        """
        self.queue.clear()
        self.close()

    async def wait_closed(self) -> None:
        """Wait until the stream has ended; what an endpoint does when other tasks ``post``."""
        if not self.closed:
            if self._end is None:
                self._end = asyncio.Event()
            await self._end.wait()

    def end(self) -> None:
        """Accept no more events, and let those who wait know; what is queued is still sent."""
        self.closed = True
        self.event.set()
        for event in (self.room, self._end):
            if event is not None:
                event.set()

    async def _wait_for_room(self) -> None:
        if self.room is None:
            self.room = asyncio.Event()
        while len(self.queue) >= self.max_queue and not self.closed:
            self.room.clear()
            await self.room.wait()

    def _put(self, item: bytes) -> bool:
        if self.closed:
            return False
        queue = self.queue
        if len(queue) >= self.max_queue:
            if self.overflow == "drop_newest":
                self.dropped += 1
                return True
            if self.overflow != "drop_oldest":
                if self.overflow == "close":
                    self.close()
                return False
            queue.pop(0)
            self.dropped += 1
        queue.append(item)
        self.event.set()
        return True
