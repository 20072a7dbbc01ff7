"""``CSRF``: requests that change something come from pages of this site."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, TypeVar

    Handler = TypeVar("Handler", bound=Callable[..., Any])


class CSRF:
    """Answers 403 to requests that a page of another site has made a browser send.

    ``app.use(CSRF(...))`` and ``CSRF(app, ...)`` are the same. The attributes have the names of the
    parameters and are read with each request.

    :param app: the application, None to do without for now.
    :param cors: a ``CORS`` object; requests from its ``allowed_origins`` pass, or from those that it
                 has for the route, where these are more than ``"*"``.
    :param protect_all: protect all routes from requests with methods that are not safe, except
                        those marked with ``exempt``; False for those marked with ``protect`` only.
    :param allow_subdomains: requests from other hosts of the same site pass, and those from
                             sub-domains of origins that pass.
    :param strict: refuse requests without both ``Sec-Fetch-Site`` and ``Origin``, which do not come from
                   a browser of these years, unless they have a token.
    :param secret_key: text or bytes to sign tokens with, which are accepted in place of these fields;
                       includes ``strict``.
    :param bind: a plain function that is given the request and returns text, such as the id of the
                 session, that tokens are bound to.
    :raises ValueError: the secret key is empty.
    """

    name = "csrf"
    #: The methods that change nothing (RFC 9110, section 9.2.1); QUERY is one of them, too.
    SAFE_METHODS = ["GET", "HEAD", "OPTIONS", "TRACE", "QUERY"]
    # Whether it is known that the functions marked are those of routes.
    _checked = False

    def __init__(
        self,
        app: "Any" = None,
        cors: "Any" = None,
        protect_all: bool = True,
        allow_subdomains: bool = False,
        strict: bool = False,
        secret_key: "str | bytes | None" = None,
        bind: "Callable[[Any], str] | None" = None,
    ) -> None:
        self.cors = cors
        self.protect_all = protect_all
        self.allow_subdomains = allow_subdomains
        self.strict = strict
        #: The functions marked with ``exempt``, and with ``protect``.
        self.exempt_routes: "list[Any]" = []
        self.protected_routes: "list[Any]" = []
        #: What makes and checks tokens, None without a secret key.
        self.tokens: "Any" = None
        if secret_key is not None:
            from microdot.cross_origin.tokens import initialize

            initialize(self, secret_key, bind)
        if app is not None:
            self.initialize(app)

    def initialize(self, app: "Any", cors: "Any" = None) -> None:
        """Protect an application: the same as ``app.use(csrf)``.

        :param app: the application.
        :param cors: takes the place of the ``cors`` that was given before, unless it is None.
        """
        if cors is not None:
            self.cors = cors
        app.use(self)

    def exempt(self, f: "Handler") -> "Handler":
        """Mark a route that is not protected; the decorator goes directly below the route's."""
        self.exempt_routes.append(f)
        return f

    def protect(self, f: "Handler") -> "Handler":
        """Mark a route that is protected, whatever the method; directly below the route's decorator."""
        self.protected_routes.append(f)
        return f

    def token(self, request: "Any") -> str:
        """Return the token for the page sent in answer to a request; the response sets its cookie.

        A request that changes something gives it back in the field ``X-CSRF-Token`` of its head, or in
        ``csrf_token`` of a url-encoded form.

        :param request: the request.
        :raises RuntimeError: there is no secret key.
        """
        from microdot.cross_origin.tokens import token

        return token(self, request)

    def microdot_request(self, app: "Any", request: "Any") -> None:
        """Refuse a request that is protected and comes from elsewhere.

        :raises HTTPException: 403.
        """
        if request.method not in self.SAFE_METHODS or self.protected_routes:
            from microdot.cross_origin.decision import check

            check(self, request)
