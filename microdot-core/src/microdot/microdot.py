"""The names that applications import from ``microdot.microdot``."""

from ._compat import invoke_handler, iscoroutine
from ._report import print_exception
from .application import Microdot
from .datastructures import MultiDict, NoCaseDict
from .errors import HTTPException
from .request import Request
from .response import Response
from .routing import URLPattern
from .streams import AsyncBytesIO
from .urls import urldecode, urlencode

try:
    from inspect import iscoroutinefunction as iscoroutinefunction
except ImportError:  # MicroPython
    pass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: errno values that mean "the peer has gone": EPIPE, ECONNRESET (BSD), ECONNRESET, ENOTCONN.
MUTED_SOCKET_ERRORS = [32, 54, 104, 128]

abort = Microdot.abort
redirect = Response.redirect
send_file = Response.send_file


def mro(cls: "Any") -> "list[Any]":
    """Return a class and its base classes in method resolution order."""
    from .automatic import class_order

    return class_order(cls)


__all__ = [
    "MUTED_SOCKET_ERRORS",
    "AsyncBytesIO",
    "HTTPException",
    "Microdot",
    "MultiDict",
    "NoCaseDict",
    "Request",
    "Response",
    "URLPattern",
    "abort",
    "invoke_handler",
    "iscoroutine",
    "mro",
    "print_exception",
    "redirect",
    "send_file",
    "urldecode",
    "urlencode",
]
