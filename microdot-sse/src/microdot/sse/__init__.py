"""Server-Sent Events: ``with_sse`` turns a route into an event stream (WHATWG HTML, section 9.2)."""

from .decorators import CPYTHON, sse_response, with_sse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

if TYPE_CHECKING or CPYTHON:
    from .events import encode_event
    from .plugin import ServerSentEvents
    from .queue import SSE
    from .store import RingStore
else:

    def __getattr__(name: str) -> "Any":
        # A board loads what it uses.
        modules = {
            "SSE": "queue",
            "RingStore": "store",
            "ServerSentEvents": "plugin",
            "encode_event": "events",
        }
        if name not in modules:
            raise AttributeError(name)
        return getattr(__import__("microdot.sse." + modules[name], None, None, ("",)), name)


__all__ = ["SSE", "RingStore", "ServerSentEvents", "encode_event", "sse_response", "with_sse"]
