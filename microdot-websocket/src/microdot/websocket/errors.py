"""``WebSocketError``: the one exception of a WebSocket connection."""


class WebSocketError(OSError):
    """The connection cannot be used any more: the peer closed it, left, or broke the protocol.

    An ``OSError`` with ``errno`` 32 (EPIPE), so that code which expects a broken connection works.

    :param code: the close code (RFC 6455 7.4): what the peer sent, or what was sent to it; 1005
                 for a close without a code, 1006 for a connection that ended without a close.
    :param reason: the text that came with it, or what is wrong.
    """

    def __init__(self, code: int = 1006, reason: str = "") -> None:
        super().__init__(32, "WebSocket closed with %d%s" % (code, reason and ": " + reason))
        self.code = code
        self.reason = reason
