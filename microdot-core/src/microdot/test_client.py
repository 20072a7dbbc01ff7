"""``TestClient``: requests to an application without a server, for tests."""

import json

from .fields import encode_head
from .http11 import Parser
from .request import Request
from .response import Response
from .test_request import encode_request, update_jar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .test_stream import TestStream

__all__ = ["TestClient", "TestResponse"]


class TestResponse:
    """A response as a test sees it; every field is None when the handler answered by itself."""

    __test__ = False

    def __init__(self) -> None:
        self.status_code: "int | None" = None
        #: The reason phrase, where the application set one.
        self.reason: "str | None" = None
        #: The header fields; ``Set-Cookie`` is a list.
        self.headers: "Any" = {}
        #: The body as bytes, None for HEAD.
        self.body: "bytes | None" = None
        #: The body as text, None when it is not UTF-8.
        self.text: "str | None" = None
        #: The parsed body of a JSON response.
        self.json: "Any" = None
        #: The events of a ``text/event-stream`` response.
        self.events: "list[dict[str, Any]] | None" = None

    @classmethod
    async def create(cls, res: Response) -> "TestResponse":
        """Return the test's view of a response; its body is read to the end.

        :param res: the response.
        """
        self = cls()
        chunks = self._begin(res)
        if chunks is None:
            return self
        try:
            if res.is_head:
                return self
            pieces = []
            async for chunk in chunks:
                pieces.append(chunk)
            self.body = b"".join(pieces)
        finally:
            await chunks.aclose()
        try:
            self.text = self.body.decode()
        except UnicodeError:
            return self
        kind = str(self.headers.get("Content-Type", "")).split(";")[0].strip().lower()
        if kind == "application/json" or kind[-5:] == "+json":
            self.json = json.loads(self.text) if self.text else None
        elif kind == "text/event-stream":
            from .test_events import parse_events

            self.events = parse_events(self.body)
        return self

    def _begin(self, res: Response) -> "Any":
        # Take the head; return an iterator over the body, None when there is nothing to see.
        if res is Response.already_handled:
            return None
        if isinstance(res.body, str):
            res.body = res.body.encode()
        elif isinstance(res.body, (bytes, bytearray)) or res.body is None:
            res.body = bytes(res.body or b"")
        chunks = res.body_iter()
        res.complete()
        self.status_code = res.status_code
        self.reason = res._reason
        self.headers = res.headers
        cookies = self.headers.get("Set-Cookie")
        if cookies is not None and not isinstance(cookies, (list, tuple)):
            self.headers["Set-Cookie"] = [cookies]
        # What a server would refuse to send is an error here, too.
        encode_head(res.status_code, res._reason, res.headers.items())
        return chunks


class _Memory:
    # The connection that a request in memory comes from: all of it has arrived.

    lost = False
    continued = True

    def __init__(self, app: "Any", parser: Parser) -> None:
        self.app = app
        self.parser = parser
        self.keep = False

    async def fill_body(self) -> None:
        raise OSError(104, "Connection lost")

    def take_over(self) -> "Any":
        return (None, None)


class TestClient:
    """Sends requests to an application, in memory.

    :param app: the application.
    :param cookies: cookies to start with: name to value, or name to (value, path).
    :param scheme: what ``request.scheme`` is to be.
    :param host: the Host field.
    """

    __test__ = False

    def __init__(
        self,
        app: "Any",
        cookies: "dict[str, Any] | None" = None,
        scheme: "str | None" = None,
        host: "str | None" = None,
    ) -> None:
        self.app = app
        self.cookies: "dict[str, Any]" = {} if cookies is None else cookies
        self.scheme = scheme
        self.host = host or "example.com:1234"

    async def request(
        self,
        method: str,
        path: str,
        headers: "dict[str, Any] | None" = None,
        body: "Any" = None,
        sock: "Any" = None,
    ) -> TestResponse:
        """Send a request and return the response; redirects are not followed.

        :param method: the method.
        :param path: the path, with the query string.
        :param headers: header fields.
        :param body: text, bytes, or a dictionary or list to be sent as JSON.
        :param sock: what ``request.sock`` is to be.
        """
        response = await self._dispatch(method, path, headers, body, sock)
        result = await TestResponse.create(response)
        update_jar(self.cookies, result.headers.get("Set-Cookie") or ())
        return result

    async def stream(
        self,
        method: str,
        path: str,
        headers: "dict[str, Any] | None" = None,
        body: "Any" = None,
        timeout: float = 5,
    ) -> "TestStream":
        """Send a request and return the response while it is being made, to be read piece by piece.

        :param method: the method.
        :param path: the path, with the query string.
        :param headers: header fields.
        :param body: text, bytes, or a dictionary or list to be sent as JSON.
        :param timeout: seconds that a read waits at most.
        """
        from .test_stream import TestStream

        response = await self._dispatch(method, path, headers, body, None)
        head = TestResponse()
        chunks = head._begin(response)
        update_jar(self.cookies, head.headers.get("Set-Cookie") or ())
        if chunks is not None and response.is_head:
            await chunks.aclose()
            chunks = None
        return TestStream(head.status_code, head.reason, head.headers, chunks, timeout)

    async def _dispatch(
        self,
        method: str,
        path: str,
        headers: "dict[str, Any] | None",
        body: "Any",
        sock: "Any",
    ) -> Response:
        if self.app._plan is None:
            # What a server would find when it starts: plugins that do not go together.
            self.app._compile()
        parser = Parser(65536, 1 << 20, 1000)
        parser.receive(encode_request(method, path, headers, body, self.host, self.cookies))
        request = error = None
        try:
            head = parser.head()
            assert head is not None
        except Exception as refused:
            error = refused
        else:
            request = Request(
                self.app,
                ("127.0.0.1", 1234),
                head[0],
                head[1],
                head[2],
                parser.fields.pairs,
                sock=sock,
                scheme=self.scheme,
            )
            if parser.left:
                from .body import receive

                request._length = max(parser.left, 0)
                error = await receive(_Memory(self.app, parser), request)
        return await self.app.dispatch_request(request, error)  # type: ignore[no-any-return]

    async def get(self, path: str, headers: "dict[str, Any] | None" = None) -> TestResponse:
        """Send a GET request; see ``request``."""
        return await self.request("GET", path, headers)

    async def post(
        self, path: str, headers: "dict[str, Any] | None" = None, body: "Any" = None
    ) -> TestResponse:
        """Send a POST request; see ``request``."""
        return await self.request("POST", path, headers, body)

    async def put(
        self, path: str, headers: "dict[str, Any] | None" = None, body: "Any" = None
    ) -> TestResponse:
        """Send a PUT request; see ``request``."""
        return await self.request("PUT", path, headers, body)

    async def patch(
        self, path: str, headers: "dict[str, Any] | None" = None, body: "Any" = None
    ) -> TestResponse:
        """Send a PATCH request; see ``request``."""
        return await self.request("PATCH", path, headers, body)

    async def delete(self, path: str, headers: "dict[str, Any] | None" = None) -> TestResponse:
        """Send a DELETE request; see ``request``."""
        return await self.request("DELETE", path, headers)

    async def query(
        self, path: str, headers: "dict[str, Any] | None" = None, body: "Any" = None
    ) -> TestResponse:
        """Send a QUERY request; see ``request``."""
        return await self.request("QUERY", path, headers, body)

    async def websocket(
        self, path: str, client: "Any", headers: "dict[str, Any] | None" = None
    ) -> TestResponse:
        """Talk to a WebSocket handler; needs the microdot-websocket distribution.

        :param path: the path.
        :param client: a function that returns a generator or asynchronous generator; it yields
            the client's messages and receives the server's.
        :param headers: header fields.
        :raises ImportError: microdot-websocket is not installed.
        """
        try:
            from .websocket.testing import converse  # pyright: ignore
        except ImportError:
            raise ImportError("TestClient.websocket() needs the distribution microdot-websocket")
        return await converse(self, path, client, headers)  # type: ignore[no-any-return]
