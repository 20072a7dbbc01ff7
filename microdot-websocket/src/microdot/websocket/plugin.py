"""``WebSockets``: the plugin that sets options for an application, and says goodbye at shutdown."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .socket import WebSocket

OPTIONS = (
    "close_timeout",
    "compression",
    "max_frame_length",
    "max_message_length",
    "max_queue",
    "origins",
    "ping_interval",
    "ping_timeout",
    "subprotocols",
)


def check_options(options: "dict[str, Any]") -> None:
    """Refuse options that there are not.

    :raises TypeError: it names them.
    """
    unknown = sorted([name for name in options if name not in OPTIONS])
    if unknown:
        raise TypeError(
            "no WebSocket option %s; there are %s" % (", ".join(unknown), ", ".join(OPTIONS))
        )
    if options.get("compression"):
        from ._compat import CPYTHON

        if not CPYTHON:
            raise ValueError("WebSocket compression is there on CPython only")


class WebSockets:
    """Options for the WebSockets of an application; the attributes of ``WebSocket`` describe them.

    On CPython it takes part as soon as it is installed, with the defaults.

    :param options: the options.
    :raises TypeError: there is no such option.
    """

    name = "websocket"

    def __init__(self, **options: "Any") -> None:
        check_options(options)
        self.options = options
        #: The connections that are open.
        self.sockets: "list[WebSocket]" = []

    async def microdot_drain(self, app: "Any") -> None:
        """Close every connection with 1001, "going away"."""
        for socket in list(self.sockets):
            await socket.close(1001, "server shutdown")
