"""Helper functions for the authors of decorators and plugins."""

from ._compat import CPYTHON, invoke_handler
from ._report import report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

if not CPYTHON:
    from ._compat import Lazy  # type: ignore[attr-defined]  # noqa: F401

try:
    from functools import wraps  # pyright: ignore
except ImportError:  # MicroPython: functions take no attributes

    def wraps(wrapped):  # type: ignore
        """Return a decorator that changes nothing."""
        return lambda wrapper: wrapper


def lenient_utf8(data: bytes) -> str:
    """Return bytes decoded from UTF-8, U+FFFD for what is invalid."""
    from microdot._utf8 import utf8

    return utf8(data)


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


__all__ = ["CPYTHON", "invoke_handler", "lenient_utf8", "report", "when_final", "wraps"]
