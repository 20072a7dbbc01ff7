"""``CORS``: which other sites' pages may read what an application answers (Fetch standard, section 3.2)."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, TypeVar

    Handler = TypeVar("Handler", bound=Callable[..., Any])


class CORS:
    """Adds the header fields with which pages of other origins may read responses.

    ``app.use(CORS(allowed_origins=["https://example.com"]))`` and ``CORS(app, ...)`` are the same.
    The attributes have the names of the parameters and are read with each request.

    :param app: the application, None to do without for now.
    :param allowed_origins: ``"*"`` for all, or an origin such as ``"https://example.com"``, a
                            compiled regular expression that matches all of an origin, a plain
                            function that is given the origin and tells whether it is allowed, or a
                            list of these; None for none.
    :param allow_credentials: these pages may send cookies and other credentials.
    :param allowed_methods: the methods they may use, a list or a text with commas; None for all.
    :param expose_headers: the header fields of responses they may read beside the usual ones.
    :param allowed_headers: the header fields they may send beside the usual ones, None for all.
    :param max_age: seconds that a browser may remember the answer to a preflight request, None for
                    its own default.
    :param handle_cors: False to take no part in the application given.
    :param any_origin_credentials: allow credentials although all origins are allowed.
    :param strict: name ``Origin`` in ``Vary`` whenever the response depends on it, also where it is
                   missing or refused; say nothing to preflight requests that are refused in part;
                   and send a plain ``*`` where all origins are allowed.
    :raises ValueError: credentials with all origins, or an origin that no browser sends.
    """

    name = "cors"
    #: The ``options_handler`` that the application had before, once it is known.
    default_options_handler: "Any" = None

    def __init__(
        self,
        app: "Any" = None,
        allowed_origins: "Any" = None,
        allow_credentials: bool = False,
        allowed_methods: "Any" = None,
        expose_headers: "Any" = None,
        allowed_headers: "Any" = None,
        max_age: "int | None" = None,
        handle_cors: bool = True,
        any_origin_credentials: bool = False,
        strict: bool = False,
    ) -> None:
        self.allowed_origins = allowed_origins
        self.allow_credentials = allow_credentials
        self.allowed_methods = allowed_methods
        self.expose_headers = expose_headers
        self.allowed_headers = allowed_headers
        self.max_age = max_age
        self.any_origin_credentials = any_origin_credentials
        self.strict = strict
        #: (function, CORS) pairs of the routes with options of their own.
        self.overrides: "list[Any]" = []
        from microdot.cross_origin.answers import prepare

        prepare(self)
        if app is not None:
            self.initialize(app, handle_cors)

    def initialize(self, app: "Any", handle_cors: bool = True) -> None:
        """Take part in an application: the same as ``app.use(cors)``.

        :param app: the application.
        :param handle_cors: False to do nothing.
        """
        if handle_cors:
            app.use(self)

    def override(self, **options: "Any") -> "Callable[[Handler], Handler]":
        """Return a decorator for a route whose options differ from those of the application.

        It goes directly below the route decorator. Options that are not given are as they are now.
        ``allowed_origins=None`` leaves CORS to the route.

        :param options: those of the class that differ.
        :raises TypeError: a route has no such option.
        :raises ValueError: as for the class.
        """
        from microdot.cross_origin.overrides import override

        return override(self, options)

    def options_handler(self, request: "Any") -> "dict[str, str]":
        """Return the header fields of a response to OPTIONS: ``Allow``, and those of CORS.

        :param request: the request.
        """
        handler = self.default_options_handler or request.app.default_options_handler
        headers: "dict[str, str]" = dict(handler(request))
        headers.update(self.get_cors_headers(request))
        return headers

    def get_cors_headers(self, request: "Any") -> "dict[str, str]":
        """Return the header fields that CORS adds to the response, ``Vary`` excepted.

        What belongs into ``Vary`` is noted in the request.

        :param request: the request.
        """
        from microdot.cross_origin.answers import get_cors_headers

        return get_cors_headers(self, request)

    def after_request(self, request: "Any", response: "Any") -> None:
        """Add the header fields of CORS to a response.

        :param request: the request, None when there is none.
        :param response: the response.
        """
        from microdot.cross_origin.answers import after_request

        after_request(self, request, response)

    def microdot_setup(self, app: "Any") -> None:
        """Note what the application says to OPTIONS requests."""
        self.default_options_handler = app.options_handler

    def microdot_response(self, app: "Any", request: "Any", response: "Any") -> None:
        """Add the header fields to every response, errors and preflight answers included."""
        self.after_request(request, response)
