"""``Request``: one HTTP request. Everything beyond its first line is computed on demand."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


class Request:
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

    #: A declared body length above this many bytes is answered with 413.
    max_content_length = 16 * 1024
    #: Bodies up to this many bytes are read before the handler runs; larger ones are streamed.
    max_body_length = 16 * 1024
    #: The longest request line, in bytes with its line end.
    max_readline = 2 * 1024

    class G:
        """A bag of attributes for the time of one request."""

    #: Whether the body has been consumed as a stream.
    body_used = False
    asgi_scope: "Any" = None
    environ: "Any" = None
    # Values computed on demand; the class attribute says "not yet".
    _headers: "Any" = None
    _cookies: "Any" = None
    _args: "Any" = None
    _json: "Any" = None
    _form: "Any" = None
    _files: "Any" = None
    _g: "Any" = None
    _after: "Any" = None
    _url_args: "Any" = None
    # Set by the route lookup: the url_map entry, 404 or 405; the local sub-applications
    # of the route from the outermost inwards.
    _match: "Any" = None
    _chain: "Any" = ()
    # What the framing of the message says, once known.
    _length: "int | None" = None
    # The connection, when one of our servers received the request.
    _connection: "Any" = None
    # The body is larger than max_body_length and was left to the stream.
    _streamed = False

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
        from .body import create

        return await create(app, client_reader, client_writer, client_addr, scheme)

    @property
    def headers(self) -> "Any":
        """The header fields, a ``NoCaseDict``; repeated fields are joined (RFC 9110 5.3)."""
        if self._headers is None:
            from .body import join_fields

            self._headers = join_fields(self._fields)
        return self._headers

    def _field(self, name: str) -> "Any":
        # One field, without building the dictionary for it.
        if self._headers is None and isinstance(self._fields, list):
            for pair in self._fields:
                if pair[0].lower() == name:
                    return pair[1]
            return None
        return self.headers.get(name)

    @property
    def content_length(self) -> int:
        """The declared length of the body in bytes, 0 when there is none."""
        if self._length is None:
            value = self._field("content-length")
            self._length = int(value) if value else 0
        return self._length

    @property
    def content_type(self) -> "str | None":
        """The Content-Type field as received, or None."""
        return self._field("content-type")  # type: ignore[no-any-return]

    @property
    def args(self) -> "Any":
        """The arguments of the query string, a ``MultiDict``."""
        if self._args is None:
            from .urls import parse_query

            self._args = parse_query(self.query_string or "")
        return self._args

    @property
    def cookies(self) -> "dict[str, str]":
        """The cookies, name to value; of two with one name, the first, more specific one."""
        if self._cookies is None:
            from .cookies import parse_cookies

            self._cookies = parse_cookies(self.headers.get("Cookie", ""))
        return self._cookies  # type: ignore[no-any-return]

    @property
    def url_args(self) -> "dict[str, Any]":
        """The dynamic parts of the path, name to value."""
        if self._url_args is None:
            self._url_args = {}
        return self._url_args  # type: ignore[no-any-return]

    @url_args.setter
    def url_args(self, value: "dict[str, Any]") -> None:
        self._url_args = value

    @property
    def g(self) -> "Any":
        """A bag of attributes, fresh for each request."""
        if self._g is None:
            self._g = Request.G()
        return self._g

    @property
    def sock(self) -> "Any":
        """The (reader, writer) pair of the connection, for handlers that take it over."""
        if self._sock is None and self._connection is not None:
            self._sock = self._connection.take_over()
        return self._sock

    @property
    def body(self) -> bytes:
        """The body; ``b""`` without one, or when it is larger than ``max_body_length``."""
        return self._body or b""

    @property
    def stream(self) -> "Any":
        """An asynchronous stream over the body, bounded to it."""
        if self._stream is None:
            from .streams import AsyncBytesIO

            self._stream = AsyncBytesIO(self._body or b"")
        return self._stream

    @property
    def json(self) -> "Any":
        """The parsed body of an ``application/json`` or ``+json`` request, else None.

        :raises HTTPException: 400 for malformed JSON, 413 for a body that was not read.
        """
        if self._json is None:
            from .body import parse_json

            # In a tuple: a body of "null" is parsed once, too.
            self._json = (parse_json(self),)
        return self._json[0]

    @property
    def form(self) -> "Any":
        """The fields of a form: a ``MultiDict`` for a url-encoded one, else None.

        Multipart forms need the microdot-multipart distribution.

        :raises HTTPException: 413 for a body that was not read.
        """
        if self._form is None:
            from .body import parse_form

            self._form = parse_form(self)
        return self._form

    @property
    def files(self) -> "Any":
        """The uploaded files of a multipart form, else None."""
        return self._files

    @property
    def after_request_handlers(self) -> "list[Callable[..., Any]]":
        """What ``after_request`` registered for this request."""
        if self._after is None:
            self._after = []
        return self._after  # type: ignore[no-any-return]

    def after_request(self, f: "Callable[..., Any]") -> "Callable[..., Any]":
        """Register ``f(request, response)`` to run after this request only; return ``f``.

        It runs when the handler completed, before the response is sent. It
        may return a response that takes the place of the one given.
        """
        self.after_request_handlers.append(f)
        return f
