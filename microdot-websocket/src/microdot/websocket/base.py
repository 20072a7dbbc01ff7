"""``BaseWebSocket``: what is the same on every kind of server."""

from .errors import WebSocketError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class BaseWebSocket:
    """A WebSocket connection, seen from the server; how it talks to the client comes with a subclass.

    The attributes in capitals are the opcodes of RFC 6455 5.2. Those in small letters are the
    defaults of options; ``WebSockets(...)`` sets them for an application, ``with_websocket(...)``
    for a route.

    :param request: the request that opened it.
    """

    CONT = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10

    #: Longest message in bytes: 0 for any, -1 for the longest body that is read before a handler.
    max_message_length = -1
    #: Longest frame in bytes, 0 for no limit but that of the message.
    max_frame_length = 0
    #: Bytes that may wait for a slow client before ``post()`` refuses to add more.
    max_queue = 65536
    #: Seconds of silence after which the client is asked whether it is still there; 0 for never.
    ping_interval: float = 30
    #: Seconds it has for any sign of life after that.
    ping_timeout: float = 30
    #: Seconds that the closing handshake may take.
    close_timeout: float = 5
    #: Origins whose pages may connect: None for all; see ``handshake.check_origin``.
    origins: "Any" = None
    #: Names of subprotocols, the preferred one first.
    subprotocols: "Any" = ()
    #: Offer permessage-deflate (RFC 7692); on CPython only.
    compression = False

    _plugin: "Any" = None

    def __init__(self, request: "Any") -> None:
        self.request = request
        #: The connection is closed, or being closed.
        self.closed = False
        #: The subprotocol that was agreed on, or None.
        self.subprotocol: "str | None" = None
        #: How the connection ended (RFC 6455 7.4), None while it is open.
        self.close_code: "int | None" = None
        self.close_reason = ""

    def configure(self, options: "dict[str, Any]") -> None:
        """Set options of this connection."""
        for name in options:
            setattr(self, name, options[name])

    async def negotiate(self) -> str:
        """Check the opening handshake, choose the subprotocol; return the client's key.

        :raises HTTPException: 400, 403 or 426.
        """
        from .handshake import check, check_origin, choose_subprotocol

        key = check(self.request)
        check_origin(self.request, self.origins)
        self.subprotocol = choose_subprotocol(self.request, self.subprotocols)
        return key

    def opened(self) -> None:
        """Take part in what the plugin does to open connections."""
        from .routes import find_plugin

        self._plugin = find_plugin(self.request)
        if self._plugin is not None:
            self._plugin.sockets.append(self)

    def ended(self, code: int, reason: str) -> None:
        """Note how the connection ended; what is done with it from now on fails."""
        if not self.closed:
            self.closed = True
            self.close_code = code
            self.close_reason = reason
            if self._plugin is not None:
                self._plugin.sockets.remove(self)

    def _error(self) -> WebSocketError:
        return WebSocketError(self.close_code or 1006, self.close_reason)

    async def receive(self) -> "Any":
        """Return the next message.

        :raises WebSocketError: the connection has ended.
        """
        raise NotImplementedError

    def __aiter__(self) -> "BaseWebSocket":
        """Iterate over the messages until the connection ends, in whatever way."""
        return self

    async def __anext__(self) -> "Any":
        try:
            return await self.receive()
        except WebSocketError:
            raise StopAsyncIteration
