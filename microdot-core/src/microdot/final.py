"""Telling a plugin what a response has become."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def when_final(request: "Any", call: "Any") -> None:
    """Have ``call(request, response)`` called once, when nothing changes the response any more.

    That is after all hooks, and after conditional and range requests have been applied. For use
    in a hook or a handler. The call is plain, must not raise and returns nothing; it may put an
    iterator around ``response.body``. A handler that has answered on the connection itself shows as
    ``Response.already_handled``.

    :param request: the request.
    :param call: what to call.
    """
    g = request.g
    if not hasattr(g, "_final"):
        g._final = []
    g._final.append(call)
