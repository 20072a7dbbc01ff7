"""``Request``: one HTTP request. Everything beyond its first line is computed on demand."""

from ._compat import CPYTHON

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

if TYPE_CHECKING or CPYTHON:
    from .request_extra import Members as Extra
else:
    from ._compat import Lazy as Extra  # type: ignore[assignment]


class Request(Extra):
    """An HTTP request.

    Handlers receive it; ``Request.create`` and the servers make it.

    :param app: the application that received the request.
    :param client_addr: ``(host, port)`` of the client.
    :param method: the method, as received.
    :param url: path and query string, as received.
    :param http_version: for example ``"1.1"``.
    :param headers: a mapping, or a list of (name, value) pairs in which names may repeat.
    :param body: the body, when it has been read already.
    :param stream: the asynchronous stream to read the body from.
    :param sock: the (reader, writer) pair of the connection.
    :param url_prefix: where the matching sub-application is mounted.
    :param subapp: the innermost mounted application the route belongs to.
    :param scheme: ``"http"`` or ``"https"``.
    :param route: the endpoint function.
    """

    _extra = "microdot.request_extra"

    #: A declared body length above this many bytes is answered with 413.
    max_content_length = 16 * 1024
    #: Bodies up to this many bytes are read before the handler runs; larger ones are streamed.
    max_body_length = 16 * 1024
    #: The longest request line, in bytes with its line end.
    max_readline = 2 * 1024

    # Set by the route lookup: the url_map entry, 404 or 405; the local sub-applications
    # of the route from the outermost inwards.
    _match: "Any" = None
    _chain: "Any" = ()
    # What the framing of the message says, once known.
    _length: "int | None" = None
    # Data shared between the hooks and handlers of one request; handlers to run after it.
    _headers: "Any" = None
    _g: "Any" = None
    _after: "Any" = None
    _url_args: "Any" = None

    def __init__(
        self,
        app: "Any",
        client_addr: "Any",
        method: str,
        url: str,
        http_version: str,
        headers: "Any",
        body: "bytes | None" = None,
        stream: "Any" = None,
        sock: "Any" = None,
        url_prefix: str = "",
        subapp: "Any" = None,
        scheme: "str | None" = None,
        route: "Any" = None,
    ) -> None:
        self.app = app
        self.client_addr = client_addr
        self.method = method
        self.url = url
        self.http_version = http_version
        self._fields = headers
        self._body = body
        self._stream = stream
        self._sock = sock
        self.url_prefix = url_prefix
        self.subapp = subapp
        self.scheme = scheme or "http"
        self.route = route
        self.path, found, query = url.partition("?")
        #: The text after the first ``?``, None without one.
        self.query_string = query if found else None

    @property
    def headers(self) -> "Any":
        """The header fields, a ``NoCaseDict``; repeated fields are joined (RFC 9110 5.3)."""
        if self._headers is None:
            from microdot.content import join_fields

            self._headers = join_fields(self._fields)
        return self._headers

    @staticmethod
    async def create(
        app: "Any",
        client_reader: "Any",
        client_writer: "Any",
        client_addr: "Any",
        scheme: "str | None" = None,
    ) -> "Request | None":
        """Read one request from a stream.

        :param app: the application, only stored.
        :param client_reader: a stream with ``readline``, ``read`` and ``readexactly``.
        :param client_writer: the other direction, only stored.
        :param client_addr: the client's address, only stored.
        :param scheme: ``"http"`` or ``"https"``.
        :returns: the request, or None when the stream ended before it began.
        :raises ValueError: a line is longer than ``max_readline``.
        :raises ProtocolError: the bytes are no valid request.
        """
        from microdot.content import create

        return await create(app, client_reader, client_writer, client_addr, scheme)  # type: ignore[no-any-return]
