"""WebSocket (RFC 6455) for Microdot."""

from .routes import websocket_upgrade, websocket_wrapper, with_websocket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .errors import WebSocketError
    from .plugin import WebSockets
    from .socket import WebSocket

__all__ = [
    "WebSocket",
    "WebSocketError",
    "WebSockets",
    "websocket_upgrade",
    "websocket_wrapper",
    "with_websocket",
]

_HOMES = {"WebSocket": "socket", "WebSocketError": "errors", "WebSockets": "plugin"}


def __getattr__(name: str) -> "Any":
    # The decorators are all that most applications import; the rest comes with the first socket.
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(__import__("microdot.websocket." + _HOMES[name], None, None, ("",)), name)
