"""Event stores: what a client has missed, found by its ``Last-Event-ID``."""

import os
from binascii import hexlify

from .events import encode_event

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .queue import SSE


class RingStore:
    """Keeps the last events in memory.

    Ids that it makes begin with a random prefix: those of another process, or of the time before
    a restart, are not mistaken for its own.

    :param size: how many.
    :raises ValueError: that is none.
    """

    def __init__(self, size: int = 100) -> None:
        if size < 1:
            raise ValueError("RingStore(size=%r) keeps nothing; give a size from 1 on" % size)
        self.size = size
        self._prefix = hexlify(os.urandom(4)).decode()
        self._count = 0
        self._ring: "list[dict[str, Any]]" = []

    def append(self, event: "dict[str, Any]") -> str:
        """Keep an event; return its id.

        :param event: a dictionary of the arguments of ``SSE.send``. Without an ``event_id`` it is
                      given one.
        """
        event = dict(event)
        if not event.get("event_id"):
            self._count += 1
            event["event_id"] = "%s-%d" % (self._prefix, self._count)
        event["event_id"] = str(event["event_id"])
        # What cannot be sent is an error here, and not for each client that comes back.
        encode_event(**event)
        self._ring.append(event)
        if len(self._ring) > self.size:
            self._ring.pop(0)
        return event["event_id"]  # type: ignore[no-any-return]

    def since(self, event_id: str) -> "list[dict[str, Any]]":
        """Return the events after one, the oldest first; all there are when it is not here.

        :param event_id: the id of that event.
        """
        for at in range(len(self._ring) - 1, -1, -1):
            if self._ring[at]["event_id"] == event_id:
                return self._ring[at + 1 :]
        return list(self._ring)


async def replay(sse: "SSE") -> None:
    """Send what a client has missed, until there is nothing left.

    :param sse: the stream, with ``store`` and ``last_event_id``.
    """
    last = sse.last_event_id
    while True:
        events = sse.store.since(last)
        if hasattr(events, "send") or hasattr(events, "__await__"):
            events = await events
        if not events:
            return
        for event in events:
            await sse.send(**event)
        if str(events[-1]["event_id"]) == last:
            return
        last = str(events[-1]["event_id"])
