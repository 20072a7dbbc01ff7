"""Requests made of an ASGI scope; what is not asked for is not computed."""

from typing import Any, Callable
from urllib.parse import quote

from ..errors import ProtocolError
from ..fields import bad_target, is_number
from ..request import Request
from ..targets import other_form
from .fields import decode_pairs

#: What a path may have besides letters and digits (RFC 3986 3.3).
_PATH = "/:@!$&'()*+,;=-._~"
#: Methods whose requests have no body unless they say so.
_BODILESS = ("GET", "HEAD", "OPTIONS")
#: Versions of HTTP in which a request does not say whether it has one.
_WITHOUT_FRAMING = ("2", "2.0", "3", "3.0")
#: ``raw_path`` -> the path, checked.
_targets: "dict[bytes, str]" = {}


class _Lazy:
    # Computed with the first use, then an attribute like any other.

    def __init__(self, compute: "Callable[[Any], Any]") -> None:
        self._compute = compute
        self._name = compute.__name__
        self.__doc__ = compute.__doc__

    def __get__(self, request: Any, owner: Any) -> Any:
        if request is None:
            return self
        value = request.__dict__[self._name] = self._compute(request)
        return value


def local_path(path: str, root: str) -> str:
    """Return a path without the path that the application is mounted at.

    :param path: a percent-encoded path.
    :param root: the ``root_path`` of a scope. What does not begin with it is returned as it is:
                 some servers have removed it already.
    """
    root = root.rstrip("/")
    for prefix in (root, quote(root, _PATH + "%"), quote(root, _PATH)):
        if prefix and path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("", "/"):
            return path[len(prefix) :] or "/"
    return path


def target(scope: "dict[str, Any]") -> str:
    """Return the path of a scope, percent-encoded, as the client has sent it.

    :raises ProtocolError: 400, it is none.
    """
    raw = scope.get("raw_path")
    if raw:
        path = str(raw, "latin-1")
        if "?" in path:  # some servers leave the query string there
            path = path[: path.index("?")]
    else:
        try:
            path = quote(scope.get("path") or "/", _PATH)
        except UnicodeError:
            raise ProtocolError() from None
        if path == "%2A":
            path = "*"
    if bad_target(path):
        raise ProtocolError()
    if raw and len(raw) <= 128:
        if len(_targets) >= 500:
            _targets.clear()
        _targets[raw] = path
    return path


class ASGIRequest(Request):
    """A request that an ASGI server has received.

    ``asgi_scope`` is the scope; ``path`` and ``url`` are percent-encoded, as on the built-in server,
    and without the scope's ``root_path``.

    :param app: the application.
    :param scope: an ``http`` or ``websocket`` scope.
    :param receive: the server's function to receive messages.
    :param send: the server's function to send messages.
    :raises ProtocolError: the scope holds no valid request.
    """

    # Not assigned for each request: most are never used.
    _body = None
    _stream = None
    _sock = None
    url_prefix = ""
    subapp = None
    route = None
    _length = 0
    #: A body is expected whose length is not known.
    _open = False

    def __init__(self, app: Any, scope: "dict[str, Any]", receive: Any, send: Any) -> None:
        self.app = app
        self.asgi_scope = scope
        self._receive = receive
        self._send = send
        get = scope.get
        self.method = get("method") or "GET"
        path = _targets.get(get("raw_path")) or target(scope)  # type: ignore[arg-type]
        root = get("root_path")
        if root:
            path = local_path(path, root)
            self.root_path = root
        headers = self._raw = dict(get("headers") or ())
        if path[:1] != "/":
            path, authority = other_form(self.method, path)
            if authority:  # RFC 9112 3.2.2: it replaces the Host field
                fields = [pair for pair in decode_pairs(scope["headers"]) if pair[0] != "Host"]
                self.__dict__["_fields"] = [("Host", authority), *fields]
        self.path = path
        query = get("query_string")
        if query and bad_target(str(query, "latin-1")):
            raise ProtocolError()
        if b"content-length" in headers:
            length = str(headers[b"content-length"], "latin-1")
            if not is_number(length):
                raise ProtocolError()
            self._length = int(length)
        elif (
            b"transfer-encoding" in headers
            or self.method not in _BODILESS
            # RFC 9112 6.3: without these two fields, HTTP/1 has none.
            or get("http_version") in _WITHOUT_FRAMING
        ):
            self._open = True

    @property
    def content_length(self) -> int:
        """The declared length of the body in bytes, 0 when there is none."""
        return int(self._raw.get(b"content-length") or 0)

    def _field(self, name: str) -> Any:
        if self._headers is not None:
            return self._headers.get(name)
        value = self._raw.get(name.encode("latin-1"))
        return None if value is None else str(value, "latin-1").strip(" \t")

    @_Lazy
    def _fields(self) -> Any:
        return decode_pairs(self.asgi_scope.get("headers") or ())

    @_Lazy
    def query_string(self) -> "str | None":
        """The query string as received, None without one."""
        query = self.asgi_scope.get("query_string")
        return str(query, "latin-1") if query else None

    @_Lazy
    def url(self) -> str:
        """Path and query string."""
        return self.path + ("?" + self.query_string if self.query_string else "")

    @_Lazy
    def client_addr(self) -> "tuple[Any, Any]":
        """``(host, port)`` of the client; ``("", 0)`` where the server knows none."""
        client = self.asgi_scope.get("client")
        return (client[0], client[1]) if client and len(client) > 1 else ("", 0)

    @_Lazy
    def scheme(self) -> str:
        """``"http"`` or ``"https"``."""
        scheme = self.asgi_scope.get("scheme") or "http"
        return {"ws": "http", "wss": "https"}.get(scheme, scheme)

    @_Lazy
    def http_version(self) -> str:
        """For example ``"HTTP/1.1"``."""
        return "HTTP/" + (self.asgi_scope.get("http_version") or "1.1")

    @_Lazy
    def _connection(self) -> Any:
        from microdot.adapters.asgi_exchange import Exchange

        return Exchange(self.app, self.asgi_scope, self._receive, self._send)
