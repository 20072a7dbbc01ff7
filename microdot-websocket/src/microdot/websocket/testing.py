"""What ``TestClient.websocket`` stands on: a handler and a client that exchange messages in memory."""

import asyncio

from microdot.test_client import TestResponse

from .socket import WebSocket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

#: Messages that may wait for the client before ``send()`` waits.
QUEUE = 16


class Channel:
    """The two directions of a connection in memory; stands for ``request.sock``."""

    def __init__(self) -> None:
        #: The handshake was accepted.
        self.accepted = False
        self.to_server: "list[Any]" = []
        self.to_client: "list[Any]" = []
        #: The handler waits for a message; its end, and the client's end.
        self.receiving = self.server_ended = self.client_ended = False
        self._changed = asyncio.Event()

    def websocket_class(self, request: "Any") -> WebSocket:
        """Return the connection for a request."""
        return MemoryWebSocket(request, self)

    def changed(self) -> None:
        """Let those who wait look again."""
        self._changed.set()

    def has_answer(self, asked: bool) -> bool:
        """Tell whether the client can go on.

        :param asked: it sends nothing, and waits for what the server says by itself.
        """
        waits = self.receiving and not self.to_server and not asked
        return bool(self.to_client) or self.server_ended or waits

    async def wait(self, ready: "Callable[[], Any]") -> None:
        """Wait until ``ready()`` is true."""
        while not ready():
            self._changed.clear()
            await self._changed.wait()


class MemoryWebSocket(WebSocket):
    """A ``WebSocket`` whose client is a generator.

    :param request: the request that opened it.
    :param channel: what connects the two.
    """

    def __init__(self, request: "Any", channel: Channel) -> None:
        super().__init__(request)
        self._channel = channel

    async def handshake(self) -> None:
        """Complete the opening handshake."""
        await self.negotiate()
        self._channel.accepted = True
        self.opened()

    def ended(self, code: int, reason: str) -> None:
        """Note how the connection ended."""
        super().ended(code, reason)
        self._channel.server_ended = True
        self._channel.changed()

    async def receive(self) -> "Any":
        """Return the client's next message."""
        channel = self._channel
        if not self.closed:
            channel.receiving = True
            channel.changed()
            await channel.wait(lambda: channel.to_server or channel.client_ended or self.closed)
            channel.receiving = False
            if channel.to_server and not self.closed:
                return channel.to_server.pop(0)
            self.ended(1005, "")
        raise self._error()

    async def send(self, data: "Any", opcode: "int | None" = None) -> None:
        """Send a message to the client; wait while it does not read."""
        channel = self._channel
        await channel.wait(
            lambda: len(channel.to_client) < QUEUE or channel.client_ended or self.closed
        )
        if not self.post(data, opcode):
            raise self._error()

    def post(self, data: "Any", opcode: "int | None" = None, **fields: "Any") -> bool:
        """Queue a message for the client; False when it cannot be."""
        if not isinstance(data, (str, bytes, bytearray, memoryview)):
            raise TypeError(
                "a WebSocket sends str or bytes, not %s; see json.dumps()" % type(data).__name__
            )
        channel = self._channel
        if channel.client_ended:
            self.ended(1005, "")
        if self.closed or len(channel.to_client) >= QUEUE:
            return False
        if opcode in (None, self.TEXT, self.BINARY):
            channel.to_client.append(data if isinstance(data, str) else bytes(data))
            channel.changed()
        return True

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection."""
        from .protocol import may_be_sent

        if not may_be_sent(code):
            raise ValueError("%d is no close code that may be sent" % code)
        self.ended(code, reason)

    def abort(self) -> None:
        """Cut the connection."""
        self.ended(1006, "the client does not keep up")


async def _run_client(channel: Channel, client: "Any") -> None:
    generator = client()
    answer = None
    try:
        while True:
            try:
                if hasattr(generator, "__anext__"):
                    message = await generator.asend(answer)
                else:
                    message = generator.send(answer)
            except (StopIteration, StopAsyncIteration):
                return
            if message is not None:
                channel.to_server.append(message)
                channel.changed()
            # What the server says; None when it wants the next message and has said nothing.
            asked = message is None
            await channel.wait(lambda: channel.has_answer(asked))  # noqa: B023  (awaited here)
            answer = channel.to_client.pop(0) if channel.to_client else None
            channel.changed()
            if answer is None and channel.server_ended:
                return
    finally:
        channel.client_ended = True
        channel.changed()
        if hasattr(generator, "aclose"):
            await generator.aclose()
        else:
            generator.close()


async def converse(client: "Any", path: str, function: "Any", headers: "Any") -> TestResponse:
    """Run a handler and a client side by side; see ``TestClient.websocket``.

    :param client: the test client.
    :param path: the path.
    :param function: returns the generator that is the client. It yields a message, or None to
                     send nothing, and receives the server's next message; None when the handler
                     waits for another one without having said anything.
    :param headers: header fields, over those of a handshake.
    :returns: a response whose fields are None, or the HTTP response that refuses the handshake.
    :raises Exception: what the generator raised.
    """
    fields = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",  # RFC 6455 1.3
    }
    fields.update(headers or {})
    channel = Channel()

    async def run_client() -> None:
        await channel.wait(lambda: channel.accepted or channel.server_ended)
        if channel.accepted:
            await _run_client(channel, function)

    task = asyncio.create_task(run_client())
    try:
        response: TestResponse = await client.request("GET", path, fields, sock=channel)
    finally:
        channel.server_ended = True
        channel.changed()
        await task
    return TestResponse() if channel.accepted else response
