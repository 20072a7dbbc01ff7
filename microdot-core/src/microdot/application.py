"""``Microdot``: what an application is written against."""

from ._compat import CPYTHON
from .dispatch import dispatch
from .errors import HTTPException
from .routing import URLPattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, TypeVar

    Handler = TypeVar("Handler", bound=Callable[..., Any])

if TYPE_CHECKING or CPYTHON:
    from .application_extra import Members as Extra
else:
    from ._compat import Lazy as Extra  # type: ignore[assignment]


class Microdot(Extra):
    """A web application.

    :param options: values for the attributes below, for example ``idle_timeout=30``.
    :raises TypeError: there is no such option.
    """

    _extra = "microdot.application_extra"

    #: Which installed plugins take part without ``use()``: True, False or a list of names.
    autoload: "bool | list[str]" = True
    #: Longest request body, and longest one read before the handler runs, in bytes;
    #: None for the values of ``Request``.
    max_content_length: "int | None" = None
    max_body_length: "int | None" = None
    #: Longest request line, in bytes; None for ``Request.max_readline``.
    max_readline: "int | None" = None
    #: Longest request head in bytes, and the most header fields in it.
    max_head_size = 16384
    max_fields = 100
    #: Most simultaneous connections; None for what suits the platform.
    max_connections: "int | None" = None
    #: Seconds: to receive a head, between two pieces of a body, between two requests,
    #: until the peer takes a piece of the response, and to finish at shutdown.
    header_timeout: float = 10
    body_timeout: float = 20
    idle_timeout: float = 30
    write_timeout: float = 20
    grace_period: float = 5

    ssl: "Any" = False
    debug = False
    #: The asyncio server once started.
    server: "Any" = None
    _runner: "Any" = None
    _plan: "Any" = None
    _table: "Any" = None
    _plugins: "Any" = None
    _subapps: "list[Any]" = []
    _parents: "list[Any]" = []

    def __init__(self, **options: "Any") -> None:
        #: The routes: (methods, pattern, handler, prefix, sub-application or None).
        self.url_map: "list[Any]" = []
        self.before_request_handlers: "list[Any]" = []
        self.after_request_handlers: "list[Any]" = []
        self.after_error_request_handlers: "list[Any]" = []
        #: Status code or exception class -> handler.
        self.error_handlers: "dict[Any, Any]" = {}
        if options:
            self._set_options(options)

    def route(
        self,
        url_pattern: str,
        methods: "list[str] | None" = None,
        max_content_length: "int | None" = None,
        max_body_length: "int | None" = None,
    ) -> "Callable[[Handler], Handler]":
        """Return a decorator that registers a handler, ``f(request, **arguments)``.

        :param url_pattern: the path; dynamic segments are ``<name>`` or ``<type:name>``.
        :param methods: the request methods, ``['GET']`` if omitted.
        :param max_content_length: longest request body of this route, in bytes.
        :param max_body_length: longest body read before the handler runs, in bytes.
        :raises ValueError: the pattern is not well-formed.
        """
        pattern = URLPattern(url_pattern)
        if "<" in url_pattern:
            pattern.segments  # noqa: B018  (a bad pattern is an error here, not with a request)
        if max_content_length is not None or max_body_length is not None:
            pattern.limits = (max_content_length, max_body_length)

        def decorated(f: "Handler") -> "Handler":
            names = [m.upper() for m in methods] if methods else _GET
            self.url_map.append((names, pattern, f, "", None))
            return f

        return decorated

    def get(self, url_pattern: str, **limits: "Any") -> "Callable[[Handler], Handler]":
        """Return a decorator that registers a handler for GET (and HEAD)."""
        return self.route(url_pattern, **limits)

    def post(self, url_pattern: str, **limits: "Any") -> "Callable[[Handler], Handler]":
        """Return a decorator that registers a handler for POST."""
        return self.route(url_pattern, ["POST"], **limits)

    def _compile(self, top: bool = True) -> "Any":
        plan: "Any" = ()
        if CPYTHON or self._plugins is not None or self._subapps:
            from .plan import compile_plan

            plan = compile_plan(self, top)
        if top:
            self._plan = plan
        return plan

    @staticmethod
    def abort(status_code: int, reason: "Any" = None) -> "Any":
        """Stop handling the request with an HTTP error.

        :param status_code: the status code of the response.
        :param reason: the body of the response.
        :raises HTTPException: always.
        """
        raise HTTPException(status_code, reason)

    dispatch_request = dispatch

    async def start_server(
        self,
        host: str = "0.0.0.0",
        port: int = 5000,
        debug: bool = False,
        ssl: "Any" = None,
        start_serving: bool = True,
    ) -> "Any":
        """Serve the application; return after ``shutdown()``.

        :param host: the address to listen at.
        :param port: the port; 0 for any free one.
        :param debug: print a line at the start and for each request.
        :param ssl: an ``ssl.SSLContext`` to serve over TLS.
        :param start_serving: False to get the server object without accepting (CPython).
        :raises TypeError: ``ssl`` is no context.
        :raises ValueError: ``start_serving`` is False on MicroPython.
        """
        from .server import run_server

        return await run_server(self, host, port, debug, ssl, start_serving)

    def run(
        self, host: str = "0.0.0.0", port: int = 5000, debug: bool = False, ssl: "Any" = None
    ) -> None:
        """Serve the application until ``shutdown()``; parameters as of ``start_server``."""
        import asyncio

        asyncio.run(self.start_server(host=host, port=port, debug=debug, ssl=ssl))


_GET = ["GET"]
