"""One exchange with an ASGI server: the request's body comes in, the response goes out."""

import asyncio
from typing import Any, Dict, List, Optional, Tuple

from ..body import receive as receive_body
from ..errors import ProtocolError
from ..framing import unsendable
from ..helpers import report
from ..response import Response
from .fields import encode_pairs
from .waiting import Interruption, with_first_wait, within

#: Bytes of a file in one message.
PIECE = 262144
#: RFC 9110 7.6.1: of the connection, which is the server's.
_OF_CONNECTION = ("connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade")


class Channel(Tuple[Any, Any]):
    """``request.sock``: the functions ``(receive, send)`` of the server."""

    exchange: "Exchange"

    @property
    def websocket_class(self) -> Any:
        """What ``with_websocket`` makes its connections of."""
        from .asgi_websocket import WebSocket

        return WebSocket


class Exchange:
    """What the pipeline and the request body know as the connection, and its parser.

    :param app: the application.
    :param scope: the scope.
    :param receive: the server's function to receive messages.
    :param send: the server's function to send messages.
    """

    #: The client has gone.
    lost = False
    #: Another request may follow: the server's business.
    keep = False
    #: Bytes of the body still to come, -1 while that is not known.
    left = 0
    #: The response is sent piece by piece.
    streaming = False
    #: The WebSocket that the handler has made of the connection.
    websocket: Any = None

    #: What the messages are called that are sent.
    prefix = "http.response"
    #: The response has begun.
    begun = False

    def __init__(self, app: Any, scope: "Dict[str, Any]", receive: Any, send: Any) -> None:
        self.app = app
        self.scope = scope
        self._receive = receive
        self._send = send
        self.parser = self
        self._data = b""
        self._ended = True
        self._declared = True
        self._watcher: "Optional[asyncio.Task[None]]" = None
        self._interrupt: Optional[Interruption] = None

    def take_over(self) -> Channel:
        """Return what ``request.sock`` is to be."""
        channel = Channel((self._receive, self._send))
        channel.exchange = self
        return channel

    def has_ready(self, request: Any, response: Response) -> bool:
        """Tell whether the message for an untouched file response is ready to be sent: never."""
        return False

    # The body of the request.

    async def receive(self, request: Any, first: Any = None) -> Any:
        """Read the body, or give the request a stream over it, as every transport does.

        :param request: the request.
        :param first: what has been received already, in a list.
        :returns: the ``ProtocolError`` to answer with, None when all is well.
        """
        self._ended = False
        if first is not None:
            try:
                self.take(first[0])
            except OSError:
                return ProtocolError()
        self._declared = request._length > 0
        # A message without a declared length may still have no body at all.
        self.left = request._length or -1
        if not self._declared and not self._is_chunked() and not await self._begin():
            return None
        return await receive_body(self, request)

    def _is_chunked(self) -> bool:
        return any(name == b"transfer-encoding" for name, _ in self.scope.get("headers") or ())

    async def _begin(self) -> bool:
        # False when there is no body: nothing says so but the first message.
        try:
            await self.fill_body()
        except OSError:
            # Nothing was announced, so nothing is missing; whether somebody is there will show.
            self.lost = False
            self._ended = True
        except ProtocolError:
            self._ended = True
        if self._ended and not self._data:
            self.left = 0
            return False
        return True

    def body(self, limit: int = 0) -> Optional[bytes]:
        """Return what has arrived of the body, ``b""`` at its end, None when there is more to come.

        :param limit: ignored; the pieces are those of the server.
        """
        data, self._data = self._data, b""
        if data:
            if self._declared:
                self.left = max(0, self.left - len(data))
                self._ended = self._ended or not self.left
            return data
        if not self._ended:
            return None
        self.left = 0
        if self.streaming:
            self.watch()
        return b""

    async def fill_body(self) -> None:
        """Wait for more of the body.

        :raises ProtocolError: 408, nothing came in time.
        :raises OSError: the client has gone.
        """
        if self.lost:
            raise OSError(104, "Connection lost")
        self.take(await within(self.app.body_timeout, self._receive()))

    def take(self, message: Any) -> None:
        """Take a message with a piece of the body.

        :raises OSError: it is another one: the client has gone.
        """
        if message is None or message.get("type") != "http.request":
            self.lost = True
            raise OSError(104, "Connection lost")
        self._data = message.get("body") or b""
        self._ended = not message.get("more_body")

    # The response.

    async def send(self, message: "Dict[str, Any]") -> None:
        """Send a message.

        :raises OSError: the client has gone.
        """
        if self.lost:
            raise OSError(32, "Broken pipe")
        try:
            await self._send(message)
        except OSError:
            self.lost = True
            raise
        self.begun = True

    def frame(
        self, request: Any, response: Response, chunks: Any
    ) -> "Tuple[Dict[str, Any], Optional[bytes]]":
        """Return the message that begins a response, and its body, None where it is streamed.

        :raises ValueError: it cannot be sent.
        """
        status = response.status_code
        if not isinstance(status, int) or not 100 <= status <= 999:
            raise ValueError("bad status code: %r" % (status,))
        bare = status in (204, 304) or status < 200
        pairs: "List[Tuple[str, Any]]" = []
        length: Optional[str] = None
        typed = False
        for name, value in response.headers.items():
            lower = name.lower()
            if lower == "content-length":
                length = str(value)
                continue
            if lower in _OF_CONNECTION:
                first = str(self.scope.get("http_version", "1.1"))[:1] == "1"
                if not (lower == "connection" and first and "close" in str(value).lower()):
                    continue
                value = "close"
            elif lower == "content-type":
                typed = True
                if status == 204:
                    continue
            pairs.append((name, value))
        if not typed and not bare:
            pairs.append(("Content-Type", response.content_type()))
        body: Any = None
        if chunks is None:
            body = response.body or b""
            if not bare:
                # A handler may announce the length of a body that a HEAD request does not get.
                if not (length and not body and response.is_head):
                    length = str(len(body))
                pairs.append(("Content-Length", length))
            if bare or response.is_head:
                body = b""
        elif not bare and length is not None:
            if not (length.isascii() and length.isdigit()):
                raise ValueError("bad Content-Length: %r" % length)
            pairs.append(("Content-Length", length))
        start = {
            "type": self.prefix + ".start",
            "status": status,
            "headers": encode_pairs(pairs),
        }
        return start, body

    async def respond(self, request: Any, response: Response) -> None:
        """Send a response; one that cannot be sent becomes a 500.

        :raises Exception: the body failed when a part of it was sent; the server has to cut the
                           connection, and reports it.
        """
        chunks: Any = None
        try:
            body = response.body
            if isinstance(body, str):  # a hook may have put it there
                response.body = body = body.encode()
            if not (body is None or isinstance(body, bytes)):
                chunks = response.body_iter()
            start, data = self.frame(request, response, chunks)
        except Exception as error:
            start, data = await self._unsendable(request, error, chunks)
            chunks = None
        try:
            if chunks is None:
                await self._send_whole(start, data or b"")
            else:
                await self._stream(request, response, start, chunks)
        except OSError:
            if not self.lost:
                raise

    async def _unsendable(self, request: Any, error: Exception, chunks: Any) -> Any:
        return await unsendable(self, request, error, chunks)

    async def _send_whole(self, start: "Dict[str, Any]", body: bytes) -> None:
        await self.send(start)
        await self.send({"type": self.prefix + ".body", "body": body, "more_body": False})

    async def _send_piece(self, data: bytes, more: bool) -> None:
        await self.send({"type": self.prefix + ".body", "body": data, "more_body": more})

    async def _stream(
        self, request: Any, response: Response, start: "Dict[str, Any]", chunks: Any
    ) -> None:
        left = -1
        for name, value in start["headers"]:
            if name == b"content-length":
                left = int(value)
        body: Any = response.body
        self.streaming = True
        self._interrupt = interrupt = Interruption()
        try:
            if response.is_head or response.status_code in (204, 304):
                await self._send_whole(start, b"")
            elif hasattr(body, "read_into"):
                await self._send_file(start, body)
            else:
                await self._send_pieces(start, chunks, left, hasattr(body, "__anext__"))
        except asyncio.CancelledError:
            if not interrupt.done:
                raise
        except Exception as error:
            if self.begun or self.lost:
                raise
            await self._send_whole(*await self._unsendable(request, error, None))
        finally:
            self.streaming = False
            if self._watcher is not None:
                self._watcher.cancel()
            if interrupt.done:
                interrupt.take_back()
            try:
                await chunks.aclose()
            except Exception as error:
                report("Exception while closing a response body", error)

    async def _send_pieces(
        self, start: "Dict[str, Any]", chunks: Any, left: int, quiet: bool
    ) -> None:
        # A quiet body may have nothing to say for long: the client is to know that it began, and
        # some servers send nothing before the first piece.
        if quiet:
            await self.send(start)
            self.watch()
        while True:
            try:
                step = chunks.__anext__()
                chunk = await (with_first_wait(step, self._flush) if quiet else step)
            except StopAsyncIteration:
                break
            quiet = False
            if not chunk:
                continue
            if left >= 0:
                left -= len(chunk)
                if left < 0:
                    raise ValueError("the body is longer than its Content-Length")
            if not self.begun:
                await self.send(start)
            elif self._watcher is None:
                self.watch()
            await self._send_piece(chunk, True)
        if left > 0:
            raise ValueError("the body is %d bytes shorter than its Content-Length" % left)
        if not self.begun:
            await self.send(start)
        await self._send_piece(b"", False)

    async def _flush(self) -> None:
        await self._send_piece(b"", True)

    async def _send_file(self, start: "Dict[str, Any]", file: Any) -> None:
        while True:
            wanted = min(file.left, PIECE)
            buffer = bytearray(wanted)
            got = await file.read_into(memoryview(buffer))
            if not self.begun:
                await self.send(start)
            elif self._watcher is None:
                self.watch()
            if got < wanted:
                raise ValueError("the file became shorter while it was sent")
            await self._send_piece(bytes(buffer), bool(file.left))
            if not file.left:
                return

    # The client's leaving.

    def watch(self) -> None:
        """End the response when the client leaves, from now on.

        Not as long as the handler may want the body of the request: its messages are the handler's.
        """
        if self._watcher is None and (self._ended or not self.left) and not self.lost:
            self._watcher = asyncio.get_running_loop().create_task(self._watch())

    async def _watch(self) -> None:
        assert self._interrupt is not None
        finals = 0
        while finals < 2:
            try:
                message = await self._receive()
            except Exception:  # of the server, which knows why
                message = None
            if message is None or message.get("type") == "http.disconnect":
                self.lost = True
                self._interrupt()
                return
            # The end of a body that nobody wanted comes once.
            finals += not message.get("more_body")
