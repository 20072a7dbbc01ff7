"""What handlers return, as responses."""

from .response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def make_response(result: "Any", reason: bool = False) -> Response:
    """Return what a handler returned as a ``Response``.

    :param result: a response, a body, a status code, or a tuple of them with headers.
    :param reason: a fourth element of a tuple is the reason phrase.
    :raises TypeError: it is none of these.
    """
    if isinstance(result, str):
        return Response(result)
    body, status, headers, text = result, 200, None, None
    if isinstance(result, tuple) and result:
        rest = result[1:]
        body = result[0]
        if isinstance(body, int) and not isinstance(body, bool):
            rest = result
            body = ""
        for item in rest[:2]:
            if isinstance(item, int) and headers is None:
                status = item
            elif isinstance(item, dict) or item is None:
                headers = item
            else:
                raise TypeError(
                    "a handler returned a tuple with %r; use (body, status, headers)" % item
                )
        if reason and len(rest) > 2:
            text = rest[2]
    elif isinstance(body, int) and not isinstance(body, bool):
        status = body
        body = ""
    if isinstance(body, Response):
        return body
    if body is None or isinstance(body, (str, bytes, dict, list)):
        return Response(body, status, headers, text)
    for name in ("__anext__", "__next__", "read"):
        if hasattr(body, name):
            return Response(body, status, headers, text)
    raise TypeError(
        "a handler returned %s; return text, bytes, a dictionary or list, a Response, "
        "a status code, a file, an iterator, or a tuple of them" % type(body).__name__
    )
