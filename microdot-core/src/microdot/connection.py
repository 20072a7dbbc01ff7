"""One HTTP connection over some transport: requests in, framed responses out, keep or close."""

from .frame import frame
from .http11 import Parser
from .request import Request
from .response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Connection:
    """The part of a connection that is the same on every transport.

    A transport adds ``write(data)``, ``drain()``, ``post(data, limit)``, ``fill(timeout)``,
    ``abort()``, ``lost`` and ``taken``; ``fill`` and ``drain`` raise OSError when the peer has gone, ``fill`` a
    ``ProtocolError`` 408 when it is silent for too long.

    :param server: the server, with ``app``, ``now`` and ``stopping``.
    :param peer: the client's address.
    :param secure: the connection is encrypted.
    """

    if TYPE_CHECKING:

        def write(self, data: bytes) -> None: ...

        async def drain(self) -> None: ...

        async def fill(self, timeout: "float | None") -> None: ...

        def post(self, data: bytes, limit: int) -> bool: ...

        def watch(self) -> "Any": ...

        def abort(self) -> None: ...

    #: The transport is closed, or the peer is gone.
    lost = False
    #: When the server's clock says so, ``expire()`` is called; None without a wait.
    deadline: "Any" = None
    #: The stream with which the handler took over the connection.
    taken: "Any" = None
    #: The request in progress, None between two.
    request: "Any" = None
    #: Another request may follow.
    keep = False
    #: ``100 Continue`` was sent for the request in progress.
    continued = False

    def __init__(self, server: "Any", peer: "Any", secure: bool) -> None:
        self.server = server
        self.app = app = server.app
        self.peer = peer
        self.scheme = "https" if secure else "http"
        line = app.max_readline
        self.parser = Parser(
            Request.max_readline if line is None else line, app.max_head_size, app.max_fields
        )

    async def exchange(self, head: "Any", error: "Any" = None) -> None:
        """Answer one request.

        :param head: method, target and version of the request; None when it was none.
        :param error: the ``ProtocolError`` to answer in that case.
        """
        app = self.app
        parser = self.parser
        request: "Any" = None
        if head is not None:
            fields = parser.fields
            request = Request(
                app, self.peer, head[0], head[1], head[2], fields.pairs, scheme=self.scheme
            )
            request._connection = self
            request._length = fields.length if fields.length > 0 else 0
            self.keep = fields.keep_alive and not self.server.stopping
            if parser.left:
                from microdot.body import receive

                error = await receive(self, request)
        else:
            self.keep = False
        self.request = request
        response = await app.dispatch_request(request, error)
        if response is Response.already_handled or self.taken is not None:
            self.keep = False
            if self.taken is not None:
                await self.taken.finish()
            return
        if error is not None:
            self.keep = False
        try:
            await self.send(request, response)
        except OSError:
            self.keep = False
            if not self.lost:
                self.abort()
        if app.debug:
            print(
                request.method if request else "-",
                request.path if request else "-",
                response.status_code,
            )
        self.request = None
        if parser.left and not self.lost:
            from microdot.body import discard

            await discard(self)

    async def send(self, request: "Any", response: Response) -> None:
        """Send a response; one that cannot be sent becomes a 500.

        :raises OSError: the peer has gone.
        """
        chunks: "Any" = None
        try:
            body = response.body
            if isinstance(body, str):  # a hook may have put it there
                response.body = body = body.encode()
            if not (body is None or isinstance(body, bytes)):
                chunks = response.body_iter()
            head, body = self.frame(request, response, chunks)
        except Exception as error:
            from microdot.framing import unsendable

            head, body = await unsendable(self, request, error, chunks)
            chunks = None
        if chunks is None:
            self.write(head + body if body else head)
            await self.drain()
        else:
            from microdot.framing import stream

            await stream(self, request, response, head, chunks)

    frame = frame

    def has_ready(self, request: "Any", response: Response) -> bool:
        """Tell whether the message for an untouched file response is ready to be sent."""
        return False

    async def fill_body(self) -> None:
        """Wait for more of the request body, and ask for it first if the client waits for that."""
        if self.parser.fields.expect and not self.continued and not self.parser.buffer:
            self.continued = True
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            await self.drain()
        await self.fill(self.app.body_timeout)

    def take_over(self) -> "Any":
        """Return the (reader, writer) pair for a handler that takes the connection over."""
        from .takeover import RawStream

        stream = RawStream(self)
        return stream, stream
