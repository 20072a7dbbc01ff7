"""What the framework answers by itself: OPTIONS, 404 and 405; and the last touches of a response."""

from .errors import HTTPException
from .response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def other_route(request: "Any", matches: "Any") -> "tuple[Any, Any]":
    """Find a route for a method that none has declared: GET for HEAD, else note 404 or 405.

    :param request: the request.
    :param matches: (route, arguments) of the routes that match its path.
    :returns: route and arguments, (None, None) without a route.
    """
    if request.method == "HEAD":
        for route, args in matches:
            if "GET" in route[0]:
                return route, args
    request._match = 405 if matches else 404
    if matches:
        # The last route of the path decides whose error handlers see a 405.
        last = matches[-1][0]
        request.url_prefix = last[3]
        request.subapp = last[4]
        request._chain = last[1].chain or (last[4],) if last[4] else ()
    return None, None


def allowed_methods(app: "Any", path: str) -> "list[str]":
    """Return the methods that ``path`` supports, each once, in registration order.

    :param app: the application.
    :param path: a path, or ``"*"`` for the methods of all routes.
    """
    if path == "*":
        routes = app.url_map
    else:
        routes = [match[0] for match in app._table.find(path)]
    methods: "list[str]" = []
    for route in routes:
        for method in route[0]:
            if method not in methods:
                methods.append(method)
    if "GET" in methods and "HEAD" not in methods:
        methods.append("HEAD")
    if "OPTIONS" not in methods:
        methods.append("OPTIONS")
    return methods


def answer_options(app: "Any", request: "Any") -> Response:
    """Return the automatic response to an OPTIONS request.

    :raises HTTPException: 404, there is nothing under this path.
    """
    if request._match == 404 and request.path != "*":
        raise HTTPException(404, "Not found")
    return Response("", 200, app.options_handler(request))


def no_route(app: "Any", request: "Any", status: int) -> HTTPException:
    """Return the error for a request without a route: 404, or 405 with ``Allow``."""
    headers = None
    if status == 405:
        methods = allowed_methods(app, request.path)
        if not app.options_handler and not _declared(app, request.path, "OPTIONS"):
            methods.remove("OPTIONS")
        headers = {"Allow": ", ".join(methods)}
    return HTTPException(status, "Not found", headers)


def _declared(app: "Any", path: str, method: str) -> bool:
    return any([method in match[0][0] for match in app._table.find(path)])


def finish(request: "Any", response: Response) -> Response:
    """Apply what is known last: collected Vary names, conditional requests, ``when_final``."""
    if response is not Response.already_handled:
        names = getattr(request._g, "_vary", None)
        if names:
            merge_vary(response, names)
        if response._file is not None:
            from microdot.files import conditional

            response = conditional(request, response)
    for call in getattr(request._g, "_final", ()):
        call(request, response)
    return response


def merge_vary(response: Response, names: "Any") -> None:
    """Add field names to the ``Vary`` header of a response; order is kept, case ignored.

    :param response: the response.
    :param names: names to add; ``*`` absorbs all others (RFC 9110 12.5.5).
    """
    old = response.headers.get("Vary", "")
    merged = [name.strip() for name in old.split(",") if name.strip()]
    known = [name.lower() for name in merged]
    # A set has no order of its own.
    for name in sorted(names) if isinstance(names, set) else names:
        if name.lower() not in known:
            known.append(name.lower())
            merged.append(name)
    response.headers["Vary"] = "*" if "*" in known else ", ".join(merged)


def checked_location(location: str, status_code: int) -> str:
    """Return a redirect target, percent-encoded where a URL needs it (RFC 3986 section 2).

    :raises ValueError: line breaks in the location, or no redirect status.
    """
    if "\r" in location or "\n" in location:
        raise ValueError("line breaks in the redirect location %r" % location)
    if not 300 <= status_code <= 399:
        raise ValueError("a redirect needs a status code from 300 to 399, not %r" % status_code)
    out = []
    for byte in location.encode():
        out.append(chr(byte) if 32 < byte < 127 and byte not in b'"<>\\^`{|}' else "%%%02X" % byte)
    return "".join(out)


def class_order(cls: "Any") -> "list[Any]":
    """Return a class and its base classes in method resolution order."""
    if hasattr(cls, "__mro__"):
        return list(cls.__mro__)
    # Depth first; of a class that comes twice the last occurrence counts.
    order = [cls]
    for base in cls.__bases__:
        order += class_order(base)
    return [c for i, c in enumerate(order) if c not in order[i + 1 :]]


def error_text(status_code: int, reason: "Any") -> "tuple[Any, int]":
    """Return the default (text, status) pair of an error."""
    return reason or "N/A", status_code


class Resumed:
    """A generator whose first item has been taken already (MicroPython).

    :param item: the first item.
    :param generator: the generator.
    """

    def __init__(self, item: "Any", generator: "Any") -> None:
        self._item = item
        self._generator = generator

    def __iter__(self) -> "Resumed":
        return self

    def __next__(self) -> "Any":
        item, self._item = self._item, None
        return next(self._generator) if item is None else item

    def close(self) -> None:
        """Close the generator."""
        self._generator.close()
