"""``ServerSentEvents``: options of all event streams of an application, and their end at shutdown."""

from .options import check_options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .queue import SSE


class ServerSentEvents:
    """The plugin of event streams: ``app.use(ServerSentEvents(keep_alive=30))``.

    Event streams work without it, with the class attributes of ``SSE`` as options; but then shutdown
    waits for them until the grace period is over.

    :param options: those of

                    - ``keep_alive``: seconds without an event after which a comment is sent,
                      None for none; 15 by default
                    - ``max_queue``: events that wait for a client at most; 100, on MicroPython 16
                    - ``overflow``: what happens when so many wait: ``"wait"`` (``send`` waits),
                      ``"drop_oldest"``, ``"drop_newest"``, or ``"close"`` (the stream ends, and
                      the client comes back)
                    - ``store``: where the events are found that a client has missed, for example a
                      ``RingStore``; None by default
                    - ``close_timeout``: seconds that an endpoint has for its clean-up when it is
                      cancelled; 2 by default
    :raises TypeError: there is no such option.
    :raises ValueError: an option has a value that cannot be.
    """

    name = "sse"

    def __init__(self, **options: "Any") -> None:
        check_options(options)
        #: The options that were given.
        self.options = options
        #: The ``SSE`` objects of the streams that are open.
        self.streams: "set[SSE]" = set()

    def microdot_drain(self, app: "Any") -> None:
        """End the open streams after what is queued, so that shutdown need not wait for them."""
        for sse in list(self.streams):
            sse.close()
