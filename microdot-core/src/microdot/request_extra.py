"""What a request knows beyond its first line; loaded on first use on a board."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


class Members:
    """The second half of ``Request``: what is computed on demand."""

    if TYPE_CHECKING:
        method: str
        headers: Any
        _headers: Any
        query_string: "str | None"
        _fields: Any
        _body: "bytes | None"
        _stream: Any
        _sock: Any
        _length: "int | None"
        _g: Any
        _after: Any
        _url_args: Any

    class G:
        """A bag of attributes for the time of one request."""

    #: Whether the body has been consumed as a stream.
    body_used = False
    asgi_scope: "Any" = None
    environ: "Any" = None
    #: The part of the path that a proxy or server in front has taken away, ``""`` for none: what a
    #: link to a path of this application begins with.
    root_path = ""
    # Values computed on demand; the class attribute says "not yet".
    _cookies: "Any" = None
    _args: "Any" = None
    _json: "Any" = None
    _form: "Any" = None
    _files: "Any" = None
    # The connection, when one of our servers received the request.
    _connection: "Any" = None
    # The body is larger than max_body_length and was left to the stream.
    _streamed = False

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
            self._g = self.G()
        return self._g

    def vary(self, *names: str) -> None:
        """Have header fields named in the ``Vary`` of the response: what it says depends on them.

        :param names: the names of the fields (RFC 9110 section 12.5.5).
        """
        g = self.g
        if not hasattr(g, "_vary"):
            g._vary = set()
        for name in names:
            g._vary.add(name)

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
            from .content import parse_json

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
            from .content import parse_form

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
