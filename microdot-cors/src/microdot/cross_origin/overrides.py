"""Routes whose options of CORS differ from those of their application."""

from microdot.cross_origin.marks import leads_to, report_unreached

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

#: The options that a route can have.
OPTIONS = (
    "allow_credentials",
    "allowed_headers",
    "allowed_methods",
    "allowed_origins",
    "any_origin_credentials",
    "expose_headers",
    "max_age",
    "strict",
)


def override(cors: "Any", options: "dict[str, Any]") -> "Callable[[Any], Any]":
    """Return the decorator that gives a route options of its own; see ``CORS.override``.

    :param cors: the ``CORS`` object of the application.
    :param options: those that differ.
    :raises TypeError: a route has no such option.
    """
    from microdot.cors import CORS

    for name in options:
        if name not in OPTIONS:
            from microdot.cross_origin.mistakes import no_option

            raise no_option(name, OPTIONS)
    values = {name: options.get(name, getattr(cors, name)) for name in OPTIONS}
    special = CORS(**values)

    def decorate(f: "Any") -> "Any":
        cors.overrides.append((f, special))
        return f

    return decorate


def find_override(cors: "Any", request: "Any") -> "Any":
    """Return the ``CORS`` object that decides about a request: that of its route, or the one given.

    :param cors: the ``CORS`` object of the application.
    :param request: the request.
    """
    if not cors._checked:
        cors._checked = True
        functions = [function for function, _ in cors.overrides]
        report_unreached(request.app, "cors.override()", functions)
    endpoint = request.route
    method = None
    if request.method == "OPTIONS":
        method = request.headers.get("Access-Control-Request-Method")
    if method:
        # A preflight request is answered for the route of the request that is to follow.
        from microdot import Request

        app = request.app
        actual = Request(app, None, method, request.url, request.http_version, {})
        endpoint = app.find_route(actual)[0]
    for function, special in cors.overrides:
        if leads_to(endpoint, (function,)):
            return special
    return cors
